using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Rotary;

// no gpu: a backward runs on the processor
// no benchmark: bound by memory, measured with a training step
/// <summary>Backward of the rotation, in place: the gradients of rotated heads become those of the heads before.</summary>
/// <remarks>
/// dx[i] = dy[i] · cos[p,i] + dy[i+d/2] · sin[p,i];   dx[i+d/2] = dy[i+d/2] · cos[p,i] − dy[i] · sin[p,i]
/// heads (T, H·d): queries and keys side by side;  cos, sin and positions as in the forward.
/// </remarks>
internal static partial class RotaryEmbedding
{
    public static void Backward(ComputeQueue queue, Matrix heads, Matrix cos, Matrix sin, IntVector positions)
    {
        Shapes.Same(cos, sin);
        Shapes.Length(positions, heads.Rows);
        if (heads.Columns % (2 * cos.Columns) != 0)
            throw new ArgumentException($"{heads.Columns} columns are not a multiple of the head size {2 * cos.Columns}");
        Backward(CpuQueue.Of(queue), heads, cos, sin, positions);
    }
}
