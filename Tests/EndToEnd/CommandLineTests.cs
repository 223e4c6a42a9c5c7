using System.Diagnostics;
using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Tests.EndToEnd;

public sealed class CommandLineTests
{
    /// <summary>Every command; a new one gets its row and its approved file.</summary>
    public static TheoryData<string> Commands => ["", "narrate", "chat", "trace", "inspect", "pull", "quantize",
        "verify", "perplexity", "merge", "train", "eval", "bench", "doctor"];

    [Fact]
    public async Task Version_is_one_line()
    {
        EdgeResult result = await EdgeProcess.Run("--version");
        Assert.Equal(0, result.Code);
        Assert.Matches(new Regex(@"^\d+\.\d+\.\d+[0-9A-Za-z.+-]*\n\z"), result.Output);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_is_as_approved(string command)
    {
        EdgeResult result = await EdgeProcess.Run([.. Words(command), "--help"]);
        Assert.Equal(0, result.Code);
        Approved.Equal($"help{(command.Length > 0 ? "-" + command : "")}.txt", result.Output);
    }

    [Fact]
    public async Task Every_command_of_the_help_has_its_approved_help()
    {
        string help = (await EdgeProcess.Run("--help")).Output;
        IEnumerable<string> listed = help[help.IndexOf("Commands:", StringComparison.Ordinal)..].Split('\n').Skip(1)
            .Select(line => Regex.Match(line, @"^  ([a-z]+) ").Groups[1].Value).Where(name => name.Length > 0);
        Assert.Equal(Commands.Select(row => row.Data).Where(name => name.Length > 0).Order(), listed.Order());
    }

    [Theory]
    [InlineData("", "Required command was not provided; see 'edge --help'")]
    [InlineData("nonsense", "'nonsense' is no command or option; see 'edge --help'")]
    [InlineData("--nonsense", "'--nonsense' is no command or option; see 'edge --help'")]
    [InlineData("nonsense --help", "'nonsense' is no command or option; see 'edge --help'")]
    [InlineData("doctor extra --help", "'extra' is no argument or option of doctor; see 'edge doctor --help'")]
    [InlineData("doctor --jsn", "'--jsn' is no argument or option of doctor; see 'edge doctor --help'")]
    [InlineData("doctor extra words", "'extra' is no argument or option of doctor; see 'edge doctor --help'")]
    [InlineData("doctor --json=perhaps", "'perhaps'")]
    [InlineData("@no_response_files", "'@no_response_files' is no command or option; see 'edge --help'")]
    [InlineData("test --nonsense", "'--nonsense'")]
    public async Task A_wrong_command_line_is_one_line_and_code_1(string line, string what)
        => (await EdgeProcess.Run(Words(line))).IsRefusal(1, what);

    [Fact]
    public async Task Without_the_sdk_one_line_says_how_to_get_it()
    {
        var run = new EdgeRun
        {
            Arguments = ["--version"],
            // The launcher's own tools, but no dotnet on the path or at home.
            Environment = new Dictionary<string, string?>
            {
                ["PATH"] = ToolsWithoutDotnet(),
                ["DOTNET_ROOT"] = null,
                ["HOME"] = "/nowhere"
            },
        };
        (await EdgeProcess.Run(run)).IsRefusal(3, "dotnet-install.sh");
    }

    [Fact]
    public async Task A_reader_that_leaves_ends_the_program_quietly()
    {
        using Process process = await EdgeProcess.Start(new EdgeRun { Arguments = ["doctor", "--json"] });
        process.StandardOutput.Close();
        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("", 0), (errors, process.ExitCode));
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string ToolsWithoutDotnet()
    {
        string folder = Directory.CreateTempSubdirectory("tools").FullName;
        foreach (string tool in (string[])["env", "bash", "readlink", "xargs", "dirname", "find", "flock", "grep"])
        {
            if (File.Exists($"/usr/bin/{tool}")) File.CreateSymbolicLink(Path.Combine(folder, tool), $"/usr/bin/{tool}");
        }
        return folder;
    }
}
