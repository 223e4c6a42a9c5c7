using System.CommandLine;
using EdgeVideoLlava.Edge.Live;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Live;

namespace EdgeVideoLlava.Edge.Options;

/// <summary>What is asked about each window, what is watched for, and what then happens.</summary>
internal sealed class NarrationOptionSet
{
    private readonly Option<string?> prompt = new("--prompt")
    {
        HelpName = "TEXT",
        Description = $"What is asked about every window. Default: \"{Assistant.Question}\"",
    };

    private readonly Option<string?> preset = new("--preset")
    {
        Description = "A question that is ready to use; changes, safety: windows of which there is nothing to say get no caption.",
    };

    private readonly Option<bool> context = new("--context") { Description = "Tell the model what was said last." };

    private readonly Option<float?> repeats = NumberOption.OptionalReal("--skip-repeats", 0, 1,
        "Leave out captions that are as similar as this to the last one: 1 the same words, 0.8 nearly.");

    private readonly Option<bool> stale = new("--skip-stale")
    {
        Description = "Break an answer off once a newer window is ready; of two windows in a row at least one is told.",
    };

    private readonly Option<string?> schema = new("--schema")
    {
        HelpName = "FILE",
        Description = "Leave out answers that are no JSON of this schema, and count them. Default with --preset json: a summary and "
            + "objects.",
    };

    private readonly Option<string[]> on = new("--on")
    {
        HelpName = "WHAT",
        Description = "Watch for this, as \"a person\" or a question with yes or no; fires when it appears. May be given several times.",
    };

    private readonly Option<int> rise = NumberOption.Whole("--on-after", 1, 1, 100, "Windows in a row that must show it before it fires.");
    private readonly Option<int> fall = NumberOption.Whole("--on-again", 2, 1, 100,
        "Windows in a row without it before it may fire again.");

    private readonly Option<string?> exec = new("--exec")
    {
        HelpName = "PROGRAM",
        Description = "Run this program for each event: PROGRAM WHAT TIME, and the event as JSON on its standard input. No shell.",
    };

    private readonly Option<string?> webhook = new("--webhook")
    {
        HelpName = "URL",
        Description = "POST each event as JSON to this http or https address, and to no other: redirects are not followed.",
    };

    public NarrationOptionSet()
    {
        preset.AcceptOnlyFromAmong([.. NarrationPreset.All.Select(known => known.Name)]);
        webhook.Validators.Add(result =>
        {
            if (result.Tokens is [{ } token, ..] && EventActions.Address(token.Value) == null)
                result.AddError("--webhook: not an http or https address");
        });
    }

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { prompt, preset, context, repeats, stale, schema, on, rise, fall, exec, webhook })
            command.Options.Add(option);
    }

    public NarrationOptions Read(ParseResult parsed, GenerationOptionSet generation)
    {
        NarrationPreset? chosen = NarrationPreset.All.FirstOrDefault(known => known.Name == parsed.GetValue(preset));
        GenerationOptions tokens = generation.Read(parsed, chosen?.MaxTokens) with { GuardLoops = true };
        NarrationOptions options = chosen?.Apply(new NarrationOptions()) ?? new NarrationOptions();
        AnswerSchema? wanted = parsed.GetValue(schema) is { } file ? AnswerSchema.Load(file)
            : chosen?.Name == NarrationPreset.Json ? AnswerSchema.OfPreset() : null;
        return options with
        {
            BreaksStale = parsed.GetValue(stale),
            Check = wanted == null ? null : wanted.Check,
            Generation = tokens,
            Question = parsed.GetValue(prompt) ?? options.Question,
            WithContext = options.WithContext || parsed.GetValue(context),
            RepeatsFrom = parsed.GetValue(repeats) ?? options.RepeatsFrom,
            Triggers = [.. (parsed.GetValue(on) ?? []).Select(what => new EventTrigger(what)
            {
                Rise = parsed.GetValue(rise),
                Fall = parsed.GetValue(fall),
            })],
        };
    }

    /// <summary>What happens when something appears.</summary>
    public EventActions Actions(ParseResult parsed, Action<string> tell)
        => new(parsed.GetValue(exec), parsed.GetValue(webhook) is { } url ? EventActions.Address(url) : null, tell);
}
