using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Quantizer.Compensation;

/// <summary>Rounds the linears of a language model in the order of its forward pass, each by the inputs that it gets from those before it
/// as they are rounded.</summary>
internal sealed unsafe class LayerRounding(
    Checkpoint checkpoint, LayerCalibration calibration, CancellationToken cancel)
{
    /// <summary>What is added to the diagonal of the inputs' products, over its mean.</summary>
    private const double DampingShare = 0.01;

    private static readonly (Func<LlamaBlockTensors, ParameterSpec> Linear, Func<LlamaActivations, Matrix> Input,
        Func<LlamaBlockWeights, Weight, LlamaBlockWeights> Put)[] Stages =
    [
        (block => block.Qkv, a => a.Norm, (block, weight) => block with { Qkv = weight, Value = null }),
        (block => block.Out, a => a.Context, (block, weight) => block with { Out = weight }),
        (block => block.GateUp, a => a.FeedForwardNorm, (block, weight) => block with { GateUp = weight }),
        (block => block.Down, a => a.Hidden, (block, weight) => block with { Down = weight }),
    ];

    private readonly VideoLlava model = calibration.Model;
    private readonly CalibrationInputs inputs = calibration.Inputs;
    private readonly ModelTensors tensors = new(calibration.Model.Config);

    /// <summary>Rounds every linear of which the plans want blocks.</summary>
    /// <param name="place">Where the rounded rows of a tensor are to be put; null: it stays as it is.</param>
    /// <param name="progress">Told how many layers are done, and the tensor that was rounded.</param>
    public Dictionary<string, RoundedTensor> Run(IReadOnlyList<TensorPlan> plans, Func<TensorPlan, nint> place,
        Action<double, string>? progress)
    {
        Dictionary<string, TensorPlan> byName = plans.ToDictionary(plan => plan.Name);
        var rounded = new Dictionary<string, RoundedTensor>();
        LlamaConfig config = model.Config.Language;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            LlamaBlockWeights block = model.Language.Weights.Blocks[layer];
            var own = new List<Weight>();
            try
            {
                foreach ((int stage, var (linear, input, put)) in Stages.Index())
                {
                    ParameterSpec parameter = linear(tensors.Language.Blocks[layer]);
                    TensorPlan[] wanted = [.. parameter.Tensors.Select(tensor => byName[GgufNames.InFile(tensor.Name)])];
                    if (!wanted.Any(Takes)) continue;
                    using (Weight squares = Squares(block, input, parameter.Columns))
                        Round(squares, [.. wanted.Where(Takes)], place, rounded);
                    Weight weight = AsRounded(parameter, wanted, rounded);
                    own.Add(weight);
                    block = put(block, weight);
                    progress?.Invoke((layer + (stage + 1) / (double)Stages.Length) / config.Layers, wanted[0].Name);
                }
                if (layer + 1 < config.Layers) inputs.Advance(block, cancel);
            }
            finally
            {
                foreach (Weight weight in own) weight.Dispose();
            }
        }
        return rounded;
    }

    /// <summary>Whether a tensor is a layer's linear that becomes blocks.</summary>
    public static bool Takes(TensorPlan plan) => CompensatedRounding.Takes(plan.Type) && plan.Source.Type != plan.Type
        && plan.Name.StartsWith("blk.", StringComparison.Ordinal);

    /// <summary>Σ x xᵀ of what a linear of a layer is multiplied with, in float32.</summary>
    private Weight Squares(LlamaBlockWeights block, Func<LlamaActivations, Matrix> input, int columns)
    {
        Weight weight = model.Device.AllocateWeight("squares of inputs", StorageType.F32, columns, columns);
        Matrix squares = model.Device.Numbers(weight);
        bool isFirst = true;
        inputs.Run(block, (activations, _) =>
        {
            Matrix x = input(activations);
            PlainProduct.Run(model.LanguageQueue, x, true, x, squares, !isFirst);
            isFirst = false;
        }, cancel);
        return weight;
    }

    private void Round(Weight squares, TensorPlan[] plans, Func<TensorPlan, nint> place, Dictionary<string, RoundedTensor> rounded)
    {
        foreach (IGrouping<int, TensorPlan> group in plans.GroupBy(plan => plan.Type.BlockColumns()))
        {
            using var feedback = new ErrorFeedback((float*)squares.Cpu(), squares.Columns, group.Key, DampingShare, cancel);
            foreach (TensorPlan plan in group)
            {
                RoundedTensor result = Round(plan, feedback, place(plan));
                if (result.Address != 0) rounded.Add(plan.Name, result);
            }
        }
    }

    /// <summary>Both ways; the one whose outputs change less is kept.</summary>
    private RoundedTensor Round(TensorPlan plan, ErrorFeedback feedback, nint target)
    {
        int rows = (int)(plan.Source.Elements / plan.Columns), step = CompensatedRounding.Rows;
        long rowBytes = plan.Type.Bytes(plan.Columns);
        float[] importance = [.. feedback.Diagonal.Select(sum => sum / inputs.Rows)];
        OutputLoss weighted = new(feedback), compensated = new(feedback);
        var simple = new byte[rows * rowBytes];
        CompensatedRounding? rounding = calibration.Compensates ? new CompensatedRounding(plan.Type, feedback, importance) : null;
        int misfits = 0;
        Parallel.For(0, (rows + step - 1) / step, new ParallelOptions { CancellationToken = cancel }, item =>
        {
            int first = item * step, count = Math.Min(step, rows - first);
            float[] numbers = Numbers(plan, first, count);
            for (int r = 0; r < count; r++)
            {
                ReadOnlySpan<float> row = numbers.AsSpan(r * plan.Columns, plan.Columns);
                Span<byte> blocks = simple.AsSpan((int)((first + r) * rowBytes), (int)rowBytes);
                if (!Pack.FromRow(plan.Type, row, plan.Importance ?? importance, blocks)) Interlocked.Increment(ref misfits);
                else weighted.Add(row, blocks, plan.Type);
            }
            if (rounding == null) return;
            var made = new byte[step * rowBytes];
            if (!Pack.AreFinite(numbers) || !rounding.Run(numbers, made)) Interlocked.Increment(ref misfits);
            for (int r = 0; r < count; r++)
                compensated.Add(numbers.AsSpan(r * plan.Columns, plan.Columns), made.AsSpan((int)(r * rowBytes), (int)rowBytes), plan.Type);
            made.AsSpan(0, (int)(count * rowBytes)).CopyTo(new Span<byte>((byte*)target + first * rowBytes, (int)(count * rowBytes)));
        });
        if (misfits > 0) return new RoundedTensor(0, new OutputReport(OutputReport.Weighted, 0, null, 1)); // told when it is written
        bool compensates = rounding != null && compensated.RelativeError < weighted.RelativeError;
        if (!compensates) simple.CopyTo(new Span<byte>((byte*)target, simple.Length));
        (OutputLoss taken, OutputLoss left) = compensates ? (compensated, weighted) : (weighted, compensated);
        return new RoundedTensor(target, new OutputReport(compensates ? OutputReport.Compensated : OutputReport.Weighted,
            taken.RelativeError, rounding == null ? null : left.RelativeError, taken.Cosine));
    }

    /// <summary>Rows of the source, filled up with zeros.</summary>
    private static float[] Numbers(TensorPlan plan, int first, int count)
    {
        var numbers = new float[CompensatedRounding.Rows * plan.Columns];
        StorageType from = plan.Source.Type;
        Unpack.ToFloats(from, (byte*)plan.Source.Address + from.Bytes((long)first * plan.Columns), numbers.AsSpan(0, count * plan.Columns));
        return numbers;
    }

    /// <summary>The linear as float32, with what is rounded of it.</summary>
    private Weight AsRounded(ParameterSpec parameter, TensorPlan[] plans, Dictionary<string, RoundedTensor> rounded)
        => model.Device.MakeWeight(parameter.Name, StorageType.F32, parameter.Rows, parameter.Columns, target =>
        {
            foreach ((TensorSpec spec, TensorPlan plan) in parameter.Tensors.Zip(plans))
            {
                bool isRounded = rounded.TryGetValue(plan.Name, out RoundedTensor? done);
                var rows = new HostRows(isRounded ? done!.Address : plan.Source.Address, (int)spec.Shape[0],
                    checkpoint.PairsNeighbours ? spec.RotaryHeads : 0);
                Pack.Rows(rows, isRounded ? plan.Type : plan.Source.Type, StorageType.F32, parameter.Columns, target, cancel);
                target += (nint)StorageType.F32.Bytes(spec.Elements);
            }
        });
}

/// <summary>A tensor as blocks, and what its outputs on calibration data lose.</summary>
/// <param name="Address">Of its rows, in the order of the source.</param>
internal sealed record RoundedTensor(nint Address, OutputReport Report)
{
    public unsafe ReadOnlySpan<byte> Row(int row, int bytes) => new((byte*)Address + (long)row * bytes, bytes);
}
