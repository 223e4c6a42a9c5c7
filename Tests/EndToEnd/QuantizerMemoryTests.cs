using System.Diagnostics;
using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>Tensors are converted piece by piece: memory of the program's own does not depend on the model.</summary>
public sealed class QuantizerMemoryTests(ITestOutputHelper output) : IDisposable
{
    private const long MiB = 1 << 20;

    private readonly string folder = Directory.CreateTempSubdirectory("edge-").FullName;

    private string Model => Path.Combine(folder, "model");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_model_of_200_MB_takes_less_than_64_MB()
    {
        Assert.InRange(new ModelOfSizes(2048, 5632, 2, 512).Write(Model, seed: null), 200_000_000, 250_000_000);
        (long peak, _) = await Quantize("--type", "q4_k_m");
        Assert.InRange(peak, 1, 64 * MiB);
    }

    /// <summary>14 GB of seeded random weights, which are written tensor by tensor.</summary>
    [Fact, Trait("Category", "long")]
    public async Task The_real_models_shapes_take_less_than_2_GB()
    {
        ModelOfSizes real = new(4096, 11008, 32, 32000);
        Assert.SkipUnless(new DriveInfo(folder).AvailableFreeSpace > 22_000_000_000, "needs 22 GB of disk");
        Assert.InRange(real.Write(Model, seed: 7), 13_000_000_000, 14_000_000_000);
        string importance = Path.Combine(folder, "imatrix.dat");
        real.WriteImportance(importance);
        foreach (string[] options in new string[][] { ["--type", "q4_k_m"], ["--type", "q4_k_m", "--imatrix", importance] })
        {
            (long peak, string report) = await Quantize(options);
            output.WriteLine($"{string.Join(' ', options)}: {peak / MiB} MiB\n{report}");
            Assert.InRange(peak, 1, 2048 * MiB);
        }
    }

    /// <summary>One layer of the real model's shapes, on more text than a clip has positions: what is said beforehand is enough.</summary>
    [Fact, Trait("Category", "long")]
    public async Task Error_compensation_takes_what_it_says_beforehand()
    {
        ModelOfSizes layer = new(4096, 11008, 1, 512);
        layer.Write(Model, seed: 7);
        string text = Path.Combine(folder, "text.txt");
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Range(0, 4000).Select(i => $"All the world's a stage {i}. ")),
            TestContext.Current.CancellationToken);
        (long peak, string report)
            = await Quantize("--type", "q4_0", "--calibrate", text, "--context", "2100", "--chunks", "3", "--compensate");
        output.WriteLine($"{peak / MiB} MiB\n{report}");
        Match said = Regex.Match(report, @"takes up to (\d+\.\d+) GiB of memory beside the model, with 3 of 3 sequences");
        Assert.True(said.Success, report);
        long promised = (long)(1024 * MiB * double.Parse(said.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
        Assert.InRange(promised, 1024 * MiB, 4_000_000_000);
        Assert.InRange(peak, promised / 2, promised + layer.JoinedBytes + 256 * MiB); // what the program takes without any model
    }

    /// <returns>Bytes of memory that no file is behind, at their peak, and all that was said.</returns>
    private async Task<(long Peak, string Report)> Quantize(params string[] options)
    {
        string target = Path.Combine(folder, "out.gguf");
        using Process process = await EdgeProcess.Start(new EdgeRun { Arguments = ["quantize", Model, "-o", target, .. options] });
        Task<string> lines = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        long peak = 0;
        for (Task end = process.WaitForExitAsync(TestContext.Current.CancellationToken); !end.IsCompleted;
            await Task.WhenAny(end, Task.Delay(20, TestContext.Current.CancellationToken)))
            peak = Math.Max(peak, OwnMemory(process.Id));
        string report = await errors + await lines;
        Assert.True(process.ExitCode == 0, report);
        File.Delete(target);
        File.Delete($"{target}.manifest.json");
        return (peak, report);
    }

    private static long OwnMemory(int process)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("RssAnon:"));
            return line == null ? 0 : long.Parse(line["RssAnon:".Length..].Replace("kB", "").Trim()) << 10;
        }
        catch (IOException)
        {
            return 0; // it has ended
        }
    }
}
