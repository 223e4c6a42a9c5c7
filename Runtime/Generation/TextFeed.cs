using System.Collections.Concurrent;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>An answer's text on its way from the engine's thread to whoever asked.</summary>
/// <remarks>A reader that is slow holds up its own answer only: the engine takes no step for one that is this far behind.</remarks>
/// <param name="taken">Told after each piece that was taken: there may be room again.</param>
internal sealed class TextFeed(Action taken)
{
    private const int Lead = 8;

    private readonly ConcurrentQueue<string?> pieces = new(); // null: the end
    private readonly SemaphoreSlim available = new(0);

    public bool IsFull => pieces.Count >= Lead;

    public void Add(string piece)
    {
        pieces.Enqueue(piece);
        available.Release();
    }

    /// <summary>Nothing more will come.</summary>
    public void Complete()
    {
        pieces.Enqueue(null);
        available.Release();
    }

    /// <summary>The next piece, once it is there; null at the end, and not to be asked again.</summary>
    public string? Take()
    {
        available.Wait();
        return Dequeue();
    }

    /// <inheritdoc cref="Take"/>
    public async ValueTask<string?> TakeAsync()
    {
        await available.WaitAsync().ConfigureAwait(false);
        return Dequeue();
    }

    private string? Dequeue()
    {
        pieces.TryDequeue(out string? piece);
        taken();
        return piece;
    }
}
