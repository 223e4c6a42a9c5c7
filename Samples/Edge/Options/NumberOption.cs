using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace EdgeVideoLlava.Edge.Options;

/// <summary>A number within limits on the command line, refused in one line of our own.</summary>
internal static class NumberOption
{
    public static Option<int> Whole(string name, int fallback, int least, int most, string description)
    {
        bool Parse(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
            && value >= least && value <= most;
        var option = new Option<int>(name)
        {
            HelpName = "N",
            Description = description,
            DefaultValueFactory = _ => fallback,
            CustomParser = result => Parse(result.Tokens[0].Value, out int value) ? value : fallback,
        };
        option.Validators.Add(result => Refuse(result, text => Parse(text, out _), $"a whole number from {least} to {most}"));
        return option;
    }

    /// <summary>The same without a default.</summary>
    public static Option<int?> OptionalWhole(string name, int least, int most, string description)
    {
        Option<int> whole = Whole(name, least, least, most, description);
        var option = new Option<int?>(name) { HelpName = whole.HelpName, Description = description };
        foreach (Action<OptionResult> validator in whole.Validators) option.Validators.Add(validator);
        option.CustomParser = result
            => int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
        return option;
    }

    public static Option<float> Real(string name, float fallback, float least, float most, string description)
    {
        bool Parse(string text, out float value)
            => float.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && value >= least
            && value <= most;
        var option = new Option<float>(name)
        {
            HelpName = "X",
            Description = description,
            DefaultValueFactory = _ => fallback,
            CustomParser = result => Parse(result.Tokens[0].Value, out float value) ? value : fallback,
        };
        option.Validators.Add(result => Refuse(result, text => Parse(text, out _),
            FormattableString.Invariant($"a number from {least} to {most}")));
        return option;
    }

    /// <summary>The same without a default.</summary>
    public static Option<float?> OptionalReal(string name, float least, float most, string description)
    {
        Option<float> real = Real(name, least, least, most, description);
        var option = new Option<float?>(name) { HelpName = real.HelpName, Description = description };
        foreach (Action<OptionResult> validator in real.Validators) option.Validators.Add(validator);
        option.CustomParser = result => float.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture, out float value) ? value : null;
        return option;
    }

    // The token is read, never the value: asking for the value of a wrong one would end the process.
    private static void Refuse(OptionResult result, Predicate<string> isRight, string wanted)
    {
        if (result.Tokens is [Token token, ..] && !isRight(token.Value))
            result.AddError($"{result.Option.Name}: '{token.Value}' is not {wanted}");
    }
}
