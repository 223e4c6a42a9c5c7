using System.Diagnostics;
using System.Runtime.CompilerServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Live.Sinks;
using EdgeVideoLlava.Runtime.Live.Sources;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime;

/// <summary>A model with its tokenizer and its preprocessing: files in, words out. The front door of the library.</summary>
/// <remarks>
/// Thread-safe: any number of conversations, from any threads, ask and encode at the same time; what must wait its turn does. After
/// <see cref="Dispose"/>, which may come at any time, every member throws <see cref="ObjectDisposedException"/>.
/// </remarks>
public sealed class Assistant : IAssistant, IDisposable
{
    /// <summary>What is asked about a window unless something else is.</summary>
    public const string Question = "What is happening in the video?";

    private readonly AssistantParts parts;
    private readonly Lifetime lifetime;
    private readonly Action<string>? warn;

    private Assistant(AssistantParts parts, Action<string>? warn)
    {
        (this.parts, this.warn) = (parts, warn);
        lifetime = new Lifetime(nameof(Assistant), parts.Dispose);
    }

    /// <summary>An assistant that nobody disposes ends when it is collected, and that is told.</summary>
    ~Assistant() => Forgotten(nameof(Assistant), End);

    /// <summary>The forward pass itself, for traces and measurements: while conversations answer, nobody else may use it.</summary>
    internal VideoLlava Model => parts.Model;

    /// <summary>Text to ids and back, as the checkpoint's files say.</summary>
    public TextTokenizer Tokenizer => parts.Tokenizer;

    /// <summary>The device that computes, with its driver and memory, in one line.</summary>
    public string Device
    {
        get
        {
            ThrowIfDisposed();
            return parts.Model.Device.Description;
        }
    }

    /// <summary>What the checkpoint says of itself.</summary>
    public VideoLlavaConfig Config => parts.Model.Config;

    /// <summary>Opens a checkpoint folder or GGUF file on the device that the options choose; the device ends with the assistant.</summary>
    /// <exception cref="BadInputException">The folder is not a complete checkpoint.</exception>
    /// <exception cref="DeviceUnavailableException">There is no such device.</exception>
    /// <exception cref="DeviceFailedException">Too little memory.</exception>
    public static Task<Assistant> LoadAsync(string folder, AssistantOptions? options = null, IProgress<double>? progress = null,
        CancellationToken cancel = default)
        => Task.Run(() => Load(folder, options, progress, cancel), cancel);

