using System.Globalization;
using EdgeVideoLlava.Tests.Ptx.Instructions;

namespace EdgeVideoLlava.Tests.Ptx.Text;

/// <summary>One line of text to an instruction. What is not known throws <see cref="NotSupportedException"/>.</summary>
internal sealed class InstructionDecoder(Slots slots, IReadOnlyList<Parameter> parameters, IReadOnlyList<SharedArray> shared)
{
    private const string Mma = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32";

    /// <summary>Where the last instruction branches to.</summary>
    public string? Label { get; private set; }

    public Instruction Decode(string line)
    {
        (int guard, bool negated, line) = Guard(line);
        int space = line.IndexOf(' ');
        string opcode = space < 0 ? line : line[..space];
        Instruction instruction = Decode(opcode, new Operands(slots, shared, space < 0 ? "" : line[space..]), guard != 0);
        (instruction.Guard, instruction.GuardNegated) = (guard, negated);
        return instruction;
    }

    private (int Slot, bool Negated, string Instruction) Guard(string line)
    {
        if (line[0] != '@') return (0, false, line);
        string[] parts = line.Split(' ', 2);
        bool negated = parts[0][1] == '!';
        return (slots.Register(parts[0][(negated ? 2 : 1)..]), negated, parts[1]);
    }

    private Instruction Decode(string opcode, Operands o, bool guarded) => opcode.Split('.')[0] switch
    {
        "ld" or "st" => Memory(opcode.Split('.'), o),
        "bra" => Branch(opcode, o, guarded),
        "ret" or "exit" => new Instruction { Kind = InstructionKind.Return },
        "bar" => Barrier(opcode, o),
        "cp" => Copy(opcode, o),
        "shfl" => Shuffle(opcode, o),
        "mma" => Matrices(opcode, o),
        "ldmatrix" => LoadMatrices(opcode, o),
        "lop3" => Lookup(opcode, o),
        "mov" when o[0][0] == '{' => Unpack(opcode, o),
        _ => Compute(opcode, o),
    };

    private static NotSupportedException Unknown(string opcode) => new($"unknown form {opcode}");

    private static Instruction Compute(string opcode, Operands o)
    {
        (int count, Formula formula) = Formulas.Of(opcode);
        if (o.Count != count + 1) throw new NotSupportedException($"{o.Count} operands of {opcode}");
        return new Instruction
        {
            Kind = InstructionKind.Compute,
            Formula = formula,
            D = o.Result(0),
            A = o.Source(1),
            B = count > 1 ? o.Source(2) : 0,
            C = count > 2 ? o.Source(3) : 0,
        };
    }

