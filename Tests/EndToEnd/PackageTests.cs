using System.Diagnostics;
using System.IO.Compression;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>The packages, used from an empty folder that knows nothing of this repository: a clip is captioned with and without OpenCV.</summary>
[Trait("Category", "long")]
public sealed class PackageTests : IDisposable
{
    private const string Program = """
        using EdgeVideoLlava;
        using EdgeVideoLlava.Runtime;

        try
        {
            await using var model = await Assistant.LoadAsync(args[0], new() { Device = "cpu" });
            await using var talk = model.Start();
            await talk.ShowAsync(args[1]);
            await foreach (string words in talk.AskAsync("Describe what you see.")) Console.Write(words);
            return 0;
        }
        catch (EdgeException e)
        {
            Console.WriteLine(e.Message);
            return 2;
        }
        """;

    private static readonly string Shapes = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld"),
        Version = XDocument.Load(Path.Combine(EdgeProcess.Repository, "Directory.Build.props")).Descendants("Version").Single().Value;

    private readonly string folder = Directory.CreateTempSubdirectory("edge-packages").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_program_of_an_empty_folder_captions_a_clip()
    {
        foreach (string project in new[] { "Kernels", "Runtime", "OpenCv", "Extensions" })
            await Dotnet("pack", Path.Combine(EdgeProcess.Repository, project), "-c", "Release", "--no-build", "-o", $"{folder}/feed");
        foreach (string package in Directory.GetFiles($"{folder}/feed", "*.nupkg")) IsWhole(package);
        WriteConsumer();
        string program = await Build("EdgeVideoLlava.Extensions");
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(program)!, "*OpenCvSharpExtern*", SearchOption.AllDirectories));
        Assert.Equal((2, true), Outcome(await Caption(program, withFfmpeg: false), "OpenCV's native library cannot be loaded"));
        if (FfmpegIsThere()) Assert.Equal((0, "A blue ring vanishes."), await Caption(program, withFfmpeg: true));
        program = await Build("EdgeVideoLlava.OpenCv");
        Assert.Equal((0, "A blue ring vanishes."), await Caption(program, withFfmpeg: false));
    }

    /// <summary>It has a readme, a licence, documentation beside an assembly for any processor, and asks for exactly its own version of the
    /// others.</summary>
    private static void IsWhole(string package)
    {
        using ZipArchive zip = ZipFile.OpenRead(package);
        string[] names = [.. zip.Entries.Select(entry => entry.FullName)];
        Assert.All(["README.md", "LICENSE", "NOTICE"], name => Assert.Contains(name, names));
        foreach (ZipArchiveEntry assembly in zip.Entries.Where(entry => entry.Name.EndsWith(".dll", StringComparison.Ordinal)))
        {
            Assert.Contains(Path.ChangeExtension(assembly.FullName, ".xml"), names);
            using var bytes = new MemoryStream();
            using (Stream packed = assembly.Open()) packed.CopyTo(bytes);
            bytes.Position = 0;
            using var image = new PEReader(bytes);
            Assert.Equal(Machine.I386, image.PEHeaders.CoffHeader.Machine); // what "any" is written as
        }
        using Stream nuspec = zip.Entries.Single(entry => entry.Name.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        Assert.All(XDocument.Load(nuspec).Descendants().Where(element => element.Name.LocalName == "dependency"
            && element.Attribute("id")!.Value.StartsWith("EdgeVideoLlava", StringComparison.Ordinal)),
            element => Assert.Equal($"[{Version}]", element.Attribute("version")!.Value));
    }

    private static (int Code, bool Says) Outcome((int Code, string Text) run, string what) => (run.Code, run.Text.Contains(what));

    /// <summary>A project outside the repository, whose packages of ours come from the folder of just now and all others from the
    /// machine's cache.</summary>
    private void WriteConsumer()
    {
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");
        File.WriteAllText($"{folder}/Program.cs", Program);
        File.WriteAllText($"{folder}/nuget.config", $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{folder}/packages" /></config>
              <packageSources><clear /><add key="feed" value="{folder}/feed" /></packageSources>
              <fallbackPackageFolders><clear /><add key="machine" value="{cache}" /></fallbackPackageFolders>
            </configuration>
            """);
        File.WriteAllText($"{folder}/Consumer.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="$(Package)" Version="{Version}" /></ItemGroup>
            </Project>
            """);
    }

    /// <returns>The program that uses this package.</returns>
    private async Task<string> Build(string package)
    {
        await Dotnet("build", folder, "-c", "Release", $"-p:Package={package}", "-o", $"{folder}/{package}", "--disable-build-servers");
        return $"{folder}/{package}/Consumer.dll";
    }

    private Task<(int Code, string Text)> Caption(string program, bool withFfmpeg)
    {
        var start = new ProcessStartInfo("dotnet", [program, $"{Shapes}/model", $"{Shapes}/clips/clip_00.mp4"]);
        if (!withFfmpeg) start.Environment["PATH"] = folder;
        return Run(start);
    }

    private async Task Dotnet(params string[] arguments)
    {
        (int code, string text) = await Run(new ProcessStartInfo("dotnet", arguments));
        Assert.True(code == 0, text);
    }

    private async Task<(int Code, string Text)> Run(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.WorkingDirectory) = (true, folder);
        using Process process = Process.Start(start)!;
        string text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, text.Trim());
    }

    private static bool FfmpegIsThere() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(path => File.Exists(Path.Combine(path, "ffmpeg")));
}