    /// <inheritdoc cref="LoadAsync"/>
    public static Assistant Load(string folder, AssistantOptions? options = null, IProgress<double>? progress = null,
        CancellationToken cancel = default)
    {
        options ??= new AssistantOptions();
        ComputeDevice device = options.Open();
        try
        {
            return Load(folder, device, options.Preset, options.Loading, progress, cancel, device, options.Warn);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Opens a checkpoint folder or GGUF file on a device that stays the caller's and must outlive the assistant.</summary>
    /// <param name="preset">Preprocessing of pictures and clips; null = the checkpoint's own.</param>
    /// <inheritdoc cref="LoadAsync" path="/exception"/>
    internal static Assistant Load(string folder, ComputeDevice device, PreprocessPreset? preset = null, LoadOptions? options = null,
        IProgress<double>? progress = null, CancellationToken cancel = default)
        => Load(folder, device, preset, options, progress, cancel, owned: null, warn: null);

    /// <summary>Reads and preprocesses a picture or clip: of a clip, the frames that the checkpoint's reference would choose.</summary>
    /// <returns>Disposed by the caller, once it is encoded: on a GPU it is device memory.</returns>
    public PixelValues Look(string path, PictureOptions? pictureOptions = null, ClipOptions? clipOptions = null,
        CancellationToken cancel = default)
        => lifetime.Within(cancel, stop => LookAt(path, pictureOptions, clipOptions, stop));

    private PixelValues LookAt(string path, PictureOptions? pictureOptions, ClipOptions? clipOptions, CancellationToken stop)
    {
        if (MediaFile.Detect(path) == MediaKind.Picture) return parts.Pictures.Picture(Pictures.Read(path, pictureOptions));
        using Clip clip = Clip.Open(path, clipOptions, stop);
        int count = Config.ClipFrames;
        int[] chosen = Config.Variant == ModelVariant.Hf ? FrameSampler.ArangeHf(clip.FrameCount, count)
            : FrameSampler.Linspace(clip.FrameCount, count);
        return parts.Clips.Clip(FrameMemory.Recycling(clip.Read(chosen, stop)), count);
    }

    /// <summary>Preprocesses frames of one's own: one as a picture, or those of a clip.</summary>
    /// <param name="frames">Of a clip as many as <see cref="VideoLlavaConfig.ClipFrames"/>.</param>
    /// <inheritdoc cref="Look(string, PictureOptions?, ClipOptions?, CancellationToken)" path="/returns"/>
    public PixelValues Look(IReadOnlyList<Frame> frames, bool isClip)
    {
        using Lifetime.Scope scope = lifetime.Enter();
        return isClip ? parts.Clips.Clip(frames, Config.ClipFrames) : parts.Pictures.Picture(frames.Single());
    }

    /// <summary>Preprocesses one frame of a clip, for any number of clips that <see cref="Join"/> makes.</summary>
    internal PixelValues Look(Frame frame)
    {
        using Lifetime.Scope scope = lifetime.Enter();
        return parts.Clips.Clip([frame], 1);
    }

    internal PixelValues Join(IReadOnlyList<PixelValues> frames)
    {
        using Lifetime.Scope scope = lifetime.Enter();
        return parts.Clips.Join(frames);
    }

    /// <summary>Encodes a picture or clip and waits for it, so that its time is known.</summary>
    /// <param name="pixels">Not disposed meanwhile.</param>
    /// <returns>The rows that stand for it in a prompt, and the time that the towers and the projector took.</returns>
    public (VisionTokens Tokens, TimeSpan Time) Encode(PixelValues pixels, CancellationToken cancel = default)
        => OneByOne(cancel, stop => EncodeAlone(pixels, stop));

    /// <summary>Frames that were encoded before, put together as one clip.</summary>
    internal VisionTokens Gather(IReadOnlyList<(VisionTokens Tokens, int Block)> frames, CancellationToken cancel)
        => OneByOne(cancel, _ => Waited(() => VisionTokens.Gather(Model.VisionQueue, frames)).Tokens);

    /// <summary>Brings a clip's rows to the host.</summary>
    /// <param name="memory">Used where it has the length.</param>
    internal float[] Read(VisionTokens tokens, float[] memory, CancellationToken cancel) => OneByOne(cancel, _ =>
    {
        Matrix rows = tokens.Rows;
        float[] target = memory.Length == rows.Rows * rows.Columns ? memory : new float[rows.Rows * rows.Columns];
        Model.VisionQueue.Read(rows, target);
        return target;
    });

    /// <summary>One thread at a time gives work to the towers.</summary>
    private T OneByOne<T>(CancellationToken cancel, Func<CancellationToken, T> work) => lifetime.Within(cancel, stop =>
    {
        parts.Seeing.Wait(stop);
        try
        {
            return work(stop);
        }
        finally
        {
            parts.Seeing.Release();
        }
    });

    private (VisionTokens Tokens, TimeSpan Time) EncodeAlone(PixelValues pixels, CancellationToken cancel)
        => Waited(() => Model.Encode(pixels, cancel: cancel));

    private (VisionTokens Tokens, TimeSpan Time) Waited(Func<VisionTokens> encode)
    {
        long started = Stopwatch.GetTimestamp();
        VisionTokens tokens = encode();
        try
        {
            Model.VisionQueue.Wait();
            tokens.Finished();
            return (tokens, Stopwatch.GetElapsedTime(started));
        }
        catch
        {
            tokens.Dispose();
            throw;
        }
    }

    /// <summary>Reads and encodes a picture or clip.</summary>
    /// <exception cref="BadInputException">The file is none that can be read.</exception>
    public Seen See(string path, ShowOptions? options = null, CancellationToken cancel = default)
        => See(path, path, options ?? ShowOptions.Default, cancel);

    /// <summary>Reads and encodes a picture or clip that a stream holds from where it stands, by way of a temporary file.</summary>
    /// <exception cref="BadInputException">It is none that can be read, or has more bytes than the options allow.</exception>
    /// <exception cref="IOException">The stream breaks off, or there is no room for its bytes.</exception>
    public async Task<Seen> SeeAsync(Stream content, ShowOptions? options = null, CancellationToken cancel = default)
    {
        const string Name = "the stream";
        options ??= ShowOptions.Default;
        ThrowIfDisposed();
        using TemporaryFile file = await TemporaryFile.CopyAsync(content, options.MaxBytes, cancel).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => See(file.Path, Name, options, cancel), cancel).ConfigureAwait(false);
        }
        catch (BadInputException e)
        {
            throw new BadInputException(e.Message.Replace(file.Path, Name), e) { Remedies = e.Remedies };
        }
    }

    /// <param name="name">Stands for the path in notices.</param>
    private Seen See(string path, string name, ShowOptions options, CancellationToken cancel)
    {
        var notices = new List<string>();
        Action<string>? told = options.Clip.Notice ?? warn;
        ClipOptions clip = options.Clip with
        {
            Notice = line =>
            {
                string notice = line.Replace(path, name);
                notices.Add(notice);
                told?.Invoke(notice);
            },
        };
        using PixelValues pixels = Look(path, options.Picture, clip, cancel);
        (VisionTokens tokens, TimeSpan time) = Encode(pixels, cancel);
        return new Seen(tokens, time, notices);
    }

