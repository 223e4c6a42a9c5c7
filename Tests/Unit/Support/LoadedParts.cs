using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>A checkpoint opened for tests that put parts of it together themselves.</summary>
internal sealed class LoadedParts : IDisposable
{
    private readonly List<IDisposable> more = [];

    public LoadedParts(string folder, TestDevice device)
    {
        Checkpoint = new Checkpoint(folder);
        Device = TestDevices.Get(device);
        Queue = Device.CreateQueue();
        Arena = new Arena(Device);
        Loader = new WeightLoader(Checkpoint, Device, Queue, new LoadOptions(), default);
    }

    public Checkpoint Checkpoint { get; }
    public ComputeDevice Device { get; }
    public ComputeQueue Queue { get; }
    public Arena Arena { get; }
    public WeightLoader Loader { get; }

    /// <summary>The checkpoint's config.json, read.</summary>
    public VideoLlavaConfig Config => ConfigReader.Read(Checkpoint);

    public ModelTensors Tensors => new(Config);

    /// <summary>A matrix on the device, disposed with the parts.</summary>
    public Matrix Matrix(float[] values, int rows, int columns)
    {
        Matrix matrix = Device.AllocateMatrix(rows, columns);
        more.Add(matrix.Buffer);
        Queue.Write(values, matrix);
        return matrix;
    }

    public void Dispose()
    {
        foreach (IDisposable part in Loader.Owned.Concat(more)) part.Dispose();
        Arena.Dispose();
        Queue.Dispose();
        Checkpoint.Dispose();
    }
}
