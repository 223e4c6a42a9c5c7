using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>The address of a stream. Its secrets (user, password, query) are told to whoever opens it and to nobody else.</summary>
/// <remarks>Every text about the stream, also one that another program wrote, goes through <see cref="Hide"/>.</remarks>
public sealed partial class StreamAddress
{
    /// <summary>Schemes, the protocols that ffmpeg may use for each, and whether its frames come faster than they were taken.</summary>
    private static readonly Dictionary<string, (string Protocols, bool IsAhead)> Schemes = new()
    {
        ["rtsp"] = ("rtsp,rtp,rtcp,udp,tcp", false),
        ["rtsps"] = ("rtsp,rtsps,rtp,rtcp,udp,tcp,tls", false),
        ["http"] = ("http,https,httpproxy,tcp,tls,crypto", true),
        ["https"] = ("http,https,httpproxy,tcp,tls,crypto", true),
        ["udp"] = ("udp", false),
        ["srt"] = ("srt,udp", false),
        ["rtmp"] = ("rtmp,tcp", false),
        ["rtmps"] = ("rtmp,rtmps,tcp,tls", false),
    };

    private readonly string address;
    private readonly string[] secrets;

    private StreamAddress(Uri uri, string address)
    {
        this.address = address;
        Scheme = uri.Scheme;
        Shown = $"{uri.Scheme}://{uri.Host}{(uri.IsDefaultPort || uri.Port < 0 ? "" : $":{uri.Port}")}{uri.AbsolutePath}";
        string[] user = uri.UserInfo.Split(':', 2);
        string[] words = [address, uri.UserInfo, .. user, .. user.Select(Uri.UnescapeDataString), uri.Query.TrimStart('?'),
            .. uri.Query.TrimStart('?').Split('&').Select(pair => pair[(pair.IndexOf('=') + 1)..])];
        // Short words ("a", "1") would tear holes into every text; ffmpeg says them only within the longer ones.
        secrets = [.. words.Where(word => word.Length > 2).Distinct().OrderByDescending(word => word.Length)];
    }

    /// <summary>rtsp, http, udp, ...</summary>
    public string Scheme { get; }

    /// <summary>For people: scheme, host, port and path, without user, password and query.</summary>
    public string Shown { get; }

    /// <summary>Everything, for whoever opens the stream.</summary>
    internal string Secret => address;

    /// <summary>What the scheme is made of, and never "file": a play list may name any address.</summary>
    internal string Protocols => Schemes[Scheme].Protocols;

    /// <summary>Frames may come faster than they were taken (a play list's segments, a file): they are shown at their own pace.</summary>
    internal bool IsAhead => Schemes[Scheme].IsAhead;

    /// <summary>Reads an address.</summary>
    /// <param name="password">Put into an address that names a user and no password.</param>
    /// <exception cref="BadInputException">It is none, or of a scheme that is not opened. The message does not repeat it.</exception>
    public static StreamAddress Parse(string text, string? password = null)
    {
        if (text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == '\'') || !Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
            || !Schemes.ContainsKey(uri.Scheme) || uri.Host.Length == 0)
        {
            string schemes = string.Join(", ", Schemes.Keys.Select(name => $"{name}://"));
            throw new BadInputException(
                $"not the address of a stream; there are {schemes} with a host, and blanks and quotes written as %20 and %27");
        }
        if (password is not { Length: > 0 } || uri.UserInfo.Length == 0 || uri.UserInfo.Contains(':')) return new StreamAddress(uri, text);
        string secret = UserInfo().Replace(text, $"$1:{Uri.EscapeDataString(password).Replace("$", "$$")}@", 1);
        return new StreamAddress(new Uri(secret), secret);
    }

    /// <summary>The text with every secret of the address replaced.</summary>
    public string Hide(string text)
        => secrets.Aggregate(text, (shown, secret) => shown.Replace(secret, secret == address ? Shown : "***", StringComparison.Ordinal));

    /// <inheritdoc/>
    public override string ToString() => Shown;

    [GeneratedRegex("(?<=//)([^@/]*)@")]
    private static partial Regex UserInfo();
}
