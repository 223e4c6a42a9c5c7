namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>How the next token is chosen. As it stands: greedily.</summary>
public sealed record SamplingOptions
{
    /// <summary>0: always the likeliest token. Above: logits are divided by it before a token is drawn.</summary>
    public float Temperature { get; init; }

    /// <summary>Draw among the k largest logits only (equals of the k-th too); 0: no such limit.</summary>
    public int TopK { get; init; }

    /// <summary>Draw among the likeliest tokens that together reach this probability; 1: no such limit.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Drop tokens less likely than this share of the likeliest one's probability; 0: none.</summary>
    public float MinP { get; init; }

    /// <summary>Makes tokens of the history less likely if above 1, as in CTRL (Keskar et al. 2019); 1: off.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>The same seed draws the same tokens from the same logits.</summary>
    public ulong Seed { get; init; }

    /// <summary>The likeliest token each time, by the logits as they are.</summary>
    public bool IsGreedy => Temperature == 0 && RepetitionPenalty == 1;

    /// <summary>Throws for a value out of range.</summary>
    /// <exception cref="BadInputException">Says which value, and the range.</exception>
    public void Validate()
    {
        Require(Temperature is >= 0 and <= 100, "temperature", Temperature, "0 (greedy) to 100");
        Require(TopK >= 0, "top-k", TopK, "0 (off) or more");
        Require(TopP is > 0 and <= 1, "top-p", TopP, "above 0, up to 1 (off)");
        Require(MinP is >= 0 and <= 1, "min-p", MinP, "0 (off) to 1");
        Require(RepetitionPenalty is > 0 and <= 100, "repetition penalty", RepetitionPenalty, "above 0, up to 100 (1 is off)");
    }

    private static void Require(bool good, string name, float value, string range)
    {
        if (!good) throw new BadInputException(FormattableString.Invariant($"{name} {value} is out of range; it may be {range}"));
    }
}
