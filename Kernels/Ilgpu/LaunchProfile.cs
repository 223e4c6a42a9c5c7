using System.Runtime.CompilerServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>Time stamps of the driver between a queue's launches, which go on without waiting: a time is from the end
/// of one launch to the end of the next.</summary>
/// <remarks>So where the queue ran dry, because the host gives small kernels too slowly, a time contains the wait.</remarks>
internal sealed class LaunchProfile(AcceleratorStream stream) : IDisposable
{
    private readonly ProfilingMarker start = stream.AddProfilingMarker();
    private readonly List<(string Kernel, string Shape, double Bytes, double Flop, ProfilingMarker End)> launches = [];

    /// <summary>Called when a piece of work was given: a launcher with its arguments, or a copy.</summary>
    public void Add<TWork>(TWork work)
    {
        var parts = work as ITuple;
        string kernel = parts is { Length: > 0 } && parts[0] is Delegate launcher
            ? KernelName.Of(launcher.GetCompiledKernel().SourceMethod) : "transfer";
        (string shape, double bytes, double flop) = Product(parts);
        launches.Add((kernel, shape, bytes, flop, stream.AddProfilingMarker()));
    }

    /// <summary>The costliest first. The stream has been waited for.</summary>
    public IReadOnlyList<LaunchTime> Times()
    {
        var times = new List<(string Kernel, string Shape, double Bytes, double Flop, double Seconds)>();
        ProfilingMarker before = start;
        foreach ((string kernel, string shape, double bytes, double flop, ProfilingMarker end) in launches)
        {
            times.Add((kernel, shape, bytes, flop, end.MeasureFrom(before).TotalSeconds));
            before = end;
        }
        return [.. times.GroupBy(time => (time.Kernel, time.Shape))
            .Select(same => new LaunchTime(same.Key.Kernel, same.Key.Shape, same.Count(), same.Sum(time => time.Seconds),
                same.Sum(time => time.Bytes), same.Sum(time => time.Flop)))
            .OrderByDescending(time => time.Seconds)];
    }

    public void Dispose()
    {
        start.Dispose();
        foreach ((_, _, _, _, ProfilingMarker end) in launches) end.Dispose();
    }

    /// <summary>A launch with a weight and a result is a product: all its sizes are among the arguments.</summary>
    private static (string Shape, double Bytes, double Flop) Product(ITuple? parts)
    {
        WeightView? weight = null;
        ResultView? result = null;
        int elementBytes = 0;
        for (int i = 0; i < (parts?.Length ?? 0); i++)
        {
            if (parts![i] is WeightView w) weight = w;
            else if (parts[i] is ResultView y) result = y;
            else if (parts[i] is EightsView<Float16>) elementBytes = sizeof(ushort);
            else if (parts[i] is EightsView<Float32>) elementBytes = sizeof(float);
        }
        if (weight is not { } of || result is not { } to) return ("", 0, 0);
        double words = (double)of.Rows * (of.RowWords + of.ScaleWords);
        double results = (double)to.Rows * to.Columns * (to.IsHalf != 0 ? sizeof(ushort) : sizeof(float));
        return ($"{to.Rows} x {of.Columns} to {of.Rows}", words * sizeof(uint) + (double)to.Rows * of.Columns * elementBytes + results,
            2.0 * to.Rows * of.Rows * of.Columns);
    }
}
