namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>A span of a clip and the frames that stand for it.</summary>
/// <param name="Start">Begin, from the start of the clip.</param>
/// <param name="End">End; earlier than a full window's where the clip ends.</param>
/// <param name="Indices">Frames of the clip, ascending; repeated where the window holds fewer.</param>
internal sealed record FrameWindow(TimeSpan Start, TimeSpan End, IReadOnlyList<int> Indices);
