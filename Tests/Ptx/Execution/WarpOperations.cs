using EdgeVideoLlava.Tests.Ptx.Instructions;

namespace EdgeVideoLlava.Tests.Ptx.Execution;

/// <summary>What the 32 lanes of a warp do together, by the PTX ISA's tables.</summary>
internal static unsafe class WarpOperations
{
    /// <summary>PTX ISA, "shfl.sync". All lanes are here, so every source is.</summary>
    public static void Shuffle(ReadOnlySpan<Lane> warp, in Instruction instruction)
    {
        Span<uint> given = stackalloc uint[32];
        for (int l = 0; l < 32; l++) given[l] = (uint)warp[l].Registers[instruction.A];
        for (int l = 0; l < 32; l++)
        {
            ulong* r = warp[l].Registers;
            int b = (int)(r[instruction.B] & 31), c = (int)r[instruction.Sources![0]], clamp = c & 31, segment = c >> 8 & 31;
            int least = l & segment, most = least | (clamp & ~segment);
            int source = (ShuffleMode)instruction.Form switch
            {
                ShuffleMode.Up => l - b,
                ShuffleMode.Down => l + b,
                ShuffleMode.Butterfly => l ^ b,
                _ => least | (b & ~segment),
            };
            bool inside = (ShuffleMode)instruction.Form == ShuffleMode.Up ? source >= most : source <= most;
            r[instruction.D] = given[inside ? source : l];
        }
    }

    /// <summary>PTX ISA, "Matrix Fragments for mma.m16n8k16 with floating point type": A (16, 16) and B (16, 8) of .f16,
    /// C and D (16, 8) of .f32. The order of the sums is not specified: here they are exact.</summary>
    public static void MultiplyAdd(ReadOnlySpan<Lane> warp, in Instruction instruction)
    {
        Span<float> a = stackalloc float[16 * 16], b = stackalloc float[8 * 16];
        ReadOnlySpan<int> sources = instruction.Sources, results = instruction.Results;
        for (int l = 0; l < 32; l++)
        {
            int group = l >> 2, inGroup = l & 3;
            for (int i = 0; i < 8; i++)
            {
                int row = i is 0 or 1 or 4 or 5 ? group : group + 8, column = inGroup * 2 + (i & 1) + (i < 4 ? 0 : 8);
                a[row * 16 + column] = Half(warp[l].Registers[sources[i / 2]], i & 1);
            }
            for (int i = 0; i < 4; i++)
            {
                int row = inGroup * 2 + (i & 1) + (i < 2 ? 0 : 8);
                b[group * 16 + row] = Half(warp[l].Registers[sources[4 + i / 2]], i & 1);
            }
        }
        Span<ulong> sums = stackalloc ulong[4];
        for (int l = 0; l < 32; l++)
        {
            ulong* r = warp[l].Registers;
            for (int i = 0; i < 4; i++)
            {
                int row = (l >> 2) + (i < 2 ? 0 : 8), column = (l & 3) * 2 + (i & 1);
                sums[i] = F32.Bits(Sum(a.Slice(row * 16, 16), b.Slice(column * 16, 16), F32.Number(r[sources[6 + i]])));
            }
            for (int i = 0; i < 4; i++) r[results[i]] = sums[i];
        }
    }

    /// <summary>PTX ISA, "ldmatrix": lanes 8n to 8n + 7 pass the rows of matrix n; lane l gets elements 2 (l % 4) and the
    /// next of row l / 4 of each, with .trans of column l / 4.</summary>
    /// <param name="elements">The eight halves of each lane's row.</param>
    public static void SpreadMatrices(ReadOnlySpan<Lane> warp, in Instruction instruction, ReadOnlySpan<ushort> elements)
    {
        bool transposed = instruction.Form == 1;
        for (int l = 0; l < 32; l++)
        {
            int line = l >> 2, place = 2 * (l & 3);
            int low = transposed ? place * 8 + line : line * 8 + place, high = low + (transposed ? 8 : 1);
            for (int matrix = 0; matrix < 4; matrix++)
                warp[l].Registers[instruction.Results![matrix]] = elements[matrix * 64 + low] | (ulong)elements[matrix * 64 + high] << 16;
        }
    }

    private static float Sum(ReadOnlySpan<float> a, ReadOnlySpan<float> b, float c)
    {
        double sum = c;
        for (int k = 0; k < a.Length; k++) sum += (double)a[k] * b[k];
        return (float)sum;
    }

    private static float Half(ulong word, int upper) => F16.Number(word >> 16 * upper);
}
