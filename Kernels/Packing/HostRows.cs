namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Rows of a weight in host memory, densely packed in the weight's storage type.</summary>
/// <param name="Heads">
/// 0 where the rows stand in order. Else the rows of so many heads, and in each of them those of its two halves take turns: row i of the
/// first half stands at 2i, row i of the second at 2i + 1, as GGUF stores a LLaMA's queries and keys.
/// </param>
internal readonly unsafe record struct HostRows(nint Address, int Rows, int Heads = 0)
{
    /// <summary>Address of a row of the weight.</summary>
    /// <param name="bytes">Of a row.</param>
    public nint Row(int row, long bytes)
    {
        if (Heads == 0) return Address + (nint)(row * bytes);
        int size = Rows / Heads, half = size / 2, i = row % size;
        int stored = row - i + (i < half ? 2 * i : 2 * (i - half) + 1);
        return Address + (nint)(stored * bytes);
    }

    /// <summary>Copies rows in order.</summary>
    /// <inheritdoc cref="Row" path="/param"/>
    internal void CopyTo(byte* target, int start, int count, long bytes)
    {
        if (Heads == 0) Buffer.MemoryCopy((void*)Row(start, bytes), target, count * bytes, count * bytes);
        else for (int i = 0; i < count; i++) Buffer.MemoryCopy((void*)Row(start + i, bytes), target + i * bytes, bytes, bytes);
    }
}
