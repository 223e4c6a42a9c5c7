using System.CommandLine;
using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge chat: questions about pictures and clips, one or a whole session.</summary>
internal static class ChatCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "Pictures and clips, in the order in which they are shown.",
            Arity = ArgumentArity.ZeroOrMore
        };
        var ask = new Option<string?>("--ask")
        {
            HelpName = "TEXT",
            Description = "Answer this one question and end. Default: a session; /help lists its commands."
        };
        var template = new Option<string?>("--template")
        {
            HelpName = "NAME",
            Description = "Prompt template. Default: llava_v1 for original checkpoints, hf for -hf ones, a text model's own."
        };
        template.AcceptOnlyFromAmong([.. PromptTemplate.All.Select(known => known.Name), PromptTemplate.Hf.Name]);
        var exif = new Option<string>("--exif")
        {
            Description =
            "Turn pictures upright by their EXIF orientation, or ignore it as the reference does.",
            DefaultValueFactory = _ => "upright"
        };
        exif.AcceptOnlyFromAmong("upright", "ignore");
        var guard = new Option<bool>("--guard-loops") { Description = "Stop an answer that repeats a phrase four times in a row." };
        var model = new ModelOptions();
        var generation = new GenerationOptionSet(maxTokens: 512);
        var command = new Command("chat", "Ask about pictures and clips; each is encoded once.") { files, ask, template, exif, guard };
        generation.AddTo(command);
        model.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            string[] paths = parsed.GetValue(files) ?? [];
            foreach (string path in paths) MediaFile.Detect(path);
            ModelSettings settings = model.Read(parsed);
            using ModelSession session = ModelSession.Open(settings, cancel);
            string? name = parsed.GetValue(template);
            using Conversation conversation = session.Assistant.Start(name == null ? null : name == PromptTemplate.Hf.Name
                ? PromptTemplate.Hf : PromptTemplate.Get(name));
            var pictures = new PictureOptions { Exif = parsed.GetValue(exif) == "ignore" ? ExifHandling.Ignore : ExifHandling.Upright };
            var chat = new ChatSession(session.Assistant, conversation,
                generation.Read(parsed) with { GuardLoops = parsed.GetValue(guard) }, pictures, settings.Verbose);
            PixelValues[] seen = [.. paths.Select(path => chat.Look(path, cancel))];
            session.Announce();
            foreach (PixelValues pixels in seen) chat.Show(pixels);
            if (parsed.GetValue(ask) is { } question) chat.Ask(question, cancel);
            else chat.Run(cancel);
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }
}
