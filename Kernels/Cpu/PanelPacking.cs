using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>Turns a weight's blocks into panels once, while it is loaded.</summary>
internal static unsafe class PanelPacking
{
    /// <summary>Bytes of a panel of so many groups: scales, then levels, in the order in which a product reads them.</summary>
    public static int Bytes<TBlocks, TLevels>(int groups) where TBlocks : IIntegerBlocks where TLevels : IPanelLevels
        => TBlocks.ScaleBytes(groups) + groups * TLevels.Bytes;

    /// <summary>Bytes of all panels of 16 rows.</summary>
    public static long RowBytes<TBlocks, TLevels>(int columns) where TBlocks : IIntegerBlocks where TLevels : IPanelLevels
        => columns / PanelShape.Columns * (long)Bytes<TBlocks, TLevels>(8)
            + Rest<TBlocks, TLevels>(columns % PanelShape.Columns / PanelShape.Group);

    private static int Rest<TBlocks, TLevels>(int groups) where TBlocks : IIntegerBlocks where TLevels : IPanelLevels
        => groups == 0 ? 0 : Bytes<TBlocks, TLevels>(groups);

    /// <summary>Rows of a part to panels, each 16 of them behind the other; in a last panel the last row is repeated.</summary>
    public static void Run<TBlocks, TLevels>(WorkerThreads workers, HostRows part, int columns, byte* target)
        where TBlocks : IIntegerBlocks where TLevels : IPanelLevels
        => workers.For(new Panels<TBlocks, TLevels>(part, columns, target), (part.Rows + PanelShape.Rows - 1) / PanelShape.Rows);

    private readonly struct Panels<TBlocks, TLevels>(HostRows part, int columns, byte* target) : ICpuJob
        where TBlocks : IIntegerBlocks where TLevels : IPanelLevels
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            byte** rows = stackalloc byte*[PanelShape.Rows];
            byte* levels = stackalloc byte[512];
            long bytes = (long)columns / TBlocks.Columns * TBlocks.Bytes, size = RowBytes<TBlocks, TLevels>(columns);
            for (int panel = begin; panel < end; panel++)
            {
                for (int r = 0; r < PanelShape.Rows; r++)
                    rows[r] = (byte*)part.Row(Math.Min(panel * PanelShape.Rows + r, part.Rows - 1), bytes);
                byte* to = target + panel * size;
                new Span<byte>(to, (int)size).Clear();
                for (int c = 0; c < columns; c += PanelShape.Columns)
                {
                    int groups = Math.Min(PanelShape.Columns, columns - c) / PanelShape.Group;
                    Pack(rows, (long)c / TBlocks.Columns * TBlocks.Bytes, groups, levels, to);
                    to += Bytes<TBlocks, TLevels>(groups);
                }
            }
        }

        private static void Pack(byte** rows, long offset, int groups, byte* levels, byte* to)
        {
            for (int r = 0; r < PanelShape.Rows; r++) TBlocks.PackScales(rows[r] + offset, groups, r, to);
            to += TBlocks.ScaleBytes(groups);
            for (int g = 0; g < groups; g++, to += TLevels.Bytes)
            {
                for (int r = 0; r < PanelShape.Rows; r++) Turn(rows[r] + offset, g, r, levels);
                TLevels.Pack(levels, to);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Turn(byte* blocks, int g, int row, byte* levels)
        {
            Vector256<int> four = (TBlocks.Columns == PanelShape.Group ? TBlocks.Levels(blocks + g * TBlocks.Bytes, 0)
                : TBlocks.Levels(blocks, g)).AsInt32();
            for (int k = 0; k < 8; k++) ((int*)levels)[k * PanelShape.Rows + row] = four[k];
        }
    }
}
