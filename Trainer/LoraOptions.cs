namespace EdgeVideoLlava.Trainer;

/// <summary>An adapter to be trained beside the frozen language model.</summary>
/// <param name="Rank">r</param>
/// <param name="Alpha">The adapter's share is multiplied with alpha / r.</param>
/// <param name="Dropout">Share of its inputs that is dropped in training.</param>
/// <param name="Targets">Which of a layer's linears have one.</param>
internal sealed record LoraOptions(int Rank = 128, double Alpha = 256, double Dropout = 0.05, IReadOnlyList<string>? Targets = null)
{
    /// <summary>All linears of a layer, which the reference adapts.</summary>
    public static IReadOnlyList<string> All { get; }
        = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    public bool Adapts(string tensor) => (Targets ?? All).Any(target => tensor.EndsWith($".{target}.weight", StringComparison.Ordinal));
}
