using EdgeVideoLlava.Edge;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge;

/// <summary>The library speaks of its settings, the program of its options.</summary>
public sealed class OptionWordsTests
{
    public static TheoryData<Remedy, string> Words => new()
    {
        { Setting.Device("cuda:0"), "take --device cuda:0." },
        { Setting.Fp32, "take --compute fp32." },
        { Setting.NoTier, "take --kernels out." },
        { new Setting("LanguageWeights", "q4_k"), "take --weights q4_k." },
        { new Setting("KvCache", "int8"), "take --kv-cache int8." },
        { MissingLibrary.OpenCl,
        "PoCL for the processor): apt-get install -y --no-install-recommends pocl-opencl-icd ocl-icd-libopencl1." },
        { MissingLibrary.Cuda, "(libcuda.so.1): apt-get install -y --no-install-recommends nvidia-driver (Debian non-free)." },
        { MissingLibrary.Ffmpeg, "take the ffmpeg program: apt-get install -y --no-install-recommends ffmpeg." },
        { MissingLibrary.Video, "libgtk-3-0 libdrm2 libatomic1, or apt-get install -y --no-install-recommends ffmpeg." },
    };

    [Theory, MemberData(nameof(Words))]
    public void A_remedy_is_told_in_options_and_packages(Remedy remedy, string expected)
        => Assert.EndsWith(expected, OptionWords.In(new BadInputException($"take {remedy}.") { Remedies = [remedy] }));

    [Fact]
    public void A_message_of_the_library_becomes_one_of_the_program()
    {
        var refused = Assert.Throws<DeviceUnavailableException>(()
            => ComputeDevices.Open("cpu", new DeviceOptions(Compute: StorageType.F16)));
        Assert.Equal("device cpu: the processor computes in fp32 only; take Compute = fp32, or a GPU", refused.Message);
        Assert.Equal("device cpu: the processor computes in fp32 only; take --compute fp32, or a GPU", OptionWords.In(refused));
    }
}
