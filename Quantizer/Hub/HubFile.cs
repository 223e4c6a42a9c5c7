namespace EdgeVideoLlava.Quantizer.Hub;

/// <summary>A file of a repository as the hub lists it.</summary>
/// <param name="Path">Relative, with '/' between folders; checked, so that it stays in the folder it is put into.</param>
/// <param name="Sha256">Of its content, in lower-case hexadecimal; null for a small file, which has only a git digest.</param>
/// <param name="GitSha1">Of "blob", its size, a zero byte, and its content.</param>
public sealed record HubFile(string Path, long Bytes, string? Sha256, string GitSha1);
