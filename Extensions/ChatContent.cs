using System.Runtime.InteropServices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using Microsoft.Extensions.AI;
using VisualMarkers = EdgeVideoLlava.Runtime.Text.Prompts.VisualMarkers;

namespace EdgeVideoLlava.Extensions;

/// <summary>What a request holds, checked against the options before any of it is decoded.</summary>
internal sealed class ChatContent(EdgeVideoLlavaOptions options)
{
    private int visuals;
    private long bytes;

    /// <exception cref="BadInputException">It holds a tag, and tags are refused.</exception>
    public string Words(string text)
    {
        if (!VisualMarkers.Occur(text)) return text;
        return options.Tags == TagHandling.Escape ? VisualMarkers.Escape(text)
            : throw new BadInputException("the text holds <image> or <video>, which stand for pictures and clips; leave them out");
    }

    /// <summary>A picture or clip that may be shown.</summary>
    /// <exception cref="NotSupportedException">It is something else, or no file that may be named.</exception>
    /// <exception cref="BadInputException">There are more of them, or more bytes, than are allowed.</exception>
    public AIContent Visual(AIContent part)
    {
        if (++visuals > options.MostVisuals)
            throw new BadInputException($"more than the {options.MostVisuals} pictures and clips that are allowed; show fewer");
        if (part is DataContent data && IsVisual(data.MediaType)) bytes += data.Data.Length;
        else if (part is not UriContent address || !IsVisual(address.MediaType) || !MayBeRead(address.Uri))
            throw new NotSupportedException($"{Name(part)} cannot be shown; text, pictures (image/*) and clips (video/*) can");
        return bytes <= options.MostContentBytes ? part : throw new BadInputException(
            $"pictures and clips of more than the {options.MostContentBytes} bytes that are allowed; show fewer or smaller ones");
    }

    public Task<Shown> ShowAsync(AIContent visual, Conversation conversation, CancellationToken cancel)
        => visual is UriContent file ? conversation.ShowAsync(file.Uri.LocalPath, options.Show, cancel)
            : conversation.ShowAsync(Stream(((DataContent)visual).Data), options.Show, cancel);

    private bool MayBeRead(Uri address)
    {
        if (options.LocalFiles is not { } folder || !address.IsAbsoluteUri || !address.IsFile || address.IsUnc) return false;
        string inside = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar;
        return Path.GetFullPath(address.LocalPath).StartsWith(inside, StringComparison.Ordinal);
    }

    private static bool IsVisual(string mediaType)
        => mediaType.StartsWith("image/", StringComparison.OrdinalIgnoreCase)
            || mediaType.StartsWith("video/", StringComparison.OrdinalIgnoreCase);

    private static string Name(AIContent part) => part switch
    {
        DataContent data => $"data of the type {data.MediaType}",
        UriContent { Uri: var address } => $"the address {address}",
        _ => $"a {part.GetType().Name}",
    };

    private static MemoryStream Stream(ReadOnlyMemory<byte> data)
    {
        if (!MemoryMarshal.TryGetArray(data, out ArraySegment<byte> array)) array = new(data.ToArray());
        return new MemoryStream(array.Array!, array.Offset, array.Count, writable: false);
    }
}
