using System.Text;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Turns an answer's ids into text as they come and knows when the answer is over.</summary>
internal sealed class AnswerText
{
    private readonly StringBuilder whole = new();
    private readonly int tokenizerEnd, configEnd;
    private readonly StreamingDecoder decoder;
    private readonly StopStrings stops;
    private readonly LoopGuard? guard;
    private readonly Action<string>? receive;

    /// <param name="configEnd">The id that ends an answer by config.json; the tokenizer's own ends it too.</param>
    public AnswerText(TextTokenizer tokenizer, int configEnd, GenerationOptions options, string? templateStop, Action<string>? receive)
    {
        (tokenizerEnd, this.configEnd) = (tokenizer.EosId, configEnd);
        decoder = tokenizer.CreateDecoder();
        stops = new StopStrings(templateStop == null ? options.StopStrings : [templateStop, .. options.StopStrings]);
        guard = options.GuardLoops ? new LoopGuard() : null;
        this.receive = receive;
    }

    /// <summary>Takes the next id; says why the answer is over, or null.</summary>
    public StopReason? Add(int id)
    {
        if (id == tokenizerEnd || id == configEnd) return StopReason.EndToken;
        Emit(stops.Append(decoder.Append(id)));
        if (stops.Stopped) return StopReason.StopString;
        return guard?.Add(id) == true ? StopReason.Loop : null;
    }

    /// <summary>Shows what was held back and returns the whole answer, trimmed.</summary>
    public string Finish()
    {
        if (!stops.Stopped)
        {
            Emit(stops.Append(decoder.Flush()));
            if (!stops.Stopped) Emit(stops.Flush());
        }
        return Blanks.Trim(whole.ToString());
    }

    private void Emit(string piece)
    {
        if (whole.Length == 0) piece = Blanks.TrimStart(piece).ToString();
        if (piece.Length == 0) return;
        whole.Append(piece);
        receive?.Invoke(piece);
    }
}
