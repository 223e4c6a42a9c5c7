namespace EdgeVideoLlava.Runtime.Text.Jinja;

/// <summary>A template that cannot be read or rendered; the message says what in it.</summary>
internal sealed class JinjaException(string message) : Exception(message);
