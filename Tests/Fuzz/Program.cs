using System.Runtime.InteropServices;
using EdgeVideoLlava.Tests.Fuzz;
using SharpFuzz;
using SharpFuzz.Common;

// A parser under coverage-guided fuzzing: afl-fuzz gives the bytes. Run by run.sh. Refusals are what hostile files deserve; anything else
// that is thrown is a crash.
//   PARSER           under afl-fuzz
//   PARSER FILE...   once for each file, to look at a crash
if (args.Length == 0 || !Parsers.All.TryGetValue(args[0], out Parser? parser))
{
    Console.Error.WriteLine($"which parser? There are {string.Join(", ", Parsers.All.Keys)}");
    return 1;
}
using var place = new ParserPlace(parser);
if (args.Length == 1)
{
    Fuzzer.Run(stream =>
    {
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        place.Try(bytes.ToArray());
    });
    return 0;
}
CountNowhere();
foreach (string file in args.Skip(1)) Console.WriteLine($"{file}: {place.Try(File.ReadAllBytes(file)) ?? "read"}");
return 0;

// What instrumentation added to the libraries counts in memory of afl-fuzz, which is absent here.
static unsafe void CountNowhere() => Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(1 << 16);