    /// <summary>A new dialogue; any number may be open, and answer, at once.</summary>
    public Conversation Start(PromptTemplate? template = null)
    {
        using Lifetime.Scope scope = lifetime.Enter();
        return new Conversation(this, template);
    }

    IConversation IAssistant.Start(PromptTemplate? template) => Start(template);

    /// <summary>Captions frames as they come, window by window, back to back.</summary>
    /// <param name="frames">In the order of their times; from a camera, or a program's own (<see cref="Frame.FromPixels"/>). The stream is
    /// asked for the next frame while windows are encoded and put into words, and waits where that takes longer.</param>
    /// <param name="window">Length of a window, which <see cref="VideoLlavaConfig.ClipFrames"/> frames stand for, evenly spread.</param>
    /// <param name="every">Distance from one window's start to the next one's; null: the length.</param>
    /// <param name="question">Asked about every window.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the captions so far have come.</exception>
    public async IAsyncEnumerable<Caption> NarrateAsync(IAsyncEnumerable<Frame> frames, TimeSpan window, TimeSpan? every = null,
        string question = Question, GenerationOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var narrator = new Narrator(this, question, options ?? new GenerationOptions { MaxTokens = 128, GuardLoops = true });
        var windows = new FrameWindows(this, window, every ?? window);
        await foreach (Caption caption in Captions(narrator, stop => windows.Read(frames, stop), cancel).ConfigureAwait(false))
            yield return caption;
    }

    /// <summary>Captions a live source until it ends for good, window by window: what comes faster than it can be told is dropped, frames
    /// and windows but no answer; windows in which nothing changed are left out.</summary>
    /// <param name="every">Distance from one window's start to the next one's; null: the length.</param>
    /// <param name="gate">When a window counts as changed; null: each is captioned.</param>
    /// <param name="statistics">Filled as it goes.</param>
    /// <exception cref="BadInputException">The source never gave a frame.</exception>
    public IAsyncEnumerable<Caption> NarrateLiveAsync(LiveSource source, TimeSpan window, TimeSpan? every = null,
        NarrationOptions? options = null, ChangeGateOptions? gate = null, LiveStatistics? statistics = null, LiveOptions? connection = null,
        CancellationToken cancel = default)
    {
        statistics ??= new LiveStatistics();
        var windows = new LiveWindows(this, window, every ?? window, gate, statistics);
        var narrator = new Narrator(this, options ?? new NarrationOptions()) { Statistics = statistics };
        LiveOptions recycling = (connection ?? new LiveOptions()) with { Recycles = true };
        return Captions(narrator, stop => windows.Read(source.Read(recycling, stop), source.IsLive, stop), cancel);
    }

    private async IAsyncEnumerable<Caption> Captions(Narrator narrator, Func<CancellationToken, IAsyncEnumerable<PixelWindow>> windows,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        ThrowIfDisposed();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, lifetime.Closing);
        var captions = new ChannelSink();
        Task narrating = captions.Fill(narrator.Run(windows(stop.Token), captions, cancel: stop.Token));
        try
        {
            await foreach (Caption caption in captions.Read().ConfigureAwait(false)) yield return caption;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await narrating.ConfigureAwait(false);
        }
    }

    /// <summary>Cancels what is on its way, waits for it, and ends every conversation.</summary>
    /// <remarks>From within a callback of <see cref="Look(string, PictureOptions?, ClipOptions?, CancellationToken)"/> it does not wait:
    /// the memory is then released when that call returns.</remarks>
    public void Dispose()
    {
        End();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Dispose"/>
    public async ValueTask DisposeAsync()
    {
        await Task.Run(End).ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    internal void ThrowIfDisposed() => lifetime.ThrowIfClosed();

    /// <summary>Of a finalizer: ends what nobody disposed, not on its thread, and tells it.</summary>
    internal void Forgotten(string what, Action end)
    {
        if (lifetime == null) return; // its constructor failed
        ThreadPool.UnsafeQueueUserWorkItem(_ =>
        {
            try
            {
                end();
                warn?.Invoke($"{what} was not disposed; its memory is given back now, late");
            }
            catch (Exception e)
            {
                Trace.TraceError($"{what}, not disposed, could not be ended: {e.Message}");
            }
        }, null);
    }

    private void End()
    {
        lifetime.Cancel();
        parts.Model.Engine.Dispose();
        lifetime.Close();
    }

    private static Assistant Load(string folder, ComputeDevice device, PreprocessPreset? preset, LoadOptions? options,
        IProgress<double>? progress, CancellationToken cancel, ComputeDevice? owned, Action<string>? warn)
    {
        VideoLlava model = VideoLlava.Load(folder, device, options, progress, cancel);
        try
        {
            return new Assistant(new AssistantParts(model, TextTokenizer.Load(folder), preset, owned), warn);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
