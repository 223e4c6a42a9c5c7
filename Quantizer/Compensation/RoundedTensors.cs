using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Quantizer.Compensation;

/// <summary>The linears of a language model as they were rounded layer by layer, until they are written in the order of the file.</summary>
internal sealed class RoundedTensors : IDisposable
{
    private ScratchFile? scratch;

    /// <param name="output">What is written in the end.</param>
    /// <param name="calibration">Null: nothing is rounded here.</param>
    /// <returns>The plan, with what is rounded.</returns>
    public ModelPlan Fill(ModelPlan plan, Checkpoint checkpoint, string output, LayerCalibration? calibration,
        IProgress<QuantizerProgress>? progress, CancellationToken cancel)
    {
        IReadOnlyList<TensorPlan> tensors = plan.Files[0].Tensors;
        long bytes = tensors.Where(LayerRounding.Takes).Sum(tensor => tensor.Source.Elements / tensor.Columns
            * tensor.Type.Bytes(tensor.Columns));
        if (calibration == null || bytes == 0) return plan;
        scratch = new ScratchFile(Path.GetDirectoryName(Path.GetFullPath(output))!, bytes);
        nint next = scratch.Address;
        var rounding = new LayerRounding(checkpoint, calibration, cancel);
        Dictionary<string, RoundedTensor> rounded = rounding.Run(tensors, Place,
            (done, tensor) => progress?.Report(new QuantizerProgress(tensor, done)));
        return plan.With([.. tensors.Select(tensor => tensor with { Rounded = rounded.GetValueOrDefault(tensor.Name) })]);

        nint Place(TensorPlan tensor)
        {
            nint place = next;
            next += (nint)(tensor.Source.Elements / tensor.Columns * tensor.Type.Bytes(tensor.Columns));
            return place;
        }
    }

    public void Dispose() => scratch?.Dispose();
}
