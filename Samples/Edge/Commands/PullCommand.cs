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
            long total = files.Sum(file => file.Bytes);
            Notices.Say($"{model}: {files.Count} files, {total >> 20} MiB, to {folder}");
            using var progress = new ProgressLine();
            try
            {
                await new HubDownload(repository, folder).RunAsync(files, (file, done) => progress.Show(done, file, total), cancel);
            }
            catch (Exception e) when (e is UnauthorizedAccessException or IOException)
            {
                throw new BadInputException($"{folder}: cannot be written ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')})", e);
            }
            progress.Dispose();
            Console.WriteLine(folder);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
