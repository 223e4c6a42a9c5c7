using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Benchmarks.Peers;

// dotnet run -c Release --project Tests/Benchmarks/Peers [threads [tower|train]]; "tower" measures the tower alone, "train" a step's shapes.
int threads = args.Length > 0 ? int.Parse(args[0]) : Environment.ProcessorCount;
Libtorch.SetThreads(threads);
using (var device = new CpuDevice(threads)) Console.WriteLine(device.Description);
MachinePeaks before = MachinePeaks.Measure(threads);
Console.WriteLine($"{"",-32} {"torch ms",9} {"ours ms",9} {"GFLOP/s",8} {"GFLOP/s",8} {"GB/s",7} {"GB/s",7} {"ours/torch",8}");
using var comparison = new Comparison(threads);
if (args.Contains("train"))
{
    Training();
    return;
}
if (!args.Contains("tower")) Kernels();

// The machine may be busy with other work: the better of two measurements, before and after.
MachinePeaks last = MachinePeaks.Measure(threads);
double flops = Math.Max(before.FlopsPerSecond, last.FlopsPerSecond), bytes = Math.Max(before.ReadBytesPerSecond, last.ReadBytesPerSecond);
Console.WriteLine($"peak: {flops / 1e9:F0} GFLOP/s, reading {bytes / 1e9:F1} GB/s");
comparison.Tower(flops);

void Kernels()
{
    comparison.Linear("mm 4096x4096x512 F32", 512, 4096, 4096, StorageType.F32, bias: false);
    comparison.Linear("mm 4096x4096x512 F16 weights", 512, 4096, 4096, StorageType.F16, bias: false);
    comparison.Linear("linear 2056x1024x4096 F32", 2056, 1024, 4096, StorageType.F32, bias: true);
    comparison.Linear("linear 2056x4096x1024 F32", 2056, 4096, 1024, StorageType.F32, bias: true);
    comparison.Attention("sdpa [1,16,257,64]", 16, 257, 64, causal: false);
    comparison.Attention("causal sdpa [1,32,2048,128]", 32, 2048, 128, causal: true);
    comparison.Linear("gemv 11008x4096 F32", 1, 4096, 11008, StorageType.F32, bias: false);
    comparison.Linear("gemv 11008x4096 F16 weights", 1, 4096, 11008, StorageType.F16, bias: false);
}

// Of a stage-2 step with an adapter (7B shapes, 512 positions; rank 128), and of a stage-0 step (ViT-L/14, one clip of 8 frames).
void Training()
{
    comparison.LinearBackward("512x4096x4096", 512, 4096, 4096);
    comparison.LinearBackward("512x4096x11008", 512, 4096, 11008);
    comparison.LinearBackward("lora A 512x4096x128", 512, 4096, 128);
    comparison.LinearBackward("lora B 512x128x4096", 512, 128, 4096);
    comparison.LinearBackward("fc1 2056x1024x4096", 2056, 1024, 4096);
    comparison.LinearBackward("qkv 2056x1024x3072", 2056, 1024, 3072);
    comparison.Attention("causal [1,32,512,128]", 32, 512, 128, causal: true);
    comparison.AttentionBackward("causal [1,32,512,128] backward", 32, 512, 128, causal: true);
    comparison.Attention("full [1,16,257,64]", 16, 257, 64, causal: false);
    comparison.AttentionBackward("full [1,16,257,64] backward", 16, 257, 64, causal: false);
    MachinePeaks after = MachinePeaks.Measure(threads);
    Console.WriteLine($"peak: {Math.Max(before.FlopsPerSecond, after.FlopsPerSecond) / 1e9:F0} GFLOP/s");
}
