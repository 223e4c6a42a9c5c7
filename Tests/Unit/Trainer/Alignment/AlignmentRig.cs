using System.Text.Json;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer.Alignment;

namespace EdgeVideoLlava.Tests.Unit.Trainer.Alignment;

/// <summary>The goldens' towers of stage 0 on a device, one of them or both, with what learns.</summary>
internal sealed class AlignmentRig : IDisposable
{
    public const int Projected = 48;

    private readonly TensorTable table;

    /// <param name="kind">video, image or text: which tower of the goldens; "video, text": both.</param>
    public AlignmentRig(string kind, TestDevice device, Func<string, bool> learns, Activation activation = Activation.Gelu)
    {
        Device = TestDevices.Get(device);
        Queue = Device.CreateQueue();
        Arena = new Arena(Device);
        table = new TensorTable(Device, Queue, learns);
        LogScale = Add("logit_scale");
        if (kind.Contains("video") || kind.Contains("image")) Visuals = new VisualEncoder(table, Vision(kind.Contains("video")), Projected);
        if (kind.Contains("text"))
            Texts = new TextEncoder(table, new TextConfig(Text() with { Activation = activation }, 128), Projected);
        foreach (string part in kind.Split(", ")) Fill(part);
    }

    public ComputeDevice Device { get; }

    public ComputeQueue Queue { get; }

    public Arena Arena { get; }

    public TableTensor LogScale { get; }

    public VisualEncoder? Visuals { get; }

    public TextEncoder? Texts { get; }

    public TensorTable Table => table;

    public ContrastiveStep Step => new(Queue, Visuals!, Texts!, LogScale, Projected);

    /// <summary>A tensor's patterns of what LanguageBind trains without adapters.</summary>
    public static Func<string, bool> FineTuned(string kind)
    {
        using JsonDocument step = JsonDocument.Parse(File.ReadAllText(Golden.Path($"training/stage0_{kind}/step0.json")));
        HashSet<string> names = [.. step.RootElement.GetProperty("trainable_ft").EnumerateArray().Select(name => name.GetString()!)];
        return names.Contains;
    }

    public static IReadOnlyList<PixelValues> Pixels(SafeTensors golden)
    {
        HostTensor all = golden["pixel_values"];
        bool isClip = all.Shape.Count == 5;
        int frames = isClip ? 8 : 1, size = frames * 3 * 28 * 28;
        // The goldens' clips are (3, 8, 28, 28); a tower takes frames first.
        IEnumerable<float> Frames(float[] clip) => Enumerable.Range(0, frames).SelectMany(frame => Enumerable.Range(0, 3)
            .SelectMany(channel => clip.Skip((channel * frames + frame) * 784).Take(784)));
        return [.. all.ToFloats().Chunk(size).Select(one => new PixelValues([.. isClip ? Frames(one) : one], frames, 28, isClip))];
    }

    /// <summary>Loss and gradients of pictures or clips against fixed texts.</summary>
    public double VisualPass(SafeTensors golden, SafeTensors? drop = null, bool ownText = false)
    {
        using Arena.Scope scope = Arena.Begin();
        IReadOnlyList<PixelValues> pixels = Pixels(golden);
        Matrix features = Take(), fixedText = Take(), d = Take(), dText = Take();
        Queue.Write(golden[ownText ? "features" : "text_features"].ToFloats(), fixedText);
        int[][]? kept = drop == null ? null : [.. drop["kept_patches"].ToLongs().Select(patch => (int)patch).Chunk(2)];
        List<VisualEncoder.Tape> tapes = [.. pixels.Select((one, i) => Visuals!.Forward(Queue, Arena, one, kept?[i], recompute: i % 2 == 1,
            features.RowRange(i, 1)))];
        double loss = Loss(features, fixedText, d, dText);
        for (int i = 0; i < tapes.Count; i++)
        {
            Visuals!.Backward(Queue, Arena, tapes[i], d.RowRange(i, 1));
            tapes[i].Dispose();
        }
        return loss;
    }

    public double TextPass(SafeTensors golden)
    {
        using Arena.Scope scope = Arena.Begin();
        Matrix features = Take(), visual = Take(), d = Take(), dVisual = Take();
        Queue.Write(golden["visual_features"].ToFloats(), visual);
        using TextEncoder.Tape tape = Texts!.Forward(Queue, Arena, Ids(golden), features);
        double loss = Loss(visual, features, dVisual, d);
        Texts.Backward(Queue, Arena, tape, d);
        return loss;
    }

    public IReadOnlyList<int[]> Ids(SafeTensors golden)
        => [.. golden["input_ids"].ToLongs().Select(id => (int)id).Chunk(16).Select(Texts!.Cut)];

    public void Dispose()
    {
        table.Dispose();
        Arena.Dispose();
        Queue.Dispose();
    }

    private double Loss(Matrix visual, Matrix text, Matrix dVisual, Matrix dText)
    {
        (double loss, double dScale) = InfoNce.Run(Queue, visual, text, Queue.Read(LogScale.Value)[0], 1, Arena, dVisual, dText);
        if (LogScale.Gradient is { } gradient) Queue.Write([(float)dScale], gradient);
        return loss;
    }

    private Matrix Take() => Arena.Take(6, Projected);

    private TableTensor Add(string name)
    {
        table.AddVector(new TensorSpec(name));
        return table.Tensors[^1];
    }

    private void Fill(string part)
    {
        using SafeTensors model = Golden.Tensors("training/model/model.safetensors"),
            own = Golden.Tensors(part == "text" ? "training/stage0_text/init.safetensors" : $"training/stage0_{part}/step0.safetensors");
        foreach (TableTensor tensor in table.Tensors)
        {
            string name = tensor.Spec.Name, tower = name.Replace("vision_model.", $"model.{part}_tower.{part}_tower.");
            HostTensor? source = own.Tensors.GetValueOrDefault(part == "text" ? name : $"init.{name}")
                ?? (part == "text" ? null : model.Tensors.GetValueOrDefault(tower));
            if (source != null) Queue.Write(source.ToFloats(), tensor.Value);
        }
    }

    private static VisionConfig Vision(bool isClip) => Text() with
    {
        Layers = 3,
        Patch = 14,
        Positions = 5,
        TemporalFrames = isClip ? 8 : 0,
        FeatureLayers = 2,
    };

    private static VisionConfig Text() => new()
    {
        Layers = 2,
        Hidden = 64,
        Heads = 1,
        FeedForward = 128,
        Patch = 0,
        Positions = 16,
        LayerNormEpsilon = 1e-5f,
        Activation = Activation.Gelu,
        TemporalFrames = 0,
        FeatureLayers = 2,
    };
}
