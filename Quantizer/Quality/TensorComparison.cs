using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Quantizer.Quality;

/// <summary>The tensors of two forms of a model, number by number.</summary>
public static unsafe class TensorComparison
{
    private const int PieceNumbers = 1 << 20;

    /// <summary>What each tensor of B has lost of A's, in the order of A.</summary>
    /// <exception cref="BadInputException">They are not two forms of one model.</exception>
    public static IReadOnlyList<ComparedTensor> Compare(string a, string b, CancellationToken cancel = default)
    {
        using Checkpoint one = new(a), other = new(b);
        VideoLlavaConfig config = Read(one), otherConfig = Read(other);
        Dictionary<string, TensorSpec> specs
            = new ModelTensors(config).Stored.ToDictionary(entry => entry.Tensor.Name, entry => entry.Tensor);
        string[] shared = [.. one.Tensors.Keys.Where(name => other.Tensors.ContainsKey(name) && specs.ContainsKey(name))];
        if (Sizes(config) != Sizes(otherConfig) || shared.Length == 0)
            throw new BadInputException($"{a} and {b}: not two forms of one model ({config.Language} and {otherConfig.Language})");
        return [.. shared.Select(name => Compare(one, other, specs[name], cancel))];
    }

    /// <summary>Without what forms of one model may differ in: rows of placeholders, and the id that fills a training batch.</summary>
    private static LlamaConfig Sizes(VideoLlavaConfig config) => config.Language with { Vocabulary = 0, PaddingId = null };

    private static VideoLlavaConfig Read(Checkpoint checkpoint)
    {
        VideoLlavaConfig config = ConfigReader.Read(checkpoint);
        new ModelTensors(config).Check(checkpoint);
        return config;
    }

    private static ComparedTensor Compare(Checkpoint a, Checkpoint b, TensorSpec spec, CancellationToken cancel)
    {
        HostTensor one = a.Tensors[spec.Name], other = b.Tensors[spec.Name];
        if (!one.Shape.Skip(1).SequenceEqual(other.Shape.Skip(1)))
            throw new BadInputException($"{one} and {other}: not of the same shape; these are not two forms of one model");
        int rows = (int)Math.Min(one.Shape[0], other.Shape[0]), columns = (int)(one.Elements / one.Shape[0]);
        HostRows oneRows = Rows(a, one, spec), otherRows = Rows(b, other, spec);
        var loss = new TensorLoss();
        var parallel = new ParallelOptions { CancellationToken = cancel };
        int step = Math.Max(1, PieceNumbers / columns);
        Parallel.For(0, (rows + step - 1) / step, parallel, piece =>
        {
            float[] from = new float[columns], to = new float[columns];
            for (int row = piece * step; row < Math.Min(rows, (piece + 1) * step); row++)
            {
                Unpack.ToFloats(one.Type, (byte*)oneRows.Row(row, one.Type.Bytes(columns)), from);
                Unpack.ToFloats(other.Type, (byte*)otherRows.Row(row, other.Type.Bytes(columns)), to);
                loss.Add(from, to);
            }
        });
        return new ComparedTensor(spec.Name, one.Type.ToString(), other.Type.ToString(), loss.RelativeError, loss.WorstBlock, loss.Cosine);
    }

    private static HostRows Rows(Checkpoint checkpoint, HostTensor tensor, TensorSpec spec)
        => new(tensor.Address, (int)tensor.Shape[0], checkpoint.PairsNeighbours ? spec.RotaryHeads : 0);
}

/// <summary>A tensor of two forms of a model.</summary>
/// <param name="Name">Canonical.</param>
/// <param name="TypeA">How A stores it.</param>
/// <param name="TypeB">How B stores it.</param>
/// <param name="RelativeError">Root mean square of the difference over that of A's numbers.</param>
/// <param name="WorstBlock">The same of the worst 32 neighbours, over the tensor's root mean square.</param>
/// <param name="Cosine">Of the angle between both.</param>
public sealed record ComparedTensor(string Name, string TypeA, string TypeB, double RelativeError, double WorstBlock, double Cosine);
