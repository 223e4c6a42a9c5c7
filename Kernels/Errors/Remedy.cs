namespace EdgeVideoLlava;

/// <summary>Something that would help, as a message names it.</summary>
/// <param name="Words">In the message.</param>
public abstract record Remedy(string Words)
{
    /// <inheritdoc/>
    public sealed override string ToString() => Words;
}

/// <summary>A setting of the library with the value that would help, in the form that <c>ComputeDevices.Open</c> and
/// the options parse.</summary>
/// <param name="Name">Device, Compute, Tier, LanguageWeights, KvCache, PromptTemplate or Force.</param>
/// <param name="Value">Null: the setting is to be left out.</param>
public sealed record Setting(string Name, string? Value) : Remedy(Value == null ? $"{Name} unset" : $"{Name} = {Value}")
{
    /// <summary>Another device, by its name.</summary>
    public static Setting Device(string name) => new("Device", name);

    /// <summary>The processor, which runs everything.</summary>
    public static Setting Processor { get; } = Device("cpu");

    /// <summary>Activations in float32.</summary>
    public static Setting Fp32 { get; } = new("Compute", "fp32");

    /// <summary>A device chooses its kernels itself.</summary>
    public static Setting NoTier { get; } = new("Tier", null);
}

/// <summary>A native library or driver that is missing.</summary>
public sealed record MissingLibrary : Remedy
{
    private MissingLibrary(string words) : base(words)
    {
    }

    /// <summary>An OpenCL driver with its loader.</summary>
    public static MissingLibrary OpenCl { get; } = new("an OpenCL driver (your GPU's, or PoCL for the processor)");

    /// <summary>NVIDIA's driver.</summary>
    public static MissingLibrary Cuda { get; } = new("an NVIDIA GPU with its driver (libcuda.so.1)");

    /// <summary>What decodes the clips that OpenCV's library does not.</summary>
    public static MissingLibrary Ffmpeg { get; } = new("the ffmpeg program");

    /// <summary>What clips are decoded by.</summary>
    public static MissingLibrary Video { get; } = new("the libraries that OpenCV wants (GTK 3, libdrm, libatomic), or the ffmpeg program");
}
