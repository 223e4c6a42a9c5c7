namespace EdgeVideoLlava.Tests.Ptx.Execution;

/// <summary>Holds the branches that claim to be uniform (bra.uni) to their word: between two meetings of a warp every
/// lane goes the same way at the same passage.</summary>
internal sealed class UniformClaims(int instructions)
{
    private readonly Dictionary<int, List<(int Item, bool Taken)>> firsts = [];
    private readonly int[] passages = new int[instructions];

    /// <summary>The warp has met.</summary>
    public void Meet()
    {
        if (firsts.Count > 0) firsts.Clear();
    }

    /// <summary>A lane goes on from the meeting.</summary>
    public void Start()
    {
        foreach (int at in firsts.Keys) passages[at] = 0;
    }

    /// <summary>Says what is wrong with a passage.</summary>
    public string? Pass(int at, int item, bool taken)
    {
        if (!firsts.TryGetValue(at, out List<(int Item, bool Taken)>? seen))
        {
            firsts[at] = seen = [];
            passages[at] = 0;
        }
        int passage = passages[at]++;
        if (passage == seen.Count) seen.Add((item, taken));
        return seen[passage].Taken == taken ? null
            : $"bra.uni: item {seen[passage].Item} {(taken ? "goes on" : "branches")}, item {item} does not";
    }
}
