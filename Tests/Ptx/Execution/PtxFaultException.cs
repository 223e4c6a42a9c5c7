namespace EdgeVideoLlava.Tests.Ptx.Execution;

/// <summary>What a kernel's text must not do was done: the launch ends there.</summary>
internal sealed class PtxFaultException(FaultKind kind, string message) : Exception(message)
{
    public FaultKind Kind { get; } = kind;
}

public enum FaultKind
{
    /// <summary>The launch does not fit the text.</summary>
    Launch,

    /// <summary>An access outside every view, or every shared array.</summary>
    Bounds,
    Alignment,

    /// <summary>Two items touch a place, one of them writes it, and nothing orders them.</summary>
    Race,

    /// <summary>Shared memory is read that nobody has written, or whose copy is not waited for.</summary>
    Uninitialised,

    /// <summary>Lanes that have to be together are not.</summary>
    Divergence,

    /// <summary>Lanes go both ways at a branch that claims to be uniform.</summary>
    Uniformity,

    /// <summary>Copies are left without a wait.</summary>
    Copies,

    /// <summary>Of whole numbers, by zero.</summary>
    Division,

    /// <summary>An item does not end.</summary>
    Endless,
}
