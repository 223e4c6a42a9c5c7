using System.Diagnostics;
using System.Text;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>Ctrl-C in a session: it stops the answer and keeps the session; twice leaves with 130.</summary>
public sealed class InterruptTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    // A model of noise, whose answers go on until the context is full.
    private static string[] Endless => ["chat", "--model", ReferenceFiles.Golden("original-tiny/checkpoint"), "--max-tokens", "100000"];

    [Fact]
    public async Task One_interrupt_stops_the_answer_and_the_next_question_is_answered()
    {
        using Process process = await EdgeProcess.Start(new EdgeRun
        {
            Arguments = Endless,
            Input = "What is this?\n",
            KeepsInputOpen = true
        });
        var errors = new Reader(process.StandardError);
        var output = new Reader(process.StandardOutput);
        await output.Longer(20);
        EdgeProcess.Interrupt(process);
        await errors.Contains("stopped: interrupted");
        int before = output.Length;
        await process.StandardInput.WriteLineAsync("And this?");
        await output.Longer(before + 20);
        Assert.False(process.HasExited);
        EdgeProcess.Interrupt(process);
        await errors.Contains("stopped: interrupted", times: 2);
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(Limit));
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task An_interrupt_at_the_prompt_leaves_with_130()
    {
        using Process process = await EdgeProcess.Start(new EdgeRun
        {
            Arguments = Endless,
            Input = "What is this?\n",
            KeepsInputOpen = true
        });
        var errors = new Reader(process.StandardError);
        await new Reader(process.StandardOutput).Longer(20);
        EdgeProcess.Interrupt(process);
        await errors.Contains("stopped: interrupted");
        EdgeProcess.Interrupt(process);
        Assert.True(process.WaitForExit(Limit));
        Assert.Equal(130, process.ExitCode);
        await errors.Contains("edge: interrupted\n");
    }

    [Fact]
    public async Task A_terminals_control_c_does_the_same()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script") && File.Exists("/dev/pts/ptmx"),
            "needs a pseudo terminal (the program script, and /dev/pts)");
        await EdgeProcess.Run("--version"); // built
        string command = string.Join(' ', new[] { Path.Combine(EdgeProcess.Repository, "edge") }.Concat(Endless));
        var start = new ProcessStartInfo("script", ["-qec", command, "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        using Process terminal = Process.Start(start)!;
        var screen = new Reader(terminal.StandardOutput);
        await screen.Contains("> ");
        await Type("What is this?\n");
        await screen.Longer(screen.Length + 200);
        await Type("\x03");
        await screen.Contains("stopped: interrupted");
        await screen.EndsWith("> ");
        await Type("\x03");
        Assert.True(terminal.WaitForExit(Limit));
        Assert.Equal(130, terminal.ExitCode);

        async Task Type(string keys)
        {
            await terminal.StandardInput.WriteAsync(keys);
            await terminal.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>What a process has written so far, to wait for.</summary>
    private sealed class Reader
    {
        private readonly StringBuilder text = new();

        public Reader(StreamReader stream) => _ = Task.Run(async () =>
        {
            var buffer = new char[4096];
            for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
            {
                lock (text) text.Append(buffer, 0, read);
            }
        });

        public int Length => Text.Length;

        private string Text
        {
            get
            {
                lock (text) return text.ToString();
            }
        }

        public Task Longer(int length) => Until(() => Length > length, $"more than {length} characters");

        public Task Contains(string what, int times = 1) => Until(() => Text.Split(what).Length > times, what);

        public Task EndsWith(string what) => Until(() => Text.EndsWith(what), $"{what} at the end");

        private async Task Until(Func<bool> reached, string what)
        {
            for (var clock = Stopwatch.StartNew(); !reached(); await Task.Delay(20))
                Assert.True(clock.Elapsed < Limit, $"{what} did not come; there is: {Text}");
        }
    }
}
