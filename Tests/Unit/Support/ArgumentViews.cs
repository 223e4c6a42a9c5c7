using System.Reflection;
using System.Runtime.InteropServices;
using EdgeVideoLlava.Tests.Ptx.Execution;
using ILGPU;
using ILGPU.Backends.PointerViews;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Where views lie in a kernel's block of arguments.</summary>
internal sealed class ArgumentViews
{
    private readonly List<(int Offset, int ElementBytes)> places = [];

    /// <param name="block">ILGPU's type of the block: views are a pointer and a length.</param>
    public ArgumentViews(Type block) => Add(block, 0);

    /// <summary>The views of a launch.</summary>
    public IEnumerable<GlobalView> Of(ReadOnlySpan<byte> arguments)
    {
        var views = new List<GlobalView>();
        foreach ((int offset, int elementBytes) in places)
        {
            long start = MemoryMarshal.Read<long>(arguments[offset..]), length = MemoryMarshal.Read<long>(arguments[(offset + 8)..]);
            views.Add(new GlobalView(start, length * elementBytes, elementBytes));
        }
        return views;
    }

    /// <summary>Adds the views of a type that lies at an offset; returns the type's size.</summary>
    private int Add(Type type, int offset)
    {
        if (IsView(type)) places.Add((offset, Interop.SizeOf(type.GetGenericArguments()[0])));
        if (IsView(type)) return 2 * sizeof(long);
        if (Primitive(type) is { } primitive) return Interop.SizeOf(primitive);
        int size = 0;
        foreach (FieldInfo field in Fields(type))
        {
            size = Aligned(size, Alignment(field.FieldType));
            size += Add(field.FieldType, offset + size);
        }
        return Math.Max(1, Aligned(size, Alignment(type)));
    }

    private static int Alignment(Type type) => IsView(type) ? sizeof(long)
        : Primitive(type) is { } primitive ? Interop.SizeOf(primitive)
        : Fields(type).Select(field => Alignment(field.FieldType)).DefaultIfEmpty(1).Max();

    private static bool IsView(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ViewImplementation<>);

    private static Type? Primitive(Type type) => type.IsEnum ? type.GetEnumUnderlyingType() : type.IsPrimitive ? type : null;

    private static IOrderedEnumerable<FieldInfo> Fields(Type type)
        => type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(field => field.MetadataToken);

    private static int Aligned(int size, int align) => (size + align - 1) / align * align;
}
