using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Optimizer;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Trainer;

/// <summary>Settings of AdamW.</summary>
/// <param name="MaxNorm">Gradients are shortened to it, all parameters together; null: never.</param>
/// <param name="WeightDecay">Of matrices; norms and biases do not decay.</param>
internal sealed record AdamWOptions(
    double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8, double WeightDecay = 0, double? MaxNorm = null);

/// <summary>What a step did.</summary>
/// <param name="GradientNorm">Before clipping; not finite where the step was not taken.</param>
internal readonly record struct StepResult(double GradientNorm, double ClipCoefficient);

/// <summary>AdamW over all that learns. It owns the moments.</summary>
internal sealed class Optimizer : IDisposable
{
    private readonly IReadOnlyList<Parameter> parameters;
    private readonly AdamWOptions options;

    public Optimizer(IReadOnlyList<Parameter> parameters, ComputeQueue queue, AdamWOptions options)
    {
        (this.parameters, this.options) = (parameters, options);
        Moments = [.. parameters.Select(parameter => (Zeros(queue, parameter), Zeros(queue, parameter)))];
    }

    /// <summary>First and second moment of each parameter.</summary>
    public IReadOnlyList<(Matrix First, Matrix Second)> Moments { get; }

    /// <summary>Steps taken.</summary>
    public int Steps { get; set; }

    /// <summary>Takes a step, unless a gradient is not finite.</summary>
    /// <param name="rate">Of a part of the model.</param>
    /// <param name="lossScale">What the gradients were multiplied with.</param>
    public StepResult Step(ComputeQueue queue, Func<ModelPart, double> rate, float lossScale = 1)
    {
        double norm = Math.Sqrt(parameters.Sum(parameter => SquaredNorm.Of(queue, parameter.Gradient))) / lossScale;
        if (!double.IsFinite(norm)) return new StepResult(norm, 1);
        double clip = options.MaxNorm is { } most ? Math.Min(1, most / (norm + 1e-6)) : 1;
        Steps++;
        for (int i = 0; i < parameters.Count; i++)
        {
            Parameter parameter = parameters[i];
            var step = new AdamWStep(rate(parameter.Part), Steps, (float)(clip / lossScale), options.Beta1, options.Beta2, options.Epsilon,
                parameter.Decays ? options.WeightDecay : 0);
            AdamW.Run(queue, parameter.Value, parameter.Gradient, Moments[i].First, Moments[i].Second, step);
            parameter.Store(queue);
        }
        return new StepResult(norm, clip);
    }

    public void Dispose()
    {
        foreach ((Matrix first, Matrix second) in Moments)
        {
            first.Buffer.Dispose();
            second.Buffer.Dispose();
        }
    }

    private static Matrix Zeros(ComputeQueue queue, Parameter parameter)
    {
        Matrix zeros = queue.Device.AllocateMatrix(parameter.Value.Rows, parameter.Value.Columns);
        Fill.Run(queue, zeros, 0);
        return zeros;
    }
}
