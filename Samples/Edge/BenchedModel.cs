using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Runtime;

namespace EdgeVideoLlava.Edge;

/// <summary>The model that `edge bench` measures: a checkpoint, or random weights.</summary>
internal sealed class BenchedModel : IDisposable
{
    private BenchedModel(string name, ComputeDevice device, VideoLlava model) => (Name, Device, Model) = (name, device, model);

    public string Name { get; }
    public ComputeDevice Device { get; }
    public VideoLlava Model { get; }

    public static BenchedModel Open(ModelSettings settings, CancellationToken cancel)
    {
        ModelSession session = ModelSession.OpenModel(settings, cancel);
        return new BenchedModel(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(settings.Folder))), session.Device, session.Model);
    }

    public static BenchedModel Synthetic(ModelSettings settings, VideoLlavaConfig config, StorageType type, CancellationToken cancel)
    {
        ComputeDevice device = ComputeDevices.Open(settings.Device, settings.Threads ?? 0);
        try
        {
            string weights = settings.Weights is { } converted ? $", linears {converted}" : "";
            string name = $"synthetic 7b, {config.Language.Layers} of 32 layers, {type}{weights}";
            return new BenchedModel(name, device, VideoLlava.Synthetic(config, type, device, new LoadOptions(LanguageWeights: settings.Weights), cancel));
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Model.Dispose();
        Device.Dispose();
    }
}