    private static Instruction Lookup(string opcode, Operands o)
    {
        if (opcode != "lop3.b32") throw Unknown(opcode);
        int table = int.Parse(o[4].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return new Instruction
        {
            Kind = InstructionKind.Compute,
            Formula = Formulas.Lookup(table),
            D = o.Result(0),
            A = o.Source(1),
            B = o.Source(2),
            C = o.Source(3),
        };
    }

    private static Instruction Unpack(string opcode, Operands o) => opcode == "mov.b32" && o.Results(0).Length == 2
        ? new Instruction { Kind = InstructionKind.Unpack, Results = o.Results(0), A = o.Source(1) } : throw Unknown(opcode);

    private Instruction Branch(string opcode, Operands o, bool guarded)
    {
        if (opcode is not ("bra" or "bra.uni")) throw Unknown(opcode);
        Label = o[0];
        return new Instruction { Kind = InstructionKind.Branch, ClaimsUniform = guarded && opcode == "bra.uni" };
    }

    private Instruction Memory(string[] opcode, Operands o)
    {
        bool load = opcode[0] == "ld";
        int bytes = Operands.TypeBytes(opcode[^1]), numbers = opcode[^2] switch { "v2" => 2, "v4" => 4, _ => 1 };
        if (opcode[2..^1] is not ([] or ["v2" or "v4"] or ["nc"] or ["nc", "v2" or "v4"])) throw Unknown(string.Join('.', opcode));
        (string start, int offset) = o.Address(load ? 1 : 0);
        if (opcode[1] == "param" && load) return LoadParameter(o, start, offset, bytes);
        var access = new Instruction { Form = (byte)bytes, A = o.Source(start), Immediate = offset };
        if (load) access.Results = o.Results(0);
        else access.Sources = o.Sources(1);
        if ((access.Results ?? access.Sources)!.Length != numbers) throw Unknown(string.Join('.', opcode));
        access.Kind = opcode[1] switch
        {
            "global" => load ? InstructionKind.LoadGlobal : InstructionKind.StoreGlobal,
            "shared" when bytes == 4 => load ? InstructionKind.LoadShared : InstructionKind.StoreShared,
            _ => throw Unknown(string.Join('.', opcode)),
        };
        return access;
    }

    /// <summary>Parameters are in the registers when a lane begins.</summary>
    private Instruction LoadParameter(Operands o, string name, int offset, int bytes)
    {
        Parameter parameter = parameters.FirstOrDefault(known => known.Name == name)
            ?? throw new NotSupportedException($"parameter {name}");
        if (offset + bytes > parameter.Bytes) throw new NotSupportedException($"{name} has {parameter.Bytes} bytes");
        (_, Formula move) = Formulas.Of("mov.b64");
        int slot = slots.Parameter(parameter.Offset + offset, bytes);
        return new Instruction { Kind = InstructionKind.Compute, Formula = move, D = o.Result(0), A = slot };
    }

    private static Instruction Barrier(string opcode, Operands o) => opcode switch
    {
        "bar.sync" when o.Count == 1 && o[0] == "0" => new Instruction { Kind = InstructionKind.Barrier },
        "bar.warp.sync" => new Instruction { Kind = InstructionKind.WarpBarrier, C = o.Source(0) },
        _ => throw Unknown(opcode),
    };

    private Instruction Copy(string opcode, Operands o) => opcode switch
    {
        "cp.async.commit_group" => new Instruction { Kind = InstructionKind.CommitCopies },
        "cp.async.wait_group" => new Instruction { Kind = InstructionKind.WaitForCopies, Immediate = o.Number(0) },
        "cp.async.cg.shared.global" when o.Number(2) == 16 => new Instruction
        {
            Kind = InstructionKind.BeginCopy,
            A = o.Source(Place(o, 0)),
            B = o.Source(Place(o, 1)),
            C = o.Count > 3 ? o.Source(3) : slots.Constant(16),
        },
        _ => throw Unknown(opcode),
    };

    private static string Place(Operands o, int i) => o.Address(i) is (var start, 0) ? start : throw new NotSupportedException(o[i]);

    private static Instruction Shuffle(string opcode, Operands o) => new()
    {
        Kind = InstructionKind.Shuffle,
        Form = (byte)(opcode switch
        {
            "shfl.sync.up.b32" => ShuffleMode.Up,
            "shfl.sync.down.b32" => ShuffleMode.Down,
            "shfl.sync.bfly.b32" => ShuffleMode.Butterfly,
            "shfl.sync.idx.b32" => ShuffleMode.Index,
            _ => throw Unknown(opcode),
        }),
        D = o.Result(0),
        A = o.Source(1),
        B = o.Source(2),
        C = o.Source(4), // the mask, as of every operation of a warp
        Sources = [o.Source(3)],
    };

    private Instruction Matrices(string opcode, Operands o)
    {
        int[] results = o.Results(0), sources = [.. o.Sources(1), .. o.Sources(2), .. o.Sources(3)];
        if (opcode != Mma || results.Length != 4 || sources.Length != 10) throw Unknown(opcode);
        return new Instruction
        {
            Kind = InstructionKind.MultiplyAdd,
            Results = results,
            Sources = sources,
            C = slots.Constant(uint.MaxValue),
        };
    }

    private Instruction LoadMatrices(string opcode, Operands o)
    {
        (string start, int offset) = o.Address(1);
        return new Instruction
        {
            Kind = InstructionKind.LoadMatrices,
            Form = (byte)(opcode switch
            {
                "ldmatrix.sync.aligned.m8n8.x4.shared.b16" => 0,
                "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16" => 1,
                _ => throw Unknown(opcode),
            }),
            Results = o.Results(0) is { Length: 4 } four ? four : throw Unknown(opcode),
            A = o.Source(start),
            Immediate = offset,
            C = slots.Constant(uint.MaxValue),
        };
    }
}
