using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Optimizer;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Trainer.Data;

namespace EdgeVideoLlava.Trainer;

/// <summary>The samples of one optimizer step. Disposing releases them.</summary>
internal abstract class TrainingStep : IDisposable
{
    /// <summary>Samples in it.</summary>
    public abstract int Count { get; }

    /// <summary>Positions that its samples take.</summary>
    public abstract long Tokens { get; }

    /// <summary>File and place of its samples, for messages.</summary>
    public abstract IEnumerable<string> Names { get; }

    /// <summary>Adds the gradients of scale · loss to those of the task's parameters.</summary>
    /// <returns>The loss, in nats, unscaled.</returns>
    public abstract double Backward(float scale, CancellationToken cancel);

    public abstract void Dispose();
}

/// <summary>What a stage trains, and on what: parameters, samples, gradients of a step, result.</summary>
internal abstract class TrainingTask : IDisposable
{
    public abstract ComputeQueue Queue { get; }

    public abstract IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Which samples each step has.</summary>
    public abstract EpochOrder Order { get; }

    public abstract TrainingMemory Memory { get; }

    /// <summary>Bytes of the weights that have memory of their own; the others are read where they lie in the model's files.</summary>
    public abstract long OwnWeightBytes { get; }

    /// <summary>Positions of the longest sample.</summary>
    public abstract int LongestSample { get; }

    /// <summary>Samples that were skipped so far, each counted once.</summary>
    public abstract int Skipped { get; }

    public abstract int Records { get; }

    public abstract AdamWOptions AdamW { get; }

    /// <summary>The rate of a part of the model.</summary>
    public abstract LearningRate Rate(ModelPart part);

    /// <summary>The rate that reports tell.</summary>
    public abstract LearningRate ShownRate { get; }

    /// <summary>Parameters that are told of together.</summary>
    public abstract string GroupOf(Parameter parameter);

    /// <summary>What may be done where memory is too little.</summary>
    public abstract IEnumerable<string> WaysToSaveMemory { get; }

    /// <summary>The steps from one on, made ahead on a thread of its own.</summary>
    /// <param name="samples">Samples of the steps before: of the seeds.</param>
    public abstract IEnumerable<TrainingStep> Read(int first, long samples, CancellationToken cancel);

    /// <summary>After the optimizer has changed the parameters.</summary>
    public virtual void AfterStep()
    {
    }

    /// <summary>Loss and answers on samples that are not learned from; null where the recipe names none.</summary>
    public virtual (double Loss, IReadOnlyList<ValidationAnswer> Answers)? Validate(CancellationToken cancel) => null;

    /// <summary>The first samples, piece by piece, as the model sees them.</summary>
    public abstract IEnumerable<IReadOnlyList<RenderedPiece>> Render();

    public abstract void WriteResult();

    public abstract void Dispose();

    public void ClearGradients()
    {
        foreach (Parameter parameter in Parameters) Fill.Run(Queue, parameter.Gradient, 0);
    }

    /// <summary>The first parameter, from the loss on, whose gradient holds a number that is not finite.</summary>
    public string? FirstNotFinite()
        => Parameters.LastOrDefault(parameter => !double.IsFinite(SquaredNorm.Of(Queue, parameter.Gradient)))?.Name;
}
