using System.Globalization;
using System.Text.RegularExpressions;
using EdgeVideoLlava.Tests.Ptx.Instructions;

namespace EdgeVideoLlava.Tests.Ptx.Text;

/// <summary>Reads the text that ILGPU writes: one entry, its declarations, labels and instructions, each on a line.</summary>
/// <remarks>Functions, the stubs of inlined intrinsics, are passed over; a call is an unknown opcode.</remarks>
internal sealed partial class PtxParser(string name)
{
    // Arrays lie apart, so that leaving one is seen.
    private const int Gap = 256;

    private readonly Slots slots = new();
    private readonly List<Parameter> parameters = [];
    private readonly List<SharedArray> shared = [];
    private readonly List<Instruction> code = [];
    private readonly List<string> lines = [];
    private readonly Dictionary<string, int> labels = [];
    private readonly List<(int At, string Label)> jumps = [];
    private int parameterBytes;

    public PtxModule Parse(string text)
    {
        Match entry = Entry().Match(text);
        if (!entry.Success || entry.NextMatch().Success) throw new NotSupportedException($"{name}: not one entry");
        foreach (string line in Lines(text[..entry.Index]).Where(line => SharedDeclaration().IsMatch(line))) AddLine(line);
        foreach (string line in Lines(entry.Groups["parameters"].Value)) AddParameter(line);
        foreach (string line in Lines(entry.Groups["body"].Value)) AddLine(line);
        Resolve();
        Match most = MostItems().Match(entry.Groups["head"].Value);
        return new PtxModule
        {
            Name = name,
            ParameterBytes = parameterBytes,
            Shared = shared,
            MostItems = most.Success ? Number(most.Groups[1].Value) : null,
            Code = [.. code],
            Lines = lines,
            Slots = slots.Names,
            Constants = slots.Constants,
            ParameterSlots = slots.Parameters,
            Specials = slots.Specials,
        };
    }

    private static IEnumerable<string> Lines(string text)
        => text.Split('\n').Select(line => line.Split("//")[0].Trim()).Where(line => line.Length > 0);

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    private void AddParameter(string line)
    {
        Match match = ParameterDeclaration().Match(line);
        if (!match.Success) throw new NotSupportedException($"{name}: parameter {line}");
        int size = Operands.TypeBytes(match.Groups["type"].Value);
        int align = match.Groups["align"].Success ? Number(match.Groups["align"].Value) : size;
        int bytes = match.Groups["length"].Success ? Number(match.Groups["length"].Value) : size;
        int offset = (parameterBytes + align - 1) / align * align;
        parameters.Add(new Parameter(match.Groups["name"].Value, offset, bytes));
        parameterBytes = offset + bytes;
    }

    private void AddLine(string line)
    {
        if (line.EndsWith(':'))
        {
            labels.Add(line[..^1], code.Count);
            return;
        }
        if (!line.EndsWith(';')) throw new NotSupportedException($"{name}: {line}");
        line = Spaces().Replace(line[..^1].Trim(), " ");
        if (RegisterDeclaration().Match(line) is { Success: true } registers)
        {
            for (int i = 0; i < Number(registers.Groups[2].Value); i++)
                slots.Declare(registers.Groups[1].Value + i.ToString(CultureInfo.InvariantCulture));
        }
        else if (SharedDeclaration().Match(line) is { Success: true } array) AddShared(array);
        else AddInstruction(line);
    }

    /// <summary>Each array lies as badly aligned as its declaration allows.</summary>
    private void AddShared(Match array)
    {
        int align = Number(array.Groups["align"].Value), last = shared.Count == 0 ? 0 : shared[^1].Address + shared[^1].Bytes;
        bool isDynamic = array.Groups["length"].Value.Length == 0;
        if (shared.Exists(known => known.IsDynamic)) // of unknown length: it has to be the last
            throw new NotSupportedException($"{name}: an array after the dynamic one");
        int address = (last + Gap + 255) / 256 * 256 + align;
        shared.Add(new SharedArray(
            array.Groups["name"].Value, address, isDynamic ? 0 : Number(array.Groups["length"].Value), isDynamic));
    }

    private void AddInstruction(string line)
    {
        try
        {
            var decoder = new InstructionDecoder(slots, parameters, shared);
            Instruction instruction = decoder.Decode(line);
            if (decoder.Label is { } label) jumps.Add((code.Count, label));
            code.Add(instruction);
            lines.Add(line);
        }
        catch (Exception e) when (e is NotSupportedException or FormatException or OverflowException or ArgumentException)
        {
            throw new NotSupportedException($"{name}: {line}: {e.Message}", e);
        }
    }

    private void Resolve()
    {
        if (code.Count == 0 || code[^1] is not { Guard: 0, Kind: InstructionKind.Return or InstructionKind.Branch })
            throw new NotSupportedException($"{name}: the end can be run past");
        foreach ((int at, string label) in jumps)
        {
            if (!labels.TryGetValue(label, out int target)) throw new NotSupportedException($"{name}: no label {label}");
            code[at] = code[at] with { Target = target };
        }
    }

    [GeneratedRegex(@"\.visible \.entry [^(]*\((?<parameters>[^)]*)\)(?<head>[^{]*)\{(?<body>.*?)\n\}", RegexOptions.Singleline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"\.maxntid (\d+), 1, 1")]
    private static partial Regex MostItems();

    [GeneratedRegex(@"^\.reg \.\w+ (%\w+?)<(\d+)>$")]
    private static partial Regex RegisterDeclaration();

    [GeneratedRegex(@"^\.param\s+(?:\.align\s+(?<align>\d+)\s+)?\.(?<type>\w+)\s+(?<name>\w+)(?:\[(?<length>\d+)\])?,?$")]
    private static partial Regex ParameterDeclaration();

    [GeneratedRegex(@"^(?:\.extern )?\.shared \.align (?<align>\d+) \.b8 (?<name>\w+)\[(?<length>\d*)\];?$")]
    private static partial Regex SharedDeclaration();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
