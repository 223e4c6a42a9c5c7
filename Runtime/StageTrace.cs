using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime;

/// <summary>Receives the tensors of a forward pass by name while it runs: for `edge trace` and the tests. Waits for
/// the queue at each one.</summary>
/// <param name="queue">The queue that the traced pass runs on.</param>
/// <param name="receive">Name, rows, columns and values (a fresh array, row by row).</param>
internal sealed class StageTrace(ComputeQueue queue, Action<string, int, int, float[]> receive, string prefix = "")
{
    /// <summary>The same trace with a prefix before every name.</summary>
    public StageTrace Within(string stage) => new(queue, receive, $"{prefix}{stage}.");

    public void Record(string name, Matrix values) => receive(prefix + name, values.Rows, values.Columns, queue.Read(values));

    public void Record(params ReadOnlySpan<(string Name, Matrix Values)> stages)
    {
        foreach ((string name, Matrix values) in stages) Record(name, values);
    }
}
