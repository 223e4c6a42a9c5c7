using System.Text.RegularExpressions;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>Types that are given to tensors by their names.</summary>
internal static class Overrides
{
    /// <summary>The type of the first expression that a name matches, or what takes its place in rows of such a length; null where none
    /// matches.</summary>
    public static StorageType? Find(QuantizerOptions options, string name, int columns)
    {
        foreach ((Regex expression, StorageType type) in options.Overrides)
        {
            if (expression.IsMatch(name)) return type.ForRows(columns);
        }
        return null;
    }
}
