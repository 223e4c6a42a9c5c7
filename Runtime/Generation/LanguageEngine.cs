namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Owns the language part of a model: one thread of its own does all its work, for any number of conversations.</summary>
/// <remarks>
/// A round is a piece of one prompt, in turn, and then steps of up to eight answers together: a long prompt holds nobody up for longer
/// than a piece. What an answer says does not depend on who else is there: pieces are cut by the prompt alone, and a row of a product is
/// the same sum however many rows there are. Thread-safe.
/// </remarks>
internal sealed class LanguageEngine(VideoLlava model) : IDisposable
{
    private readonly object gate = new(); // of all that follows
    private readonly Queue<Action<EngineRounds>> jobs = [];
    private readonly HashSet<ConversationMemory> conversations = [];
    private Thread? thread;
    private bool isClosing;

    /// <summary>A conversation's memory: the engine's until it is released, at the latest with the model.</summary>
    /// <param name="candidates">Ids from here on are never chosen.</param>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public ConversationMemory CreateMemory(int candidates)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isClosing, model);
            var memory = new ConversationMemory(model, candidates);
            conversations.Add(memory);
            return memory;
        }
    }

    /// <summary>Begins an answer.</summary>
    /// <exception cref="ObjectDisposedException">The model or the conversation has been disposed.</exception>
    public void Submit(Turn turn)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isClosing || !conversations.Contains(turn.Memory), model);
            turn.WakeWhenCancelled(Wake);
            Give(rounds => rounds.Admit(turn));
        }
    }

    /// <summary>Begins to score an answer that is given: a piece of its prompt each round.</summary>
    /// <exception cref="ObjectDisposedException">The model or the conversation has been disposed.</exception>
    public void Submit(ForcedAnswer forced)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isClosing || !conversations.Contains(forced.Memory), model);
            Give(_ => Step(forced));
        }
    }

    private void Step(ForcedAnswer forced)
    {
        if (forced.Step(model)) return;
        lock (gate)
        {
            if (isClosing) forced.Cancel();
            else Give(_ => Step(forced));
        }
    }

    /// <summary>Releases a conversation's memory; its turns are over.</summary>
    public void Release(ConversationMemory memory)
    {
        lock (gate)
        {
            if (conversations.Remove(memory)) memory.Dispose();
        }
    }

    /// <summary>Something has changed that the thread may be waiting for.</summary>
    public void Wake()
    {
        lock (gate) Monitor.Pulse(gate);
    }

    /// <summary>Cancels every answer, waits for the thread, and releases all conversations' memory.</summary>
    public void Dispose()
    {
        Thread? ending;
        lock (gate)
        {
            isClosing = true;
            ending = thread;
            Monitor.Pulse(gate);
        }
        ending?.Join();
        lock (gate)
        {
            foreach (ConversationMemory memory in conversations) memory.Dispose();
            conversations.Clear();
        }
    }

    private void Give(Action<EngineRounds> job)
    {
        if (thread == null)
        {
            var begun = new Thread(Work) { IsBackground = true, Name = "edge language engine" };
            begun.Start(); // may find no memory for its stack: then there is none to wait for
            thread = begun;
        }
        jobs.Enqueue(job);
        Monitor.Pulse(gate);
    }

    private void Work()
    {
        using var rounds = new EngineRounds(model);
        while (TakeJobs(rounds)) rounds.Run();
        rounds.EndAll();
    }

    /// <summary>Waits until there is work, and takes in what is new; false when the engine closes.</summary>
    private bool TakeJobs(EngineRounds rounds)
    {
        Action<EngineRounds>[] taken;
        bool goesOn;
        lock (gate)
        {
            while (jobs.Count == 0 && !isClosing && !rounds.HasWork) Monitor.Wait(gate);
            (taken, goesOn) = ([.. jobs], !isClosing);
            jobs.Clear();
        }
        foreach (Action<EngineRounds> job in taken) job(rounds);
        return goesOn;
    }
}
