using BenchmarkDotNet.Attributes;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Tests.Benchmarks.Runtime.Vision;

/// <summary>One clip through the video tower at its real size.</summary>
[MemoryDiagnoser]
public class VisionTowerBenchmarks
{
    private readonly RandomTower tower = new(new CpuDevice(), StorageType.F16);

    [Benchmark]
    public void Encode() => tower.Encode();
}
