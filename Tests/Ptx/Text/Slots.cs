using System.Globalization;

namespace EdgeVideoLlava.Tests.Ptx.Text;

/// <summary>Places of a lane's numbers: registers, constants, parameters, special registers. Slot 0 holds zero.</summary>
internal sealed class Slots
{
    private static readonly string[] SpecialNames =
    [
        "%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y", "%ctaid.z",
        "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "%dynamic_smem_size",
    ];

    private readonly Dictionary<string, int> byName = [];
    private readonly Dictionary<ulong, int> byValue = [];

    public Slots() => Constant(0);

    public List<string> Names { get; } = [];
    public List<(int Slot, ulong Value)> Constants { get; } = [];
    public List<ParameterSlot> Parameters { get; } = [];
    public Dictionary<string, int> Specials { get; } = [];

    public void Declare(string register) => byName.Add(register, Next(register));

    /// <summary>Of a register that is written.</summary>
    public int Register(string name)
        => byName.TryGetValue(name, out int slot) ? slot : throw new NotSupportedException($"register {name} is not declared");

    /// <summary>Of a register or special register that is read.</summary>
    public int Source(string name)
    {
        if (byName.TryGetValue(name, out int slot) || Specials.TryGetValue(name, out slot)) return slot;
        if (!SpecialNames.Contains(name)) throw new NotSupportedException($"register {name} is not declared");
        return Specials[name] = Next(name);
    }

    public int Constant(ulong value)
    {
        if (byValue.TryGetValue(value, out int slot)) return slot;
        slot = Next($"0x{value:x}");
        Constants.Add((slot, value));
        return byValue[value] = slot;
    }

    public int Parameter(int offset, int bytes)
    {
        if (Parameters.Find(known => known.Offset == offset && known.Bytes == bytes) is { } same) return same.Slot;
        int slot = Next(string.Create(CultureInfo.InvariantCulture, $"parameter+{offset}"));
        Parameters.Add(new ParameterSlot(slot, offset, bytes));
        return slot;
    }

    private int Next(string name)
    {
        Names.Add(name);
        return Names.Count - 1;
    }
}
