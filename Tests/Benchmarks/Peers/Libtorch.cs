using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.MatMul;

namespace EdgeVideoLlava.Tests.Benchmarks.Peers;

/// <summary>libtorch's operations through its stable C functions (aoti_torch_*, made for compiled models).</summary>
internal static unsafe partial class Libtorch
{
    private const string Library = "libtorch_cpu.so";

    public static void SetThreads(int count)
    {
        aoti_torch_grad_mode_set_enabled(0);
        SetNumThreads(count);
    }

    /// <summary>A float32 tensor over memory of ours; strides in elements, null = dense.</summary>
    public static nint Tensor(float* data, long[] shape, long[]? strides = null)
    {
        strides ??= Dense(shape);
        fixed (long* sizes = shape, steps = strides)
        {
            Check(aoti_torch_create_tensor_from_blob(data, shape.Length, sizes, steps, 0, aoti_torch_dtype_float32(),
                aoti_torch_device_type_cpu(), 0, out nint tensor));
            return tensor;
        }
    }

    /// <summary>y = a · b</summary>
    public static void MatMul(nint y, nint a, nint b) => Check(aoti_torch_cpu_mm_out(y, a, b));

    /// <summary>y = bias + a · b</summary>
    public static void Linear(nint y, nint bias, nint a, nint b) => Check(aoti_torch_cpu_addmm_out(y, bias, a, b, 1, 1));

    public static void Attention(nint q, nint k, nint v, bool causal)
    {
        Check(aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu(q, k, v, 0, causal ? 1
            : 0, null, null, out nint output, out nint logSums));
        Check(aoti_torch_delete_tensor_object(output));
        Check(aoti_torch_delete_tensor_object(logSums));
    }

    /// <summary>The forward's result and log-sums, kept for <see cref="AttentionBackward"/>.</summary>
    public static (nint Output, nint LogSums) KeptAttention(nint q, nint k, nint v, bool causal)
    {
        Check(aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu(q, k, v, 0, causal ? 1
            : 0, null, null, out nint output, out nint logSums));
        return (output, logSums);
    }

    public static void AttentionBackward(nint dy, nint q, nint k, nint v, nint output, nint logSums, bool causal)
    {
        Check(aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu_backward(dy, q, k, v, output, logSums, 0, causal ? 1 : 0, null,
            null, out nint dq, out nint dk, out nint dv));
        foreach (nint gradient in new[] { dq, dk, dv }) Check(aoti_torch_delete_tensor_object(gradient));
    }

    private static long[] Dense(long[] shape)
    {
        var strides = new long[shape.Length];
        long step = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = step;
            step *= shape[i];
        }
        return strides;
    }

    private static void Check(int code)
    {
        if (code != 0) throw new InvalidOperationException($"libtorch returned {code}");
    }

    [LibraryImport(Library)]
    private static partial int aoti_torch_dtype_float32();

    [LibraryImport(Library)]
    private static partial int aoti_torch_device_type_cpu();

    [LibraryImport(Library)]
    private static partial void aoti_torch_grad_mode_set_enabled(byte on);

    [LibraryImport(Library)]
    private static partial int aoti_torch_create_tensor_from_blob(
        void* data, long axes, long* sizes, long* strides, long offset, int type, int device, int index, out nint tensor);

    [LibraryImport(Library)]
    private static partial int aoti_torch_delete_tensor_object(nint tensor);

    [LibraryImport(Library)]
    private static partial int aoti_torch_cpu_mm_out(nint y, nint a, nint b);

    [LibraryImport(Library)]
    private static partial int aoti_torch_cpu_addmm_out(nint y, nint bias, nint a, nint b, double beta, double alpha);

    [LibraryImport(Library)]
    private static partial int aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu(
        nint q, nint k, nint v, double dropout, int causal, nint* mask, double* scale, out nint output, out nint logSums);

    [LibraryImport(Library)]
    private static partial int aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu_backward(
        nint dy, nint q, nint k, nint v, nint output, nint logSums, double dropout, int causal, nint* mask, double* scale, out nint dq,
        out nint dk, out nint dv);

    [LibraryImport(Library, EntryPoint = "_ZN2at15set_num_threadsEi")]
    private static partial void SetNumThreads(int count);
}
