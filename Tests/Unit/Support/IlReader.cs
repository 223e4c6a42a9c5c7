using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <param name="Operand">The member, type, string or number that the instruction names; null for jumps, locals and arguments.</param>
internal readonly record struct IlInstruction(OpCode Code, object? Operand);

/// <summary>The instructions of a compiled method (ECMA-335, partition III), its generic arguments put in.</summary>
internal static class IlReader
{
    private static readonly Dictionary<int, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value & 0xffff);

    public static IEnumerable<IlInstruction> Read(MethodBase method)
    {
        byte[] il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int at = 0; at < il.Length;)
        {
            int value = il[at++];
            if (value == 0xfe) value = value << 8 | il[at++];
            OpCode code = Codes[value];
            yield return new IlInstruction(code, Operand(method, code, il.AsSpan(at)));
            at += Size(code.OperandType, il.AsSpan(at));
        }
    }

    private static object? Operand(MethodBase method, OpCode code, ReadOnlySpan<byte> il) => code.OperandType switch
    {
        OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType or OperandType.InlineTok
            => method.Module.ResolveMember(BinaryPrimitives.ReadInt32LittleEndian(il), TypeArguments(method), method.IsGenericMethod
            ? method.GetGenericArguments() : []),
        OperandType.InlineString => method.Module.ResolveString(BinaryPrimitives.ReadInt32LittleEndian(il)),
        OperandType.InlineI => BinaryPrimitives.ReadInt32LittleEndian(il),
        OperandType.ShortInlineI => (int)(sbyte)il[0],
        _ => null,
    };

    private static Type[] TypeArguments(MethodBase method) => method.DeclaringType?.GetGenericArguments() ?? [];

    private static int Size(OperandType type, ReadOnlySpan<byte> il) => type switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + 4 * BinaryPrimitives.ReadInt32LittleEndian(il),
        _ => 4,
    };
}
