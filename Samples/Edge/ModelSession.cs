using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Preprocess;

namespace EdgeVideoLlava.Edge;

/// <summary>The device and the model of one command, opened with a start line on stderr, closed together.</summary>
internal sealed class ModelSession : IDisposable
{
    private ModelSession(ComputeDevice device, Assistant assistant) => (Device, Assistant) = (device, assistant);

    public ComputeDevice Device { get; }
    public Assistant Assistant { get; }

    public static ModelSession Open(ModelSettings settings, CancellationToken cancel, PreprocessPreset? preset = null, LoadOptions? options = null)
    {
        if (settings.Compute == "fp16") throw new DeviceUnavailableException("--compute fp16: no device here stores activations in fp16 yet; take --compute fp32");
        ComputeDevice device = ComputeDevices.Open(settings.Device, settings.Threads ?? 0);
        try
        {
            Assistant assistant = Assistant.Load(settings.Folder, device, preset, options, cancel: cancel);
            Notices.Say($"{device.Description}; model {settings.Folder} ({assistant.Model.Config.Variant.ToString().ToLowerInvariant()}); tokens: {assistant.Tokenizer.ModeDescription}");
            foreach (string notice in assistant.Model.Config.Notices) Notices.Say(notice);
            return new ModelSession(device, assistant);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Assistant.Dispose();
        Device.Dispose();
    }
}
