using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>Memory of an accelerator that a converted model will take, with the KV cache of one conversation in binary16.</summary>
/// <param name="Weights">Bytes of all weights and tables.</param>
/// <param name="Positions">Of the KV cache.</param>
/// <param name="KvCache">Its bytes.</param>
public sealed record DeviceMemory(long Weights, int Positions, long KvCache)
{
    internal static DeviceMemory Of(ModelPlan plan, Checkpoint checkpoint, int? positions)
    {
        Dictionary<HostTensor, TensorPlan> plans = plan.Files.SelectMany(file => file.Tensors).ToDictionary(tensor => tensor.Source);
        LlamaConfig language = plan.Config.Language;
        int held = Math.Min(positions ?? language.Context, language.Context);
        long weights = 2 * IlgpuDevice.BufferBytes(StorageType.F32, (long)language.Context * language.HeadSize / 2);
        foreach (ParameterSpec parameter in new ModelTensors(plan.Config).Loaded(new LoadOptions()))
        {
            weights += parameter.IsWeight
                ? parameter.Tensors.Select(tensor => plans[checkpoint.Tensors[tensor.Name]])
                    .Sum(tensor => IlgpuDevice.WeightBytes(tensor.Type, (int)tensor.Shape[0], parameter.Columns))
                : IlgpuDevice.BufferBytes(StorageType.F32, parameter.Elements);
        }
        long row = HeadRows.RowBytes(language.KeyValueHeads, language.HeadSize, StorageType.F16);
        return new DeviceMemory(weights, held, 2L * language.Layers * held * row);
    }
}
