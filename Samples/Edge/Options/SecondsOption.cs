using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace EdgeVideoLlava.Edge.Options;

/// <summary>A length of time on the command line: "4s", "1500ms" or plain seconds; above 0, at most a day.</summary>
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
        option.Validators.Add(result =>
        {
            if (result.Tokens is [Token token, ..] && Parse(token.Value) == null)
                result.AddError($"{name}: '{token.Value}' is no length of time; give seconds above 0, as 4s, 0.5s or 1500ms");
        });
        return option;
    }

    private static TimeSpan? Parse(string text)
    {
        (string number, double unit) = text.EndsWith("ms") ? (text[..^2], 0.001) : (text.TrimEnd('s'), 1);
        bool valid = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
        return valid && value * unit is >= 0.001 and <= 86400 ? TimeSpan.FromSeconds(value * unit) : null;
    }
}
