using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>What is done for the panels of one storage type.</summary>
internal interface IPanelJob
{
    void Run<TBlocks, TLevels>() where TBlocks : IIntegerBlocks where TLevels : IPanelLevels;
}

/// <summary>The panels of a storage type, chosen at run time.</summary>
internal abstract unsafe class PanelFormat
{
    private static readonly Dictionary<StorageType, PanelFormat> Formats = new()
    {
        [StorageType.Q8_0] = new Of<IntegerQ8_0, PanelBytes>(),
        [StorageType.Q4_0] = new Of<IntegerQ4_0, PanelNibbles>(),
        [StorageType.Q4_1] = new Of<IntegerQ4_1, PanelNibbles>(),
        [StorageType.Q5_0] = new Of<IntegerQ5_0, PanelFives>(),
        [StorageType.Q5_1] = new Of<IntegerQ5_1, PanelFives>(),
        [StorageType.Q4_K] = new Of<IntegerQ4_K, PanelNibbles>(),
        [StorageType.Q5_K] = new Of<IntegerQ5_K, PanelFives>(),
        [StorageType.Q6_K] = new Of<IntegerQ6_K, PanelSixes>(),
    };

    /// <summary>null for a type that has none.</summary>
    public static PanelFormat? For(StorageType type) => Formats.GetValueOrDefault(type);

    /// <summary>Bytes of the panels of 16 rows.</summary>
    public abstract long RowBytes(int columns);

    /// <summary>See <see cref="PanelPacking"/>.</summary>
    public abstract void Pack(WorkerThreads workers, HostRows part, int columns, byte* target);

    public abstract void Run<TJob>(TJob job) where TJob : IPanelJob;

    private sealed class Of<TBlocks, TLevels> : PanelFormat where TBlocks : IIntegerBlocks where TLevels : IPanelLevels
    {
        public override long RowBytes(int columns) => PanelPacking.RowBytes<TBlocks, TLevels>(columns);

        public override void Pack(WorkerThreads workers, HostRows part, int columns, byte* target)
            => PanelPacking.Run<TBlocks, TLevels>(workers, part, columns, target);

        public override void Run<TJob>(TJob job) => job.Run<TBlocks, TLevels>();
    }
}
