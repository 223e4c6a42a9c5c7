namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Tests that measure the whole process's memory: nothing else runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
