using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Trainer.Saving;

/// <summary>What of a run is no matrix.</summary>
/// <param name="Step">Steps done, skipped ones included: where the order of the samples goes on.</param>
/// <param name="OptimizerSteps">Steps that changed weights.</param>
internal sealed record RunState(
    int Step, int OptimizerSteps, float LossScale, int GoodSteps, int SkippedSteps, long Samples, double? BestLoss, string Recipe);

/// <summary>Checkpoints of a run: one file each, whole under its name or not there.</summary>
/// <remarks>It holds masters and both moments of every parameter, and the run's state as JSON in a tensor of bytes.</remarks>
internal static class TrainingState
{
    private const string Prefix = "checkpoint-", Extension = ".safetensors", StateName = "state", BestName = "best.safetensors";

    /// <summary>The file of a step.</summary>
    public static string PathOf(string folder, int step) => Path.Combine(folder, $"{Prefix}{step:000000}{Extension}");

    /// <summary>The newest checkpoint of a folder; null where there is none.</summary>
    public static string? Newest(string folder) => All(folder).LastOrDefault();

    /// <exception cref="BadInputException">The disk is full, or the folder cannot be written; older checkpoints stay.</exception>
    public static void Save(
        string folder, RunState state, IReadOnlyList<Parameter> parameters, Optimizer optimizer, ComputeQueue queue, int keep)
    {
        Write(PathOf(folder, state.Step), state, parameters, optimizer, queue);
        string[] all = [.. All(folder)];
        foreach (string old in all.Take(Math.Max(0, all.Length - keep))) File.Delete(old);
    }

    /// <summary>Beside the others, in best.safetensors, where it stays until a better one.</summary>
    /// <exception cref="BadInputException">The disk is full, or the folder cannot be written; the one before stays.</exception>
    public static void SaveBest(
        string folder, RunState state, IReadOnlyList<Parameter> parameters, Optimizer optimizer, ComputeQueue queue)
        => Write(Path.Combine(folder, BestName), state, parameters, optimizer, queue);

    private static void Write(string path, RunState state, IReadOnlyList<Parameter> parameters, Optimizer optimizer, ComputeQueue queue)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.RunState);
        List<SafeTensorsWriter.Entry> entries = [new(StateName, StorageType.U8, [json.Length], stream => stream.Write(json))];
        foreach ((string name, Matrix matrix) in Matrices(parameters, optimizer))
            entries.Add(new(name, StorageType.F32, [matrix.Rows, matrix.Columns], stream => TensorBytes.Write(stream, queue, matrix)));
        SafeTensorsWriter.Write(path, entries, []);
    }

    /// <summary>The state alone.</summary>
    public static RunState Read(string path)
    {
        using var file = new SafeTensors(path);
        return Read(file, path);
    }

    /// <summary>Puts a checkpoint's numbers in their places.</summary>
    /// <exception cref="BadInputException">It is another model's, stage's or rank's.</exception>
    public static RunState Load(string path, IReadOnlyList<Parameter> parameters, Optimizer optimizer, ComputeQueue queue)
    {
        using var file = new SafeTensors(path);
        RunState state = Read(file, path);
        (string Name, Matrix Matrix)[] matrices = [.. Matrices(parameters, optimizer)];
        foreach ((string name, Matrix matrix) in matrices)
        {
            if (!file.Tensors.TryGetValue(name, out HostTensor? tensor) || !tensor.Shape.SequenceEqual([matrix.Rows, matrix.Columns])
                || tensor.Type != StorageType.F32)
            {
                throw new BadInputException($"{path}: {name} of ({matrix.Rows}, {matrix.Columns}) is not in it; the checkpoint is of "
                    + "another model, stage or rank");
            }
        }
        if (file.Tensors.Count != matrices.Length + 1)
            throw new BadInputException($"{path}: it holds more than this run trains; the checkpoint is of another stage");
        foreach ((string name, Matrix matrix) in matrices) queue.Write(file.Tensors[name].Span<float>(), matrix);
        foreach (Parameter parameter in parameters) parameter.Store(queue);
        optimizer.Steps = state.OptimizerSteps;
        return state;
    }

    private static RunState Read(SafeTensors file, string path)
    {
        try
        {
            if (file.Tensors.TryGetValue(StateName, out HostTensor? bytes) && bytes.Type == StorageType.U8
                && JsonSerializer.Deserialize(bytes.Span<byte>(), StateJson.Default.RunState) is { } state) return state;
        }
        catch (JsonException)
        {
        }
        throw new BadInputException($"{path}: no checkpoint of a training run");
    }

    private static IEnumerable<string> All(string folder) => !Directory.Exists(folder) ? []
        : Directory.EnumerateFiles(folder, $"{Prefix}*{Extension}").Order(StringComparer.Ordinal);

    private static IEnumerable<(string Name, Matrix Matrix)> Matrices(IReadOnlyList<Parameter> parameters, Optimizer optimizer)
        => parameters.Zip(optimizer.Moments).SelectMany(pair => new[]
        {
            ($"value.{pair.First.Name}", pair.First.Value), ($"first.{pair.First.Name}", pair.Second.First),
            ($"second.{pair.First.Name}", pair.Second.Second),
        });
}

/// <summary>Made at compile time.</summary>
[JsonSerializable(typeof(RunState))]
internal sealed partial class StateJson : JsonSerializerContext;
