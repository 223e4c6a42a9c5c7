namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Which rows of a matrix form one sequence: row(s, i) = s / Inner · Outer + s % Inner + i · Step.</summary>
/// <param name="Count">Sequences.</param>
/// <param name="Length">Rows of a sequence.</param>
internal readonly record struct SequenceLayout(int Count, int Length, int Inner, int Outer, int Step)
{
    /// <summary>Sequences one after the other: the positions of a frame.</summary>
    public static SequenceLayout Spatial(int frames, int positions) => new(frames, positions, 1, positions, 1);

    /// <summary>One sequence for each position of each clip, over the clip's frames; rows are (clip, frame, position).</summary>
    public static SequenceLayout Temporal(int clips, int frames, int positions)
        => new(clips * positions, frames, positions, frames * positions, positions);

    internal long FirstRow(int sequence) => (long)(sequence / Inner) * Outer + sequence % Inner;
}
