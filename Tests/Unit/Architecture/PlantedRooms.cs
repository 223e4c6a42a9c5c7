// Rooms planted for RoomTests: A uses B and C, B uses C; D and E use each other.
#pragma warning disable IDE0161 // several namespaces in one file are the point
namespace EdgeVideoLlava.Tests.Unit.Architecture.RoomA
{
    internal static class A
    {
        public static int Run() => RoomB.B.Run() + new RoomC.C[1].Length;
    }
}

namespace EdgeVideoLlava.Tests.Unit.Architecture.RoomB
{
    internal static class B
    {
        public static int Run() => new List<RoomC.C>().Count;
    }
}

namespace EdgeVideoLlava.Tests.Unit.Architecture.RoomC
{
    internal sealed class C;
}

namespace EdgeVideoLlava.Tests.Unit.Architecture.RoomD
{
    internal sealed class D(RoomE.E? other)
    {
        public object? Other => other;
    }
}

namespace EdgeVideoLlava.Tests.Unit.Architecture.RoomE
{
    internal sealed class E
    {
        public static bool Is(object x) => x is RoomD.D;
    }
}
