using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;

namespace EdgeVideoLlava.Runtime.Projector;

/// <summary>A picture or clip in the word space of the language model: rows that take the places of tokens.</summary>
/// <remarks>Thread-safe. Held by whoever encoded it and by each conversation that it is shown to; the last releases the memory.</remarks>
public sealed class VisionTokens : IDisposable
{
    private readonly Lock gate = new();
    private readonly Matrix rows;
    private ComputeQueue? maker;
    private int holders = 1; // whoever encoded it, and each conversation that it was shown to
    private bool isDisposed;

    /// <param name="rows">(Blocks · RowsPerBlock, D of the language model) on the device.</param>
    /// <param name="blocks">1 for a picture, its frames for a clip: an original prompt holds one marker for each block.</param>
    /// <param name="rowsPerBlock">Positions that a picture or frame takes.</param>
    /// <param name="isClip">Whether the video tower encoded it.</param>
    /// <param name="maker">The queue whose work makes the rows; null if they are there.</param>
    internal VisionTokens(Matrix rows, int blocks, int rowsPerBlock, bool isClip, ComputeQueue? maker = null)
        => (this.rows, this.maker, Blocks, RowsPerBlock, IsClip) = (rows, maker, blocks, rowsPerBlock, isClip);

    /// <summary>Copies frames of several clips together as one.</summary>
    /// <param name="queue">Given the work.</param>
    internal static VisionTokens Gather(ComputeQueue queue, IReadOnlyList<(VisionTokens Tokens, int Block)> frames)
    {
        VisionTokens first = frames[0].Tokens;
        int count = first.RowsPerBlock;
        Matrix rows = queue.Device.AllocateMatrix(frames.Count * count, first.Rows.Columns);
        for (int i = 0; i < frames.Count; i++)
            CopyRows.Run(queue, frames[i].Tokens.Rows.RowRange(frames[i].Block * count, count), rows.RowRange(i * count, count));
        return new VisionTokens(rows, frames.Count, count, first.IsClip, queue);
    }

    /// <summary>(Blocks · RowsPerBlock, D of the language model) on the device.</summary>
    /// <exception cref="ObjectDisposedException">Everyone who held it has let it go.</exception>
    internal Matrix Rows
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref holders) == 0, this);
            return rows;
        }
    }

    /// <summary>1 for a picture, its frames for a clip.</summary>
    public int Blocks { get; }

    /// <summary>Positions that a picture or frame takes in a prompt.</summary>
    public int RowsPerBlock { get; }

    /// <summary>Whether the video tower encoded it; else the image tower did.</summary>
    public bool IsClip { get; }

    /// <summary>Makes the language part's queue wait until the rows are there; once told, it need not wait for what
    /// the towers are given later.</summary>
    internal void Await(ComputeQueue queue)
    {
        if (maker != null) queue.WaitFor(maker);
        maker = null;
    }

    /// <summary>The host has waited: they are there.</summary>
    internal void Finished() => maker = null;

    /// <summary>One more holds it, until <see cref="LetGo"/>.</summary>
    /// <exception cref="ObjectDisposedException">Everyone who held it has let it go.</exception>
    internal void Hold()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(holders == 0, this);
            holders++;
        }
    }

    /// <summary>The last one who lets go releases the rows.</summary>
    internal void LetGo()
    {
        lock (gate)
        {
            holders--;
            if (holders == 0) rows.Buffer.Dispose();
        }
    }

    /// <summary>Lets go what whoever encoded it holds. Conversations that it was shown to go on with it.</summary>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref isDisposed, true)) LetGo();
    }
}
