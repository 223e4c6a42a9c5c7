namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>A native library or program that a feature needs.</summary>
/// <param name="Name">What it is, e.g. "OpenCV".</param>
/// <param name="Purpose">The feature that is lost without it.</param>
/// <param name="Found">Whether it loads or lies on the path.</param>
/// <param name="Detail">Where it is, or why it does not load.</param>
/// <param name="Remedy">The command or step that brings it; null when found.</param>
public sealed record LibraryStatus(string Name, string Purpose, bool Found, string Detail, string? Remedy);
