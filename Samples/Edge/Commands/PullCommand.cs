using System.CommandLine;
using EdgeVideoLlava.Quantizer.Hub;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge pull: a model from the hub.</summary>
internal static class PullCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("OWNER/NAME") { Description = "The model's repository, such as LanguageBind/Video-LLaVA-7B-hf." };
        var to = new Option<string?>("--to")
        {
            HelpName = "DIR",
            Description = "Folder to put it into. Default: the folder of models, where --model OWNER/NAME finds it."
        };
        var command = new Command("pull",
            "Fetch a model from the hub (HF_ENDPOINT: a mirror; HF_TOKEN: your token). What broke off goes on.") { name, to };
        command.SetAction(async (parsed, cancel) =>
        {
            string model = parsed.GetRequiredValue(name);
            var repository = new HubRepository(model, Setting("HF_ENDPOINT") ?? "https://huggingface.co", Setting("HF_TOKEN"));
            string folder = parsed.GetValue(to) ?? ModelStore.FolderOf(model);
            IReadOnlyList<HubFile> files = await repository.NeededAsync(cancel);
            Notices.Say($"{model}: {files.Count} files, {files.Sum(file => file.Bytes) >> 20} MiB, to {folder}");
            using var progress = new PullProgress(Console.IsErrorRedirected ? TextWriter.Null : Console.Error);
            try
            {
                await new HubDownload(repository, folder).RunAsync(files, progress.Report, cancel);
            }
            catch (Exception e) when (e is UnauthorizedAccessException or IOException)
            {
                throw new BadInputException($"{folder}: cannot be written ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')})", e);
            }
            Console.WriteLine(folder);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>One line on a terminal, gone at the end.</summary>
    private sealed class PullProgress(TextWriter terminal) : IDisposable
    {
        private string shown = "";

        public void Report(string file, double done)
        {
            string line = $"edge: {(int)(100 * done)} %, {file}";
            if (line == shown) return;
            shown = line;
            terminal.Write($"\r\e[K{TerminalText.Printable(line)}");
        }

        public void Dispose()
        {
            if (shown.Length > 0) terminal.Write("\r\e[K");
        }
    }
}
