using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>Where the time of a job goes: its kernels, the costliest first.</summary>
/// <param name="Job">"encode 8 frames", "prefill of 512", "decode after 512".</param>
/// <param name="Kernels">Of attention, the first has the job's whole bytes and FLOP, and <see cref="SecondsOf"/>
/// those of all its kernels.</param>
internal sealed record JobProfile(string Job, IReadOnlyList<LaunchTime> Kernels)
{
    private const string Attention = "Attention";

    /// <summary>Of all kernels.</summary>
    public double Seconds => Kernels.Sum(kernel => kernel.Seconds);

    /// <summary>What a kernel's bytes and FLOP are to be divided by: attention may take several kernels, whose cost
    /// is known together only.</summary>
    internal double SecondsOf(LaunchTime kernel) => IsAttention(kernel) ? Kernels.Where(IsAttention).Sum(part => part.Seconds)
        : kernel.Seconds;

    /// <param name="attention">Of the whole job: its launches do not tell, the positions are in the device's memory.</param>
    internal static JobProfile Of(string job, IReadOnlyList<LaunchTime> kernels, KernelCost attention)
    {
        int first = kernels.TakeWhile(kernel => !IsAttention(kernel)).Count();
        return new JobProfile(job,
            [.. kernels.Select((kernel, i) => i == first ? kernel with { Bytes = attention.Bytes, Flop = attention.Flop } : kernel)]);
    }

    private static bool IsAttention(LaunchTime kernel) => kernel.Kernel.Split(',')[0].Contains(Attention, StringComparison.Ordinal);
}
