using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>One JSON object a line, schema in docs/formats.md ("Captions as JSON lines").</summary>
public sealed class JsonlSink(TextWriter writer) : ICaptionSink
{
    // Not for HTML: letters of every script stay readable, control characters are escaped all the same.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc/>
    public void Write(Caption caption)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("start", Seconds(caption.Start));
            json.WriteNumber("end", Seconds(caption.End));
            if (caption.Captured is { } captured) json.WriteString("captured", CaptionText.Utc(captured));
            json.WriteString("text", caption.Text);
            if (caption.Events.Count > 0)
            {
                json.WriteStartArray("events");
                foreach (string what in caption.Events) json.WriteStringValue(what);
                json.WriteEndArray();
            }
            json.WriteNumber("tokens", caption.Tokens);
            json.WriteNumber("encode_seconds", Seconds(caption.Encode));
            json.WriteNumber("first_token_seconds", Seconds(caption.FirstToken));
            if (caption.Captured != null) json.WriteNumber("latency_seconds", Seconds(caption.Latency));
            json.WriteNumber("tokens_per_second", Math.Round(caption.TokensPerSecond, 2));
            json.WriteEndObject();
        }
        writer.Write(Encoding.UTF8.GetString(line.WrittenSpan));
        writer.Write('\n');
        writer.Flush();
    }

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}
