using System.Text.Json;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Reads a JSON file that a stranger may have made: a ceiling on its size and depth, one clear line when it is broken.</summary>
public static class JsonFile
{
    private const long SizeCeiling = 64 << 20;

    public static JsonDocument Read(string path)
    {
        var info = new FileInfo(path);
        if (!info.Exists) throw new BadInputException($"{path}: no such file");
        if (info.Length > SizeCeiling) throw new BadInputException($"{path}: {info.Length >> 20} MiB of JSON; at most {SizeCeiling >> 20} MiB are read");
        try
        {
            using FileStream stream = info.OpenRead();
            return JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 32 });
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path}: not valid JSON (line {e.LineNumber + 1}); fetch or write it again", e);
        }
    }
}
