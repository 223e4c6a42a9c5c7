using EdgeVideoLlava;
using EdgeVideoLlava.Tests.Fuzz;
using SharpFuzz;

// A parser under coverage-guided fuzzing: afl-fuzz gives the bytes. Run by run.sh.
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
        Try(place, bytes.ToArray());
    });
    return 0;
}
foreach (string file in args.Skip(1)) Console.WriteLine($"{file}: {Try(place, File.ReadAllBytes(file))}");
return 0;

// Refusals are what hostile files deserve; anything else that is thrown is a crash.
static string Try(ParserPlace place, byte[] bytes)
{
    try
    {
        place.Read(bytes);
        return "read";
    }
    catch (BadInputException e)
    {
        return e.Message.Contains('\n') ? throw new InvalidOperationException("a refusal of several lines", e) : $"refused: {e.Message}";
    }
}
