namespace EdgeVideoLlava.Tests.Ptx.Instructions;

/// <summary>How the machine carries an instruction out. Everything that only makes numbers of numbers is <see cref="Compute"/>.</summary>
internal enum InstructionKind : byte
{
    /// <summary>D = formula of A, B and C.</summary>
    Compute,

    /// <summary>Two halves of A into two registers.</summary>
    Unpack,
    LoadGlobal,
    StoreGlobal,
    LoadShared,
    StoreShared,

    /// <summary>cp.async: C bytes from global B to shared A, the rest of 16 zeros.</summary>
    BeginCopy,
    CommitCopies,
    WaitForCopies,
    Branch,
    Return,

    /// <summary>bar.sync, of the group.</summary>
    Barrier,

    /// <summary>bar.warp.sync and what follows it here: all lanes of a warp together.</summary>
    WarpBarrier,
    Shuffle,
    MultiplyAdd,
    LoadMatrices,
}
