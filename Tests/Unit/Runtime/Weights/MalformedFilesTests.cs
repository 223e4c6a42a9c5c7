using System.Diagnostics;
using System.Text.Json;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;
using EdgeVideoLlava.Runtime.Weights.Torch;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

/// <summary>The golden set of broken and hostile files: each does what its entry in cases.json allows, at once and without a byte
/// more than its size and 64 MB.</summary>
public sealed class MalformedFilesTests
{
    private const long Allowance = 64 << 20;

    public static IEnumerable<TheoryDataRow<string, string>> Cases()
    {
        string? list = Golden.Shared == null ? null : Path.Combine(Golden.Shared, "golden", "gguf", "malformed", "cases.json");
        if (list == null || !File.Exists(list)) return [new("absent", "")];
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(list));
        return [.. cases.RootElement.EnumerateArray().Select(entry
            => new TheoryDataRow<string, string>(entry.GetProperty("file").GetString()!, entry.GetProperty("expect").GetString()!))];
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_file_does_what_is_allowed(string name, string expect)
    {
        string path = Golden.Path($"gguf/malformed/{(name == "absent" ? "cases.json" : name)}");
        if (Reader(path) is not { } read) return;
        long allocated = GC.GetAllocatedBytesForCurrentThread(), started = Stopwatch.GetTimestamp();
        BadInputException? refusal = null;
        try
        {
            read(path);
        }
        catch (BadInputException e)
        {
            refusal = e;
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, new FileInfo(path).Length + Allowance);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5));
        if (expect == "load") Assert.Null(refusal);
        else if (expect == "error") Assert.NotNull(refusal);
        if (refusal == null) return;
        Assert.StartsWith(path, refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.InRange(refusal.Message.Length - path.Length, 20, 400);
        Assert.False(File.Exists("PWNED"));
    }

    private static Action<string>? Reader(string path) => Path.GetExtension(path) switch
    {
        ".gguf" => file => new GgufFile(file).Dispose(),
        ".safetensors" => file => new SafeTensors(file).Dispose(),
        ".bin" => file => new TorchFile(file).Dispose(),
        _ => null,
    };
}
