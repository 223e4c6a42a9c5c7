using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Trainer;

/// <summary>A projector as PyTorch initialises a linear layer: weights and biases uniform in ±1/√in.</summary>
internal static class NewProjector
{
    public static void Draw(Trainable trainable, ComputeQueue queue, int seed)
    {
        var random = new Random(seed);
        int inputs = 1;
        foreach (Parameter parameter in trainable.Parameters.Where(parameter => parameter.Part == ModelPart.Projector))
        {
            if (parameter.Value.Rows > 1) inputs = parameter.Value.Columns; // a bias comes behind its weight
            float bound = 1 / MathF.Sqrt(inputs);
            float[] numbers = [.. Enumerable.Range(0, (int)parameter.Elements).Select(_ => (2 * random.NextSingle() - 1) * bound)];
            queue.Write(numbers, parameter.Value);
            parameter.Store(queue);
        }
    }
}
