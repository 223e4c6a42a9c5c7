using System.Runtime.CompilerServices;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>ILGPU's contexts, in programs that leave ILGPU what it needs.</summary>
internal static class IlgpuContext
{
    /// <summary>A new context, with the drivers' libraries made findable.</summary>
    /// <exception cref="DeviceUnavailableException">The program is compiled ahead of time, or trimmed: ILGPU compiles kernels from
    /// their code and reads its own at run time.</exception>
    public static Context Create(Action<Context.Builder> build)
    {
        if (!RuntimeFeature.IsDynamicCodeSupported) throw Unusable("compiled ahead of time", "compiles kernels from their code", null);
        IlgpuDevices.FindLibraries();
        try
        {
            return Context.Create(build);
        }
        catch (Exception e) when (e is NotSupportedException or MissingMemberException or TypeInitializationException)
        {
            throw Unusable("perhaps trimmed", $"reads its own code ({(e.InnerException ?? e).Message})", e);
        }
    }

    private static DeviceUnavailableException Unusable(string how, string why, Exception? cause)
        => new($"OpenCL and CUDA: this program is {how}, and ILGPU {why} at run time; take {Setting.Processor}", cause)
        { Remedies = [Setting.Processor] };
}
