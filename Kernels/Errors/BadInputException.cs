namespace EdgeVideoLlava;

/// <summary>Something the user gave us cannot be used: a file, a checkpoint, a prompt, an output path. Command line: exit code 2.</summary>
/// <remarks>The message is one line: what is wrong, where, and what to do about it.</remarks>
public sealed class BadInputException(string message, Exception? inner = null) : EdgeException(message, inner);
