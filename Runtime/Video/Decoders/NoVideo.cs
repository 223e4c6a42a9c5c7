
namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>The refusal of a file in which no back end finds moving pictures.</summary>
internal static class NoVideo
{
    public static BadInputException In(string path)
        => new($"{path}: no video stream that can be decoded (sound alone, or a clip cut before its index); fetch or convert it again");
}
