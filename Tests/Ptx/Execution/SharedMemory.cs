using System.Runtime.InteropServices;
using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Ptx.Execution;

/// <summary>A group's shared memory in words of 32 bits, each with its history (<see cref="SharedWord"/>).</summary>
internal sealed unsafe class SharedMemory : IDisposable
{
    /// <summary>What stands where nothing has been written, and where a copy is under way: as float or half no number.</summary>
    public const uint Poison = uint.MaxValue;

    private readonly SharedArray[] arrays;
    private readonly SharedWord[] words;
    private readonly bool[] exists;
    private readonly uint* memory;

    public SharedMemory(IReadOnlyList<SharedArray> declared, int dynamicBytes)
    {
        arrays = [.. declared.Select(array => array.IsDynamic ? array with { Bytes = dynamicBytes } : array)];
        int end = arrays.Length == 0 ? 0 : arrays[^1].Address + arrays[^1].Bytes;
        words = new SharedWord[end / 4];
        exists = new bool[end / 4];
        foreach (SharedArray array in arrays) exists.AsSpan(array.Address / 4, array.Bytes / 4).Fill(true);
        memory = (uint*)NativeMemory.AllocZeroed((nuint)words.Length, sizeof(uint));
    }

    /// <summary>For the next group: nobody has written anything.</summary>
    public void Clear()
    {
        Array.Clear(words);
        new Span<uint>(memory, words.Length).Fill(Poison);
    }

    /// <summary>Number of the word at an address; -1 where there is none.</summary>
    public int Find(ulong address)
    {
        ulong word = address / 4;
        return word < (ulong)exists.Length && exists[word] ? (int)word : -1;
    }

    public ref uint Value(int word) => ref memory[word];

    public ref SharedWord History(int word) => ref words[word];

    public string Outside(ulong address)
    {
        SharedArray? near = arrays.MinBy(array => Math.Abs((long)address - array.Address));
        return near == null ? "the kernel has no shared memory" : $"4 bytes at {(long)address - near.Address} of {near.Bytes} bytes";
    }

    public void Dispose() => NativeMemory.Free(memory);
}
