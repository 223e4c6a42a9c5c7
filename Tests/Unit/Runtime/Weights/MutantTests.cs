using System.Buffers.Binary;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;
using EdgeVideoLlava.Runtime.Weights.Torch;
using EdgeVideoLlava.Tests.Unit.Support;
using FsCheck;
using FsCheck.Fluent;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

/// <summary>Valid files with random damage: each is read, or refused in one line; nothing is allocated for what it only claims.</summary>
public sealed class MutantTests(ITestOutputHelper output) : IDisposable
{
    private const int Mutants = 400;
    private const long Allowance = 64 << 20;

    /// <summary>Numbers at which sums, products and signs go wrong.</summary>
    private static readonly ulong[] Edges = [0, 1, 7, 33, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0001, 1UL << 40, (1UL << 61) + 1,
        (1UL << 62) + 1, long.MaxValue, 1UL << 63, ulong.MaxValue];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Each row has mutants and a seed of its own, 2000 together.</summary>
    [Theory]
    [InlineData("gguf/malformed/valid.gguf", 1)]
    [InlineData("a vocabulary", 2)]
    [InlineData("gguf/malformed/valid_st.safetensors", 3)]
    [InlineData("gguf/malformed/valid_torch.bin", 4)]
    [InlineData("original-tiny/pretrain-legacy/mm_projector.bin", 5)]
    public void A_mutant_is_read_or_refused(string name, int seed)
    {
        byte[] valid = name == "a vocabulary" ? Vocabulary() : File.ReadAllBytes(Golden.Path(name));
        string path = folder.File("mutant" + (name == "a vocabulary" ? ".gguf" : Path.GetExtension(name)), valid);
        Read(path);
        int refused = 0, header = Math.Min(valid.Length, 1500);
        Gen<Damage[]> damages = Gen.Choose(1, 4).SelectMany(count => Gen.ArrayOf(
            Gen.Zip(Gen.Choose(0, 5), Gen.Choose(0, header - 1), (kind, at) => (kind, at))
                .SelectMany(_ => Gen.Choose(0, int.MaxValue), (place, number) => new Damage(place.kind, place.at, number)), count));
        Damage[][] all = [.. Gen.Sample(damages, Mutants, new Rnd((ulong)seed, 1UL), 100)];
        Assert.Equal(Mutants, all.Length);
        foreach (Damage[] damage in all)
        {
            byte[] mutant = damage.Aggregate(valid, (bytes, one) => one.Do(bytes));
            File.WriteAllBytes(path, mutant);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Read(path);
            }
            catch (BadInputException e)
            {
                refused++;
                Assert.Contains(path, e.Message);
                Assert.DoesNotContain('\n', e.Message);
            }
            catch (Exception e)
            {
                Assert.Fail($"{string.Join(", ", damage.Select(one => one.ToString()))}: {e}");
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, mutant.Length + Allowance);
        }
        output.WriteLine($"{refused} of {Mutants} refused");
        Assert.InRange(refused, Mutants / 4, Mutants);
    }

    private static void Read(string path)
    {
        switch (Path.GetExtension(path))
        {
            case ".gguf": ReadGguf(path); break;
            case ".safetensors":
                using (var file = new SafeTensors(path)) Touch(file.Tensors.Values);
                break;
            default:
                using (var file = new TorchFile(path))
                    Touch(file.Tensors.Select(pair => new HostTensor(pair.Key, pair.Value.Type, [.. pair.Value.Shape], pair.Value.Address)));
                break;
        }
    }

    private static void ReadGguf(string path)
    {
        using (var tensors = new GgufTensors(path)) Touch(tensors.Tensors.Values);
        using (var file = new GgufFile(path))
        {
            if (!file.Keys.Has("tokenizer.ggml.model")) return;
        }
        TextTokenizer tokenizer = TextTokenizer.Load(path);
        tokenizer.Decode(tokenizer.Encode("hello <end> world 12"));
    }

    private static void Touch(IEnumerable<HostTensor> tensors)
    {
        foreach (HostTensor tensor in tensors)
        {
            if (tensor.Type is StorageType.F32 or StorageType.F16 or StorageType.BF16) tensor.ToFloats();
            else Assert.True(tensor.BytesEqual(tensor));
        }
    }

    private static byte[] Vocabulary()
    {
        string[] pieces = ["h", "e", "l", "o", "he", "ll", "w", "r", "d", "\u0120", "<end>"];
        return GgufWriter.Write(new Dictionary<string, object>
        {
            ["general.architecture"] = "llama",
            ["tokenizer.ggml.model"] = "gpt2",
            ["tokenizer.ggml.pre"] = "default",
            ["tokenizer.ggml.tokens"] = pieces,
            ["tokenizer.ggml.token_type"] = pieces.Select(piece => piece == "<end>" ? 3 : 1).ToArray(),
            ["tokenizer.ggml.merges"] = new[] { "h e", "l l" },
            ["tokenizer.ggml.eos_token_id"] = 10u,
        }, []);
    }

    /// <summary>One change of a file.</summary>
    private sealed record Damage(int Kind, int At, int Number)
    {
        public byte[] Do(byte[] bytes)
        {
            if (bytes.Length == 0) return bytes;
            int at = At % bytes.Length, length = Math.Min(1 + Number % 40, bytes.Length - at);
            byte[] copy = [.. bytes];
            switch (Kind)
            {
                case 0: copy[at] = (byte)Number; break;
                case 1: copy[at] ^= (byte)(1 << (Number % 8)); break;
                case 2: WriteEdge(copy, at); break;
                case 3: return copy[..at];
                case 4: return [.. copy[..at], .. copy[(at + length)..]];
                default: return [.. copy[..at], .. copy[at..(at + length)], .. copy[at..]];
            }
            return copy;
        }

        private void WriteEdge(byte[] bytes, int at)
        {
            Span<byte> number = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(number, Edges[Number % Edges.Length]);
            int size = Math.Min(Number % 2 == 0 ? 4 : 8, bytes.Length - at);
            number[..size].CopyTo(bytes.AsSpan(at));
        }
    }
}
