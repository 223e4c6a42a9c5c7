using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// dotnet run -c Release --project Tests/Benchmarks -- --filter '*Linear*'
// In this process: the sizes are large, and the projects' settings need not be repeated in generated ones.
IConfig config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(
    new InProcessEmitToolchain(TimeSpan.FromMinutes(10), logOutput: true)));
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
