using System.CommandLine;
using System.Globalization;

namespace EdgeVideoLlava.Edge.Options;

/// <summary>An option for the size of a picture, as 1280x720.</summary>
internal static class SizeOption
{
    private const int Most = 8192;

    public static Option<string> Create(string name, string size, string description)
    {
        var option = new Option<string>(name) { HelpName = "WxH", Description = description, DefaultValueFactory = _ => size };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ } token, ..] && Parse(token.Value) == null)
                result.AddError($"{name}: '{token.Value}' is no size of a picture, as 1280x720, of 2 to {Most} pixels a side");
        });
        return option;
    }

    /// <summary>Null: it is none.</summary>
    public static (int Width, int Height)? Parse(string text)
    {
        string[] sides = text.Split('x');
        return sides.Length == 2 && Side(sides[0]) is { } width && Side(sides[1]) is { } height ? (width, height) : null;
    }

    private static int? Side(string text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int side) && side is >= 2 and <= Most ? side : null;
}
