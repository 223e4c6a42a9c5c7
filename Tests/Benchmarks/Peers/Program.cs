using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Benchmarks.Peers;

// dotnet run -c Release --project Tests/Benchmarks/Peers [threads [tower]]; "tower" measures the tower alone.
int threads = args.Length > 0 ? int.Parse(args[0]) : Environment.ProcessorCount;
Libtorch.SetThreads(threads);
using (var device = new CpuDevice(threads)) Console.WriteLine(device.Description);
MachinePeaks before = MachinePeaks.Measure(threads);
Console.WriteLine($"{"",-32} {"torch ms",9} {"ours ms",9} {"GFLOP/s",8} {"GFLOP/s",8} {"GB/s",7} {"GB/s",7} {"ours/torch",8}");
using var comparison = new Comparison(threads);
if (!args.Contains("tower")) Kernels();

// The machine may be busy with other work: the better of two measurements, before and after.
MachinePeaks after = MachinePeaks.Measure(threads);
double flops = Math.Max(before.FlopsPerSecond, after.FlopsPerSecond), bytes = Math.Max(before.ReadBytesPerSecond, after.ReadBytesPerSecond);
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
