namespace EdgeVideoLlava.Tests.Ptx.Execution;

/// <summary>What a launch asks of the driver beside the arguments.</summary>
/// <param name="X">Groups; <paramref name="Y"/> and <paramref name="Z"/> too.</param>
/// <param name="Items">Of a group.</param>
/// <param name="DynamicBytes">Shared memory of a group beyond what the text declares.</param>
internal readonly record struct LaunchShape(int X, int Y, int Z, int Items, int DynamicBytes = 0);

/// <summary>The order in which warps, and the lanes of a warp, run up to their next meeting. A right text does not care.</summary>
public enum LaneOrder { Ascending, Descending }
