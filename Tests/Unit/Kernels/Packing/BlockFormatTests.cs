using System.Runtime.InteropServices;
using System.Text.Json;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Packing;

/// <summary>Every block type against its definition and against ggml's reference bytes.</summary>
public sealed unsafe class BlockFormatTests(ITestOutputHelper output)
{
    private const int Rows = 8, Columns = 512, SuperBlock = 256;

    private static readonly StorageType[] Stored = [StorageType.F16, StorageType.BF16, .. BlockOracle.Types];

    public static TheoryData<StorageType> Blocks => [.. BlockOracle.Types];

    public static TheoryData<StorageType, string> Cases
        => [.. from type in Stored from name in new[] { "mixed", "weights" } select (type, name)];

    public static TheoryData<StorageType, string> WrittenCases
        => [.. from type in Stored where Pack.Writes(type) from name in new[] { "mixed", "weights" } select (type, name)];

    public static TheoryData<StorageType, string> WeightedCases
        => [.. from type in new[] { StorageType.Q4_0, StorageType.Q4_K, StorageType.Q6_K }
        from name in new[] { "mixed_imatrix", "weights_imatrix" } select (type, name)];

    [Theory, MemberData(nameof(Blocks))]
    public void Every_pattern_of_bits_means_what_its_definition_says(StorageType type)
    {
        const int count = 64 * 256;
        byte[] bytes = BlockOracle.Random(type, count, new Random(3));
        int columns = type.BlockColumns(), size = (int)type.Bytes(columns);
        Expected[] expected = [.. Enumerable.Range(0, count)
            .Select(i => BlockOracle.Decode(type, bytes.AsSpan(i / columns * size, size), i % columns))];
        Expected.Check(output, type.ToString(), Dequantized(type, bytes, count), expected);
    }

    [Theory, MemberData(nameof(Cases)), MemberData(nameof(WeightedCases))]
    public void Dequantized_numbers_are_the_references_bit_for_bit(StorageType type, string name)
    {
        using SafeTensors golden = Golden.Tensors($"gguf/blocks/{type.ToString().ToLowerInvariant()}.safetensors");
        byte[] bytes = golden[$"{name}.bytes"].Span<byte>().ToArray();
        float[] expected = golden[$"{name}.dequantized"].ToFloats();
        Assert.Equal(type.Bytes(Columns) * Rows, bytes.Length);
        Assert.Equal(Bits(expected), Bits(Dequantized(type, bytes, Rows * Columns)));
    }

    [Theory, MemberData(nameof(WrittenCases)), MemberData(nameof(WeightedCases))]
    public void Quantized_bytes_are_the_references(StorageType type, string name)
    {
        using SafeTensors input = Golden.Tensors("gguf/blocks/input.safetensors"),
            golden = Golden.Tensors($"gguf/blocks/{type.ToString().ToLowerInvariant()}.safetensors");
        using JsonDocument kinds = JsonDocument.Parse(File.ReadAllText(Golden.Path("gguf/blocks/input.json")));
        bool isMixed = name.StartsWith("mixed");
        float[] numbers = input[isMixed ? "mixed" : "weights"].ToFloats();
        byte[] expected = golden[$"{name}.bytes"].Span<byte>().ToArray(), got = new byte[expected.Length];
        if (!name.EndsWith("_imatrix")) Assert.True(Pack.FromFloats(type, numbers, got));
        else Weighted(type, numbers, input["imatrix"].ToFloats(), got);
        int size = (int)type.Bytes(SuperBlock), compared = 0;
        for (int i = 0; i < numbers.Length / SuperBlock; i++)
        {
            // Subnormal numbers have an infinite inverse of their scale, with which the reference's C has no defined result.
            bool comparable = !isMixed || type is StorageType.F16 or StorageType.BF16
                || kinds.RootElement.GetProperty("byte_comparable")[i].GetBoolean();
            string kind = isMixed ? kinds.RootElement.GetProperty("kinds")[i].GetString()! : name;
            ReadOnlySpan<byte> block = got.AsSpan(i * size, size);
            if (comparable)
                Assert.True(block.SequenceEqual(expected.AsSpan(i * size, size)),
                    $"{type}, super-block {i} ({kind}) has other bytes than the reference");
            else Assert.All(Dequantized(type, block.ToArray(), SuperBlock), value => Assert.True(MathF.Abs(value) < 1e-36f));
            compared += comparable ? 1 : 0;
        }
        output.WriteLine($"{type}: {compared} of {numbers.Length / SuperBlock} super-blocks equal byte for byte");
    }

    private static void Weighted(StorageType type, float[] numbers, float[] importance, byte[] target)
    {
        int size = target.Length / Rows;
        for (int row = 0; row < Rows; row++)
            Assert.True(Pack.FromRow(type, numbers.AsSpan(row * Columns, Columns), importance, target.AsSpan(row * size, size)));
    }

    [Theory, MemberData(nameof(Cases))]
    public void The_product_with_a_vector_is_the_references(StorageType type, string name)
    {
        string file = type.ToString().ToLowerInvariant();
        using SafeTensors input = Golden.Tensors("gguf/blocks/input.safetensors"),
            golden = Golden.Tensors($"gguf/blocks/{file}.safetensors");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Golden.Path($"gguf/blocks/{file}.json")));
        JsonElement dots = json.RootElement.GetProperty("cases").GetProperty(name).GetProperty("exact_dot_f64");
        float[] numbers = golden[$"{name}.dequantized"].ToFloats(), vector = input["vec"].ToFloats();
        using var rig = new KernelRig(TestDevices.Get(TestDevice.Cpu));
        Weight weight = TestDevices.Get(TestDevice.Cpu).LoadWeight(name, type, Columns,
            new HostRows(golden[$"{name}.bytes"].Address, Rows));
        Matrix y = rig.Result(1, Rows);
        Linear.Run(rig.Queue, weight, rig.View(vector, 1, Columns), y);
        float[] got = rig.Read(y);
        for (int r = 0; r < Rows; r++)
        {
            double terms = vector.Select((v, c) => Math.Abs((double)v * numbers[r * Columns + c])).Sum();
            Assert.Equal(dots[r].GetDouble(), got[r], 1e-5 * terms);
        }
    }

    private static float[] Dequantized(StorageType type, byte[] bytes, int count)
    {
        var floats = new float[count];
        fixed (byte* source = bytes)
        fixed (float* target = floats)
        {
            Unpack.ToFloats(type, source, target, count);
            // F16 and BF16 are read by lanes there; their blocks are one number each.
            if (!type.IsBlock()) BlockFormat.Of(type)!.Dequantize(source, target, count);
        }
        return floats;
    }

    private static int[] Bits(float[] numbers) => MemoryMarshal.Cast<float, int>(numbers).ToArray();
}
