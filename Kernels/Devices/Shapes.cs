using System.Runtime.CompilerServices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>Shape checks of the operations: wrong shapes are our own bug and throw before anything runs.</summary>
internal static class Shapes
{
    public static void Same(Matrix a, Matrix b, [CallerArgumentExpression(nameof(a))] string? nameA = null,
        [CallerArgumentExpression(nameof(b))] string? nameB = null)
    {
        if (a.Rows != b.Rows || a.Columns != b.Columns)
            throw new ArgumentException($"{nameA} is ({a.Rows}, {a.Columns}), {nameB} is ({b.Rows}, {b.Columns}); they must be equal");
    }

    public static void Is(Matrix a, int rows, int columns, [CallerArgumentExpression(nameof(a))] string? name = null)
    {
        if (a.Rows != rows || a.Columns != columns)
            throw new ArgumentException($"{name} is ({a.Rows}, {a.Columns}); ({rows}, {columns}) is wanted");
    }

    public static void Vector(Matrix a, int columns, [CallerArgumentExpression(nameof(a))] string? name = null) => Is(a, 1, columns, name);

    /// <summary>Rows of a block type are whole blocks.</summary>
    public static void WholeBlocks(string name, StorageType type, int columns)
    {
        if (columns % type.BlockColumns() != 0)
            throw new ArgumentException($"{name} has {columns} columns; {type} stores {type.BlockColumns()} at a time");
    }

    public static void Length(IntVector a, int length, [CallerArgumentExpression(nameof(a))] string? name = null)
    {
        if (a.Length != length) throw new ArgumentException($"{name} holds {a.Length} numbers; {length} are wanted");
    }
}
