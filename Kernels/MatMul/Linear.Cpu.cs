using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.MatMul;

internal static partial class Linear
{
    private static void Cpu(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
    {
        switch (weight.Type)
        {
            case StorageType.F32: Cpu<StoredF32>(queue, weight, x, y, epilogue); break;
            case StorageType.F16: Cpu<StoredF16>(queue, weight, x, y, epilogue); break;
            case StorageType.BF16: Cpu<StoredBF16>(queue, weight, x, y, epilogue); break;
            default:
                if (weight.Buffer is PanelBuffer) IntegerProduct.Run(queue, weight, x, y, epilogue);
                else BlockProduct.Run(queue, weight, x, y, epilogue);
                break;
        }
    }

    private static void Cpu<TStored>(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
        where TStored : unmanaged, IStored
    {
        if (x.Rows <= FewRowsProduct.MostRows) FewRowsProduct.Run<TStored>(queue, weight, x, y, epilogue);
        else PackedProduct.Run<TStored>(queue, weight, x, y, epilogue);
    }
}
