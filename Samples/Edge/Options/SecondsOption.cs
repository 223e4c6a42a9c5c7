using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace EdgeVideoLlava.Edge.Options;

/// <summary>A length of time on the command line: "4s", "1500ms", "00:00:04" or plain seconds; above 0, at most a day.</summary>
internal static class SecondsOption
{
    public static Option<TimeSpan> Create(string name, double seconds, string description)
    {
        var option = new Option<TimeSpan>(name)
        {
            HelpName = "TIME",
            Description = description,
            DefaultValueFactory = _ => TimeSpan.FromSeconds(seconds),
            CustomParser = result => Parse(result.Tokens[0].Value) ?? TimeSpan.FromSeconds(seconds),
        };
        option.Validators.Add(Refuse);
        return option;
    }

    /// <summary>The same without a default.</summary>
    public static Option<TimeSpan?> CreateOptional(string name, string description)
    {
        var option = new Option<TimeSpan?>(name)
        {
            HelpName = "TIME",
            Description = description,
            CustomParser = result => Parse(result.Tokens[0].Value),
        };
        option.Validators.Add(Refuse);
        return option;
    }

    private static void Refuse(OptionResult result)
    {
        if (result.Tokens is [Token token, ..] && Parse(token.Value) == null)
            result.AddError(
                $"{result.Option.Name}: '{token.Value}' is no length of time; give seconds above 0, as 4s, 0.5s, 1500ms or 00:00:04");
    }

    private static TimeSpan? Parse(string text)
    {
        if (text.Contains(':')) return ParseClock(text.Split(':'));
        (string number, double unit) = text.EndsWith("ms") ? (text[..^2], 0.001) : (text.TrimEnd('s'), 1);
        bool valid = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
        return valid ? Within(value * unit) : null;
    }

    /// <summary>Minutes and seconds, or hours too; the last may have a fraction.</summary>
    private static TimeSpan? ParseClock(string[] parts)
    {
        double seconds = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            NumberStyles style = i == parts.Length - 1 ? NumberStyles.AllowDecimalPoint : NumberStyles.None;
            if (!double.TryParse(parts[i], style, CultureInfo.InvariantCulture, out double value) || i > 0 && value >= 60) return null;
            seconds = 60 * seconds + value;
        }
        return parts.Length <= 3 ? Within(seconds) : null;
    }

    private static TimeSpan? Within(double seconds) => seconds is >= 0.001 and <= 86400 ? TimeSpan.FromSeconds(seconds) : null;
}
