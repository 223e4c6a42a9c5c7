using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Edge;

/// <summary>Ctrl-C and SIGTERM: the first ends the answer that is being given, else the command; who insists leaves at once.</summary>
/// <remarks>The command line library would cancel the whole command, and two handlers of one signal cannot hide it
/// from each other.</remarks>
internal static class Interrupts
{
    /// <summary>Long enough to take back a half-written file between two pieces of work; after that the process just ends.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly CancellationTokenSource Command = new();
    private static readonly List<IDisposable> Registrations = [];
    private static readonly Lock Turn = new();
    private static CancellationTokenSource? answer;

    /// <summary>Begins to listen; the token ends the command.</summary>
    public static CancellationToken Listen()
    {
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
            Registrations.Add(PosixSignalRegistration.Create(signal, Handle));
        return Command.Token;
    }

    /// <summary>Until it is disposed, the first Ctrl-C cancels this source and nothing else.</summary>
    public static IDisposable Answering(CancellationTokenSource source)
    {
        lock (Turn) answer = source;
        return new Scope();
    }

    private static void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (context.Signal == PosixSignal.SIGINT && StopAnswer()) return;
        if (Command.IsCancellationRequested) Environment.Exit(ExitCodes.Interrupted);
        _ = Task.Delay(Patience).ContinueWith(_ => Environment.Exit(ExitCodes.Interrupted), TaskScheduler.Default);
        Command.Cancel();
    }

    /// <summary>True if there was an answer to stop that nobody had stopped yet.</summary>
    private static bool StopAnswer()
    {
        // Locked, so that the source is not disposed meanwhile.
        lock (Turn)
        {
            if (answer is not { IsCancellationRequested: false }) return false;
            answer.Cancel();
            return true;
        }
    }

    private sealed class Scope : IDisposable
    {
        public void Dispose()
        {
            lock (Turn) answer = null;
        }
    }
}
