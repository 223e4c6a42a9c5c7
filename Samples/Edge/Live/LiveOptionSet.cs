using System.CommandLine;
using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Live.Sinks;
using EdgeVideoLlava.Runtime.Live.Sources;

namespace EdgeVideoLlava.Edge.Live;

/// <summary>The options of live sources.</summary>
internal sealed class LiveOptionSet
{
    private const string Pixels = "pixels", Features = "features", Likelihood = "likelihood";

    /// <summary>The password of a stream's user, which neither the command line nor its history need hold.</summary>
    public const string PasswordVariable = "EDGE_STREAM_PASSWORD";

    private readonly Option<string?> camera = new("--camera")
    {
        HelpName = "N|/dev/videoN|test[:FILE]",
        Description = "Narrate a camera. test: the built-in demo clip, or FILE, played over and over as a camera would.",
    };

    private readonly Option<string?> url = new("--url")
    {
        HelpName = "URL",
        Description = "Narrate a stream: rtsp, rtsps, http, https, udp, srt, rtmp or rtmps. A password may come from "
            + $"{PasswordVariable}; it is shown nowhere.",
    };

    private readonly Option<bool> realtime = new("--realtime")
    {
        Description = "Play FILE at its own speed, as a camera would show it; what comes on standard input is live.",
    };

    private readonly Option<TimeSpan> stall = SecondsOption.Create("--stall", 10, "A source without a frame for so long is opened anew.");
    private readonly Option<bool> once = new("--no-reconnect") { Description = "The end of the source is the end." };
    private readonly Option<TimeSpan?> duration = SecondsOption.CreateOptional("--for", "End after so long. Default: at Ctrl-C.");

    private readonly Option<int> most = NumberOption.Whole("--captions", 0, 0, 1_000_000, "End after so many captions; 0: go on.");

    private readonly Option<TimeSpan> refresh = SecondsOption.Create("--refresh", 60,
        "Describe a still picture again after so long; windows in which nothing changed are left out until then.");

    private readonly Option<bool> all = new("--every-window") { Description = "Caption windows in which nothing changed too." };

    private readonly Option<string> gates = new("--gate")
    {
        Description = "What shows that nothing changed; each asks the cheaper ones first. features: the tower's; likelihood: also the "
            + "model, whether the last caption still holds.",
        DefaultValueFactory = _ => Pixels,
    };

    private readonly Option<string?> rotate = new("--rotate")
    {
        HelpName = "day|SIZE",
        Description = "Begin a new output file each day (UTC), or when it has so many bytes (10MB); each is named after its begin.",
    };

    private readonly Option<TimeSpan> picture = SecondsOption.Create("--picture", 1, "How long each picture of a folder is shown.");

    public LiveOptionSet()
    {
        gates.AcceptOnlyFromAmong(Pixels, Features, Likelihood);
        rotate.Validators.Add(result =>
        {
            if (result.Tokens is [{ } token, ..] && ParseRotation(token.Value) == null)
                result.AddError($"--rotate: '{token.Value}' is neither 'day' nor a size of at least 1kB, as 500kB, 10MB or 1GB");
        });
    }

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { camera, url, realtime, stall, once, duration, most, refresh, all, rotate, picture, gates })
            command.Options.Add(option);
    }

    /// <summary>The live source that was asked for; null: a clip is to be read as fast as the machine goes.</summary>
    /// <exception cref="BadInputException">None or several were named, or it cannot be one.</exception>
    public LiveSource? Source(ParseResult parsed, string? file, string demo)
    {
        string? device = parsed.GetValue(camera), address = parsed.GetValue(url);
        if (new[] { file, device, address }.Count(given => given != null) != 1)
            throw new BadInputException("narrate: give one source: FILE, --camera or --url");
        if (address != null)
            return LiveSources.Url(StreamAddress.Parse(address, Environment.GetEnvironmentVariable(PasswordVariable)));
        if (device != null) return LiveSources.Camera(device, demo);
        bool live = parsed.GetValue(realtime);
        if (Directory.Exists(file)) return LiveSources.Folder(file, parsed.GetValue(picture), live);
        return file == "-" ? LiveSources.StandardInput(live) : live ? LiveSources.Clip(file!) : null;
    }

    public LiveOptions Connection(ParseResult parsed) => new()
    {
        Stall = parsed.GetValue(stall),
        Reconnects = !parsed.GetValue(once),
        Notice = Notices.Say,
    };

    public TimeSpan? Duration(ParseResult parsed) => parsed.GetValue(duration);

    public int Most(ParseResult parsed) => parsed.GetValue(most);

    public ChangeGateOptions? Gate(ParseResult parsed)
        => parsed.GetValue(all) ? null : ChangeGateOptions.Default with { Refresh = parsed.GetValue(refresh) };

    /// <summary>With the gates that look at what the model sees and says.</summary>
    public NarrationOptions Gated(ParseResult parsed, NarrationOptions options)
    {
        string gate = parsed.GetValue(gates)!;
        if (gate == Pixels || parsed.GetValue(all)) return options;
        TimeSpan again = parsed.GetValue(refresh);
        return options with
        {
            FeatureGate = FeatureGateOptions.Default with { Refresh = again },
            LikelihoodGate = gate == Likelihood ? LikelihoodGateOptions.Default with { Refresh = again } : null,
        };
    }

    public Rotation? Rotation(ParseResult parsed) => parsed.GetValue(rotate) is { } text ? ParseRotation(text) : null;

    private static Rotation? ParseRotation(string text)
    {
        if (text == "day") return new Rotation(null, Daily: true);
        (string ending, long unit) = new[] { ("GB", 1_000_000_000L), ("MB", 1_000_000L), ("kB", 1_000L) }
            .FirstOrDefault(pair => text.EndsWith(pair.Item1, StringComparison.OrdinalIgnoreCase), ("", 1L));
        return long.TryParse(text[..^ending.Length], out long count) && count is > 0 and < 1_000_000_000 && count * unit >= 1000
            ? new Rotation(count * unit, Daily: false) : null;
    }
}
