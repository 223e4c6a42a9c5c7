using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Edge;

/// <summary>The dialogue of `edge chat`: answers to stdout as they grow, figures and prompts to stderr. Ctrl-C stops
/// an answer, twice leaves.</summary>
internal sealed class ChatSession(Assistant assistant, Conversation conversation, GenerationOptions options, PictureOptions pictures)
{
    private const string Help =
        "/add FILE shows another picture or clip, /reset begins anew, /stats shows figures of the last answer, /quit leaves";

    private string stats = "nothing answered yet";
    private TimeSpan encode;

    /// <summary>Reads and preprocesses a file.</summary>
    public PixelValues Look(string path, CancellationToken cancel)
        => assistant.Look(path, pictures, new ClipOptions { Notice = Notices.Say }, cancel);

    /// <summary>Encodes a picture or clip for the next question, and lets its pixels go.</summary>
    public void Show(PixelValues pixels)
    {
        using PixelValues shown = pixels;
        (VisionTokens tokens, TimeSpan time) = assistant.Encode(shown);
        encode += time;
        conversation.Show(tokens);
    }

    /// <exception cref="AnswerCancelledException">Interrupted; what had been said is shown.</exception>
    public void Ask(string question, CancellationToken cancel)
    {
        try
        {
            Told(conversation.Ask(question, options, piece => Console.Out.Write(TerminalText.Printable(piece)), cancel));
        }
        catch (AnswerCancelledException e)
        {
            Told(e.Partial);
            throw;
        }
    }

    private void Told(Answer answer)
    {
        Console.Out.WriteLine();
        stats = FormattableString.Invariant($"encode {encode.TotalMilliseconds:0} ms, ")
            + FormattableString.Invariant($"first token {answer.FirstToken.TotalMilliseconds:0} ms ")
            + $"({answer.PrefilledPositions} of {answer.PromptPositions} positions new), "
            + FormattableString.Invariant($"{answer.Ids.Count} tokens at {answer.TokensPerSecond:0.0} tokens/s");
        encode = TimeSpan.Zero;
        Notices.Say(answer.Stop == StopReason.EndToken ? stats : $"{stats}; stopped: {Reason(answer.Stop)}");
    }

    /// <summary>Questions from stdin until it ends.</summary>
    public void Run(CancellationToken cancel)
    {
        if (!Console.IsInputRedirected) Notices.Say(Help);
        while (!cancel.IsCancellationRequested)
        {
            if (!Console.IsInputRedirected) Console.Error.Write("> ");
            // On another thread: the console itself would go on waiting for a line after Ctrl-C.
            string? line = Task.Run(Console.In.ReadLine, cancel).WaitAsync(cancel).GetAwaiter().GetResult()?.Trim();
            if (line == null) break;
            if (line.Length > 0 && !Obey(line, cancel)) break;
        }
    }

    /// <summary>One line of the session; false ends it. A bad file or a full context is told and the session goes on.</summary>
    private bool Obey(string line, CancellationToken cancel)
    {
        try
        {
            switch (line.Split(' ', 2, StringSplitOptions.TrimEntries))
            {
                case ["/quit" or "/exit"]: return false;
                case ["/help"]: Notices.Say(Help); break;
                case ["/stats"]: Notices.Say(stats); break;
                case ["/reset"]: conversation.Reset(); break;
                case ["/add", string path]: Show(Look(path, cancel)); break;
                case [string command, ..] when command.StartsWith('/'): Notices.Say($"{command} is no command here; {Help}"); break;
                default: AskInterruptibly(line, cancel); break;
            }
        }
        catch (BadInputException e)
        {
            Notices.Say(OptionWords.In(e));
        }
        return true;
    }

    private void AskInterruptibly(string question, CancellationToken leave)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(leave);
        using IDisposable answering = Interrupts.Answering(stop);
        try
        {
            Ask(question, stop.Token);
        }
        catch (OperationCanceledException) when (!leave.IsCancellationRequested)
        {
            // Only the answer was stopped.
        }
    }

    private static string Reason(StopReason stop) => stop switch
    {
        StopReason.MaxTokens => "--max-tokens reached",
        StopReason.Context => "the model's context is full",
        StopReason.Loop => "the answer ran in circles",
        StopReason.StopString => "a stop text came",
        StopReason.Cancelled => "interrupted, so it does not count",
        _ => "end of the answer",
    };
}
