namespace EdgeVideoLlava.Runtime;

/// <summary>Finds options by the names that users write.</summary>
internal static class Named
{
    /// <exception cref="BadInputException">There is none of this name.</exception>
    public static T Find<T>(IReadOnlyList<T> all, Func<T, string> nameOf, string name, string what) where T : class
        => all.FirstOrDefault(one => nameOf(one) == name)
            ?? throw new BadInputException($"'{name}' is no {what}; there are {string.Join(", ", all.Select(nameOf))}");
}
