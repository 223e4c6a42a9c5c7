using System.Text.Json;
using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>A small model on a device of its own, with the few steps that tests of the forward path are made of.</summary>
internal sealed class TinyModel : IDisposable
{
    private readonly bool ownsDevice;

    public TinyModel(string folder, LoadOptions? options = null) : this(folder, new CpuDevice(2), options) => ownsDevice = true;

    /// <summary>On a device that stays open.</summary>
    public TinyModel(string folder, ComputeDevice device, LoadOptions? options = null)
        => (Device, Model) = (device, VideoLlava.Load(folder, device, options));

    public static TinyModel Original() => new(Golden.Path("original-tiny/checkpoint"));

    public static TinyModel Hf() => new(Golden.Path("hf-tiny/checkpoint"));

    public ComputeDevice Device { get; }
    public VideoLlava Model { get; }
    public int Vocabulary => Model.Config.Language.Vocabulary;

    public void Dispose()
    {
        Model.Dispose();
        if (ownsDevice) Device.Dispose();
    }

    /// <summary>Pixels of a picture or clip of the original set.</summary>
    public static PixelValues Pixels(string name)
    {
        using SafeTensors pictures = Golden.Tensors("original-tiny/cases/pictures.safetensors");
        return PixelTensors.Read(pictures[name], ModelVariant.Original).Single();
    }

    public VisionTokens See(string name) => Model.Encode(Pixels(name));

    /// <summary>The ids of an original case, with -200 markers.</summary>
    public static int[] Ids(string name)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Golden.Path($"original-tiny/cases/{name}.json")));
        return [.. json.RootElement.GetProperty("input_ids").EnumerateArray().Select(id => id.GetInt32())];
    }

    public MergedPrompt Prompt(int[] ids, params VisionTokens[] visuals) => MergedPrompt.FromMarkers(ids, visuals, Vocabulary);

    /// <summary>So many ordinary ids, always the same.</summary>
    public int[] Text(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [1, .. Enumerable.Range(0, count - 1).Select(_ => random.Next(259, 500))];
    }

    /// <summary>Prefills what the state lacks and gives the logits of the last position.</summary>
    public float[] Last(MergedPrompt prompt, LlamaState state)
    {
        Matrix logits = Model.Device.AllocateMatrix(1, Vocabulary);
        using DeviceBuffer memory = logits.Buffer;
        Model.Prefill(prompt, state, logits);
        return Model.LanguageQueue.Read(logits);
    }

    /// <summary>The same from an empty state: nothing cached.</summary>
    public float[] Fresh(MergedPrompt prompt)
    {
        using LlamaState state = Model.CreateState();
        return Last(prompt, state);
    }

    /// <summary>One decode step of several conversations: their logits.</summary>
    public float[][] Step(LlamaState[] states, int[] ids)
    {
        IntVector next = Model.Device.AllocateInts(ids.Length);
        Matrix logits = Model.Device.AllocateMatrix(ids.Length, Vocabulary);
        using DeviceBuffer idMemory = next.Buffer, memory = logits.Buffer;
        Model.LanguageQueue.Write(ids, next);
        Model.Decode(states, next, logits);
        return [.. Model.LanguageQueue.Read(logits).Chunk(Vocabulary)];
    }

    public static int Best(float[] logits) => Array.IndexOf(logits, logits.Max());

    /// <summary>Equal but for the rounding of another order of the same sums.</summary>
    public static void AssertClose(float[] expected, float[] got, double tolerance = 1e-4)
    {
        Assert.Equal(expected.Length, got.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - got[i]) <= tolerance, $"number {i}: {got[i]}, expected {expected[i]}");
    }

    public static double Distance(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();
}
