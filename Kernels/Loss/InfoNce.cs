using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.MatMul;

namespace EdgeVideoLlava.Kernels.Loss;

// no gpu: its products and soft-max are operations of their own
// no benchmark: measured with a training step
/// <summary>Symmetric InfoNCE of two sets of features, and its gradients: the loss of CLIP (arXiv:2103.00020, figure 3).</summary>
/// <remarks>
/// s = exp(logit scale);  logits = s · a bᵀ;  loss = (mean cross entropy of the rows + that of the columns) / 2, labels 0..N-1
/// a, b, da, db (N, D), float32: rows of length one;  da, db are replaced by factor · d loss.
/// d loss / d logit scale = Σ a ∘ da, as the loss knows a only through s · a.
/// </remarks>
internal static class InfoNce
{
    /// <param name="arena">For this alone.</param>
    /// <param name="factor">What gradients are multiplied with.</param>
    /// <returns>The loss, and factor · d loss / d logit scale.</returns>
    public static (double Loss, double ScaleGradient) Run(ComputeQueue queue, Matrix a, Matrix b, float logitScale, float factor,
        Arena arena, Matrix da, Matrix db)
    {
        Shapes.Same(a, b);
        Shapes.Same(a, da);
        Shapes.Same(a, db);
        using Arena.Scope scope = arena.Begin();
        Fill.Run(queue, da, 0);
        Fill.Run(queue, db, 0);
        float scale = MathF.Exp(logitScale);
        Matrix scaledA = Scaled(queue, a, scale, arena), scaledB = Scaled(queue, b, scale, arena);
        double loss = OneWay(queue, a, b, scaledA, scaledB, factor, arena, da, db)
            + OneWay(queue, b, a, scaledB, scaledA, factor, arena, db, da);
        float[] features = queue.Read(a), gradients = queue.Read(da);
        return (loss / (2 * a.Rows), features.Zip(gradients, (value, gradient) => (double)value * gradient).Sum());
    }

    private static Matrix Scaled(ComputeQueue queue, Matrix x, float scale, Arena arena)
    {
        Matrix scaled = arena.Take(x.Rows, x.Columns);
        CopyRows.Run(queue, x, scaled);
        Scale.Run(queue, scaled, scale);
        return scaled;
    }

    /// <summary>Each row of a against all of b.</summary>
    private static double OneWay(ComputeQueue queue, Matrix a, Matrix b, Matrix scaledA, Matrix scaledB, float factor, Arena arena,
        Matrix da, Matrix db)
    {
        using Arena.Scope scope = arena.Begin();
        int count = a.Rows;
        Matrix logits = arena.Take(count, count), losses = arena.Take(count, 1);
        Weight others = queue.Device.AllocateWeight("features", b.Type, count, b.Columns);
        IntVector labels = queue.Device.AllocateInts(count);
        using DeviceBuffer memory = others.Buffer, labelMemory = labels.Buffer;
        CopyRows.Run(queue, b, queue.Device.Numbers(others));
        queue.Write([.. Enumerable.Range(0, count)], labels);
        Linear.Run(queue, others, scaledA, logits);
        CrossEntropy.Backward(queue, logits, labels, losses, factor / (2 * count));
        PlainProduct.Run(queue, logits, false, scaledB, da, add: true);
        PlainProduct.Run(queue, logits, true, scaledA, db, add: true);
        return queue.Read(losses).Sum(loss => (double)loss);
    }
}
