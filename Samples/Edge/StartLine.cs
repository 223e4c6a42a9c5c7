namespace EdgeVideoLlava.Edge;

/// <summary>What a command begins with: the device and the model, in one line that fits any terminal.</summary>
internal static class StartLine
{
    private const int Columns = 80;

    private const string Between = " · ";

    /// <summary>Both in 80 columns, "edge: " in front included. Where they are longer, the device's name is cut first.</summary>
    public static string Of(string device, string model)
    {
        int room = Columns - "edge: ".Length - Between.Length;
        string shownModel = Cut(model, room - Math.Min(device.Length, room / 2));
        return Cut(device, room - shownModel.Length) + Between + shownModel;
    }

    private static string Cut(string text, int most)
        => text.Length <= most ? text : string.Concat(text.AsSpan(0, most - 1).TrimEnd(), "…");
}
