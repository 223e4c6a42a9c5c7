using EdgeVideoLlava.Tests.Ptx.Instructions;

namespace EdgeVideoLlava.Tests.Ptx.Text;

/// <summary>A parameter of an entry: where it lies in the block of arguments.</summary>
internal sealed record Parameter(string Name, int Offset, int Bytes);

/// <summary>An array in shared memory. Of a dynamic one the launch says the length.</summary>
internal sealed record SharedArray(string Name, int Address, int Bytes, bool IsDynamic);

/// <summary>A slot that holds a parameter, or a part of it.</summary>
internal sealed record ParameterSlot(int Slot, int Offset, int Bytes);

/// <summary>The one entry of a PTX text, decoded.</summary>
internal sealed class PtxModule
{
    /// <param name="name">What reports call it.</param>
    /// <exception cref="NotSupportedException">The text holds something that is not known.</exception>
    public static PtxModule Parse(string text, string name)
    {
        var parser = new PtxParser(name);
        return parser.Parse(text);
    }

    public required string Name { get; init; }

    /// <summary>Bytes of the block of arguments.</summary>
    public required int ParameterBytes { get; init; }

    public required IReadOnlyList<SharedArray> Shared { get; init; }

    /// <summary>Items of the largest group that the text is for; null: it does not say.</summary>
    public required int? MostItems { get; init; }

    public required Instruction[] Code { get; init; }

    /// <summary>The text of each instruction.</summary>
    public required IReadOnlyList<string> Lines { get; init; }

    /// <summary>The name of each slot: a register, or what is in it from the start.</summary>
    public required IReadOnlyList<string> Slots { get; init; }

    public required IReadOnlyList<(int Slot, ulong Value)> Constants { get; init; }

    public required IReadOnlyList<ParameterSlot> ParameterSlots { get; init; }

    /// <summary>Slots of special registers by name.</summary>
    public required IReadOnlyDictionary<string, int> Specials { get; init; }

    /// <summary>Which instructions have run, in any launch.</summary>
    public bool[] Covered => covered ??= new bool[Code.Length];

    private bool[]? covered;

    /// <summary>The opcode of an instruction, without its guard.</summary>
    public string Opcode(int at)
    {
        string[] words = Lines[at].Split(' ', 3);
        return words[0][0] == '@' ? words[1] : words[0];
    }
}
