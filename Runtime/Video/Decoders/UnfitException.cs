namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>This back end cannot show the stream as it is; another may.</summary>
/// <param name="reason">The codec or property, and the back end, e.g. "av1 has no decoder in OpenCV's package".</param>
internal sealed class UnfitException(string reason) : Exception(reason);
