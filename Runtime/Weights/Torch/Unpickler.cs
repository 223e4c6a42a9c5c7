using System.Buffers.Binary;
using System.Text;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights.Torch;

/// <summary>Reads the pickle of a state dictionary. It knows the opcodes and names that one needs, refuses all others, and runs
/// nothing.</summary>
/// <remarks>
/// Format: Python's Lib/pickletools.py, protocols 2 to 5. Objects are built on a stack without recursion; their number has a ceiling.
/// </remarks>
internal sealed class Unpickler(MappedFile file, long start, long bytes)
{
    private const int ValueCeiling = 400_000, TextCeiling = 1 << 16, AxesCeiling = 8;

    private static readonly object Mark = new();

    private readonly List<object?> stack = [];
    private readonly Dictionary<long, object?> memo = [];
    private readonly long end = start + bytes;
    private int values;

    /// <summary>Offset behind the pickle, once it has been read.</summary>
    public long Position { get; private set; } = start;

    /// <exception cref="BadInputException">It is broken, or more than a state dictionary needs.</exception>
    public object? Read()
    {
        while (true)
        {
            byte code = Take(1)[0];
            if (code == '.') return Pop();
            Run(code);
        }
    }

    private void Run(byte code)
    {
        switch (code)
        {
            case 0x80: Take(1); break; // PROTO
            case 0x95: Take(8); break; // FRAME
            case (byte)'(': Push(Mark); break;
            case (byte)'0': Pop(); break;
            case (byte)'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case (byte)'K': Push((long)Take(1)[0]); break;
            case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case 0x8A: Push(Long(Take(Take(1)[0]))); break;
            case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case (byte)'X': Push(Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
            case 0x8C: Push(Text(Take(1)[0])); break;
            case (byte)')': Push(new PickleTuple([])); break;
            case (byte)'t': Push(new PickleTuple([.. PopToMark()])); break;
            case 0x85 or 0x86 or 0x87: Push(new PickleTuple(PopMany(code - 0x84))); break;
            case (byte)']': Push(new List<object?>()); break;
            case (byte)'a' or (byte)'e': Append(code == 'a' ? PopMany(1) : PopToMark()); break;
            case (byte)'}': Push(new Dictionary<string, object?>()); break;
            case (byte)'s' or (byte)'u': SetItems(code == 's' ? PopMany(2) : PopToMark()); break;
            case (byte)'q': memo[Take(1)[0]] = Peek(); break;
            case (byte)'r': memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek(); break;
            case 0x94: memo[memo.Count] = Peek(); break;
            case (byte)'h': Push(Remembered(Take(1)[0])); break;
            case (byte)'j': Push(Remembered(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
            case (byte)'c': Push(Global(Line(), Line())); break;
            case 0x93:
                Push(PopMany(2) is [string module, string name] ? Global(module, name) : throw Broken("a global without a name"));
                break;
            case (byte)'Q': Push(Storage(Pop())); break;
            case (byte)'R': Push(Rebuild(PopMany(2))); break;
            case (byte)'b': Build(Pop()); break;
            default: throw Broken($"the opcode 0x{code:X2}, which no state dictionary needs");
        }
    }

    /// <summary>The three functions of the list, carried out on what their arguments say. Nothing else is ever "called".</summary>
    private object Rebuild(object?[] call)
    {
        if (call is not [PickleGlobal { Storage: null } function, PickleTuple arguments])
            throw Broken("a call of something that is no function");
        switch (function.Name, arguments.Items)
        {
            case (PickleGlobal.OrderedDictionary, []): return new Dictionary<string, object?>();
            case (PickleGlobal.RebuildParameter, [PickleTensor tensor, ..]): return tensor;
            case (PickleGlobal.RebuildTensor, [PickleStorage storage, long offset, PickleTuple sizes, PickleTuple strides, ..]):
                return new PickleTensor(storage, offset, Numbers(sizes), Numbers(strides));
            default: throw Broken($"{function.Name} with arguments of another form");
        }
    }

    private long[] Numbers(PickleTuple tuple)
    {
        if (tuple.Items.Length > AxesCeiling) throw Broken($"a tensor of {tuple.Items.Length} axes");
        return [.. tuple.Items.Select(item => item is long number ? number : throw Broken("a size or stride that is no number"))];
    }

    /// <summary>('storage', class, key, device, count); older files add a view, which must be absent.</summary>
    private PickleStorage Storage(object? id)
        => id is PickleTuple { Items: ["storage", PickleGlobal { Storage: { } type }, string key, string, long count, .. [] or [null]] }
            ? new PickleStorage(type, key, count) : throw Broken("a storage of another form");

    private PickleGlobal Global(string module, string name)
        => PickleGlobal.Allowed.TryGetValue((module, name), out PickleGlobal? global) ? global
            : throw Broken($"it asks for {Shown(module)}.{Shown(name)}, which is no part of a state dictionary");

    /// <summary>The state of an ordered dictionary is its metadata, which says nothing here.</summary>
    private void Build(object? state)
    {
        if (Peek() is not Dictionary<string, object?> || state is not (Dictionary<string, object?> or null))
            throw Broken("a state for something that has none");
    }

    private void Append(object?[] items)
    {
        if (Peek() is not List<object?> list) throw Broken("an element of something that is no list");
        list.AddRange(items);
    }

    private void SetItems(object?[] items)
    {
        if (Peek() is not Dictionary<string, object?> dictionary || items.Length % 2 != 0)
            throw Broken("an item of something that is no dictionary");
        for (int i = 0; i < items.Length; i += 2)
        {
            if (!dictionary.TryAdd(items[i] as string ?? throw Broken("a key that is no text"), items[i + 1]))
                throw Broken($"the key {Shown((string)items[i]!)} twice");
        }
    }

    private object? Remembered(long key) => memo.TryGetValue(key, out object? value) ? value : throw Broken("a reference to nothing");

    private void Push(object? value)
    {
        if (++values > ValueCeiling) throw Broken($"more than {ValueCeiling} values");
        stack.Add(value);
    }

    private object? Peek() => stack.Count > 0 && stack[^1] != Mark ? stack[^1] : throw Broken("an empty stack");

    private object? Pop()
    {
        object? value = Peek();
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    private object?[] PopMany(int count)
    {
        var popped = new object?[count];
        for (int i = count - 1; i >= 0; i--) popped[i] = Pop();
        return popped;
    }

    private object?[] PopToMark()
    {
        int mark = stack.LastIndexOf(Mark);
        if (mark < 0) throw Broken("no mark on the stack");
        object?[] popped = [.. stack[(mark + 1)..]];
        stack.RemoveRange(mark, stack.Count - mark);
        return popped;
    }

    private static long? Long(ReadOnlySpan<byte> little)
    {
        if (little.Length > 8) return null; // the magic number of old files: no size
        long value = little.Length > 0 && little[^1] >= 0x80 ? -1 : 0;
        for (int i = little.Length - 1; i >= 0; i--) value = (value << 8) | little[i];
        return value;
    }

    private string Text(long length)
        => length <= TextCeiling ? Encoding.UTF8.GetString(Take(length)) : throw Broken($"a text of {length} bytes");

    private string Line()
    {
        int length = file.Span(Position, (int)Math.Min(end - Position, TextCeiling)).IndexOf((byte)'\n');
        if (length < 0) throw Broken("a name without an end");
        string line = Encoding.UTF8.GetString(Take(length));
        Take(1);
        return line;
    }

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > end - Position) throw Broken("an early end");
        ReadOnlySpan<byte> taken = file.Span(Position, (int)count);
        Position += count;
        return taken;
    }

    private static string Shown(string name) => name.Length <= 60 ? name.ReplaceLineEndings(" ")
        : name[..60].ReplaceLineEndings(" ") + "...";

    private BadInputException Broken(string what) => TorchFile.Broken(file.Path, Position, $"its pickle holds {what}");
}
