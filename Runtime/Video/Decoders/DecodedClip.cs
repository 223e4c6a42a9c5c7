using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>A clip whose frames a back end decodes: the rule which frames there are, and when a sought one is believed.</summary>
/// <remarks>
/// The frames are those that decoding from the start shows. A clip of little work is decoded from end to end to count them, and from its
/// start to fetch them. Of a longer one the packets are counted, where nothing speaks against it and its last group of pictures decodes to
/// just those frames; and a frame is fetched by seeking, which counts only if the key frame before it was seen to arrive as one: an
/// intra-coded picture at its time. Otherwise decoding begins earlier, at last at the start of the file.
/// </remarks>
internal sealed class DecodedClip : IClipSource
{
    /// <summary>Ranges of frames that are selected in one run.</summary>
    private const int MostRanges = 64;

    /// <summary>How far before a key frame a seek aims, one after the other: containers without an index miss.</summary>
    private static readonly double[] BackOffSeconds = [0, 2, 15];

    private readonly string path;
    private readonly IVideoStream stream;
    private readonly ClipOptions options;
    private readonly StreamFacts facts;
    private readonly bool seeks;
    private bool damageTold;

    public int Width { get; }
    public int Height { get; }
    public FrameIndex Index { get; }

    public DecodedClip(string path, IVideoStream stream, ClipOptions options, CancellationToken cancellation)
    {
        (this.path, this.stream, this.options) = (path, stream, options);
        try
        {
            facts = stream.List(cancellation);
            ClipLimits.RequireSize(path, facts.Width, facts.Height, options);
            bool small = facts.Work <= options.MostDecodedPixels;
            seeks = !small && KeyFrames.AreIndependent(facts.Codec);
            Index = TimeAxis.OfPackets(facts);
            (Width, Height) = seeks && facts.EveryPacketIsAFrame && LastGroupIsWhole(cancellation) ? FirstSize(cancellation) : default;
            if (Width == 0) (Index, Width, Height) = Count(cancellation);
            ClipLimits.RequireSize(path, Width, Height, options);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public IEnumerable<Frame> Read(IReadOnlyList<int> indices, CancellationToken cancellation)
    {
        int done = 0;
        while (done < indices.Count)
        {
            int end = done + GroupLength(indices, done);
            foreach (double? entry in Entries(indices[done]))
            {
                foreach (Frame frame in Run([.. indices.Skip(done).Take(end - done)], entry, cancellation))
                {
                    done++;
                    yield return frame;
                }
                if (done == end) break;
            }
            if (done < end) throw new BadInputException($"{path}: frame {indices[done]} does not decode; fetch or convert the clip again");
        }
    }

    public void Dispose() => stream.Dispose();

    /// <summary>How many of the frames from here on are read in one run: up to the place where seeking saves decoding.</summary>
    private int GroupLength(IReadOnlyList<int> indices, int from)
    {
        int end = from + 1, ranges = 1;
        for (; end < indices.Count && !(seeks && Index.EntryBefore(indices[end]) > indices[end - 1]); end++)
        {
            if (indices[end] != indices[end - 1] + 1 && ++ranges > MostRanges) break;
        }
        return end - from;
    }

    /// <summary>Where decoding towards a frame may begin, the nearest first; null is the start of the file.</summary>
    private IEnumerable<double?> Entries(int frame)
    {
        if (seeks && Index.Timed && Index.EntryBefore(frame) is > 0 and int key)
        {
            foreach (double backOff in BackOffSeconds)
            {
                if (Index.Times[key].TotalSeconds - backOff >= Index.Times[0].TotalSeconds) yield return Index.Stamp(key) - backOff;
            }
        }
        yield return null;
    }

    /// <summary>One run of the decoder. Yields the leading frames that arrive and are certain.</summary>
    private IEnumerable<Frame> Run(int[] indices, double? entry, CancellationToken cancellation)
    {
        int key = Index.EntryBefore(indices[0]);
        bool proven = entry == null;
        int[] selected = proven || key == indices[0] ? indices : [key, .. indices];
        int at = 0;
        bool withProof = selected.Length > indices.Length;
        FrameSelection selection = Selection(selected) with { Entry = entry, Size = (Width, Height), FirstIsProof = withProof };
        foreach (DecodedFrame frame in stream.Decode(selection, cancellation))
        {
            // A frame that was lost would put the next one into its place.
            if (at == selected.Length || Index.Timed && Index.At(Time(frame)) != selected[at]) yield break;
            if (!proven && !(at == 0 && frame.IsKey)) yield break;
            proven = true;
            Tell(frame);
            if (at++ == 0 && withProof) continue;
            int index = selected[at - 1];
            yield return new Frame(frame.Rgb!, Width, Height, Index.Times[index]);
        }
    }

    private FrameSelection Selection(int[] indices)
    {
        var ranges = new List<(int From, int To)>();
        foreach (int index in indices)
        {
            if (ranges.Count > 0 && ranges[^1].To == index - 1) ranges[^1] = (ranges[^1].From, index);
            else ranges.Add((index, index));
        }
        if (!Index.Timed) return new FrameSelection { Numbers = ranges, Most = indices.Length };
        double slack = FrameIndex.Tolerance.TotalSeconds;
        return new FrameSelection
        {
            Times = [.. ranges.Select(range => (Index.Stamp(range.From) - slack, Index.Stamp(range.To) + slack))],
            Most = indices.Length,
        };
    }

    /// <summary>The proof that packets are frames: decoding from the last key frame on shows just those listed.</summary>
    private bool LastGroupIsWhole(CancellationToken cancellation)
    {
        int last = Index.Times.Count - 1, key = last < 0 || !Index.Timed ? 0 : Index.EntryBefore(last);
        if (key == 0) return false;
        var from = (Index.Stamp(key) - FrameIndex.Tolerance.TotalSeconds, double.MaxValue);
        foreach (double? entry in Entries(last))
        {
            if (entry == null) break;
            int at = key;
            bool whole = true;
            foreach (DecodedFrame frame in stream.Decode(new FrameSelection { Entry = entry, Times = [from] }, cancellation))
            {
                whole &= !frame.IsDamaged && at <= last && Index.At(Time(frame)) == at && (at > key || frame.IsKey);
                at++;
            }
            if (whole && at == last + 1) return true;
        }
        return false;
    }

    private (int, int) FirstSize(CancellationToken cancellation)
    {
        DecodedFrame first = stream.Decode(new FrameSelection { Numbers = [(0, 0)], Most = 1 }, cancellation).FirstOrDefault();
        return (first.Width, first.Height);
    }

    private (FrameIndex, int, int) Count(CancellationToken cancellation)
    {
        var found = new List<(double, bool)>();
        int damaged = 0, firstKey = -1, width = 0, height = 0;
        foreach (DecodedFrame frame in stream.Decode(FrameSelection.Everything, cancellation))
        {
            if (found.Count == 0) (width, height) = (frame.Width, frame.Height);
            if (firstKey < 0 && frame.IsKey) firstKey = found.Count;
            if (frame.IsDamaged) damaged++;
            found.Add((frame.Seconds, frame.IsKey));
            ClipLimits.RequireFrames(path, found.Count, options);
        }
        if (found.Count == 0) throw new BadInputException($"{path}: holds no frame that decodes; fetch or convert the clip again");
        TellOfCount(found.Count, damaged, firstKey);
        return (TimeAxis.Of(facts, found), width, height);
    }

    private void TellOfCount(int frames, int damaged, int firstKey)
    {
        bool complains = stream.Failures > 0 || facts.Promised > facts.Packets.Count || KeyFrames.OnePacketIsOneFrame(facts.Codec);
        if (frames < facts.Expected && complains)
            Notice($"holds {facts.Expected} frames, of which {frames} decode; frames are chosen among these");
        if (damaged > 0) Notice($"{damaged} of its {frames} frames are damaged; the decoder filled in what is missing");
        bool cutByEdits = facts.Packets.Any(packet => packet.Discarded); // then pictures before the first shown one were decoded
        int madeUp = firstKey < 0 ? frames : firstKey;
        if (madeUp > 0 && !cutByEdits && damaged == 0 && KeyFrames.AreIndependent(facts.Codec))
            Notice($"begins inside a group of pictures; its first {madeUp} frames may lack what they refer to");
        damageTold = damaged > 0;
    }

    private void Tell(DecodedFrame frame)
    {
        if (!frame.IsDamaged || damageTold) return;
        damageTold = true;
        Notice("has damaged frames; the decoder filled in what is missing");
    }

    private void Notice(string what) => options.Notice?.Invoke($"{path}: {what}");

    private TimeSpan Time(DecodedFrame frame)
        => Math.Abs(frame.Seconds) < 1e10 ? TimeSpan.FromSeconds(frame.Seconds - Index.Origin) : TimeSpan.MinValue + TimeSpan.FromDays(1);
}
