using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Language;

/// <summary>Which picture or clip goes where in a prompt, and what is refused.</summary>
public sealed class VisualsInPromptsTests : IDisposable
{
    private readonly TinyModel tiny = TinyModel.Original();

    public void Dispose() => tiny.Dispose();

    [Theory, InlineData("image_a", "image_b"), InlineData("video_a", "video_b")]
    public void Two_visuals_are_taken_in_prompt_order(string first, string second)
    {
        using VisionTokens a = tiny.See(first), b = tiny.See(second);
        int[] ids = [1, .. Enumerable.Repeat(-200, a.Blocks), 300, .. Enumerable.Repeat(-200, b.Blocks), 301];
        float[] inOrder = tiny.Fresh(tiny.Prompt(ids, a, b));
        Assert.True(TinyModel.Distance(inOrder, tiny.Fresh(tiny.Prompt(ids, b, a))) > 0.1);
        Assert.True(TinyModel.Distance(inOrder, tiny.Fresh(tiny.Prompt(ids, a, a))) > 0.1);
    }

    [Fact]
    public void Sixteen_frames_of_one_clip_are_two_clips_of_eight()
    {
        PixelValues a = TinyModel.Pixels("video_a"), b = TinyModel.Pixels("video_b");
        using VisionTokens both = tiny.Model.Encode(new PixelValues([.. a.Values, .. b.Values], 16, a.Size, IsClip: true));
        using VisionTokens first = tiny.Model.Encode(a), second = tiny.Model.Encode(b);
        float[] expected = [.. tiny.Model.VisionQueue.Read(first.Rows), .. tiny.Model.VisionQueue.Read(second.Rows)];
        TinyModel.AssertClose(expected, tiny.Model.VisionQueue.Read(both.Rows), 1e-5);
    }

    [Theory, InlineData(5), InlineData(0), InlineData(12)]
    public void A_temporal_tower_refuses_frames_that_are_no_multiple_of_eight(int frames)
    {
        int size = tiny.Model.Config.VideoTower.ImageSize;
        var pixels = new PixelValues(new float[frames * 3 * size * size], frames, size, IsClip: true);
        Assert.Contains($"8 frames together, got {frames}", Assert.Throws<BadInputException>(() => tiny.Model.Encode(pixels)).Message);
    }

    [Fact]
    public void Pixels_of_another_size_are_refused()
        => Assert.Throws<BadInputException>(() => tiny.Model.Encode(new PixelValues(new float[3 * 28 * 28], 1, 28, IsClip: false)));

    [Theory]
    [InlineData(0, "0 visual markers")]
    [InlineData(2, "2 visual markers")]
    public void Markers_and_visuals_must_match(int markers, string complaint)
    {
        using VisionTokens picture = tiny.See("image_a");
        string message = Assert.Throws<BadInputException>(() => tiny.Prompt([1, .. Enumerable.Repeat(-200, markers)], picture)).Message;
        Assert.Contains(complaint, message);
        Assert.Contains("give 1 blocks", message);
    }

    [Theory, InlineData(600), InlineData(-1), InlineData(-201), InlineData(int.MaxValue)]
    public void An_id_outside_the_vocabulary_never_reaches_the_table(int id)
    {
        Assert.Contains($"token id {id} is outside the model's vocabulary of 600 rows",
            Assert.Throws<BadInputException>(() => tiny.Prompt([1, id])).Message);
        MergedPrompt prompt = tiny.Prompt([1, 599]);
        Assert.Throws<BadInputException>(() => prompt.Append(id));
        Assert.Equal([1, 599], prompt.Ids);
    }

    [Fact]
    public void A_visual_that_was_let_go_is_refused_and_letting_go_twice_does_nothing()
    {
        long before = tiny.Device.AllocatedBytes;
        VisionTokens picture = tiny.See("image_a");
        MergedPrompt prompt = tiny.Prompt([1, -200, 300], picture);
        picture.Dispose();
        picture.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tiny.Fresh(prompt));
        Assert.Throws<ObjectDisposedException>(() => tiny.Fresh(tiny.Prompt([1, -200, 300], picture)));
        // scratch may have grown, nothing is freed twice
        Assert.InRange(tiny.Device.AllocatedBytes - before, 0, tiny.Device.AllocatedBytes);
        long settled = tiny.Device.AllocatedBytes;
        for (int i = 0; i < 3; i++) tiny.See("image_a").Dispose();
        Assert.Equal(settled, tiny.Device.AllocatedBytes);
    }

    [Fact]
    public void Hf_placeholders_and_rows_must_match_for_each_kind()
    {
        using TinyModel hf = TinyModel.Hf();
        int size = hf.Model.Config.ImageTower.ImageSize;
        int image = hf.Model.Config.ImageTokenId!.Value;
        int video = hf.Model.Config.VideoTokenId!.Value;
        using VisionTokens picture = hf.Model.Encode(new PixelValues(new float[3 * size * size], 1, size, IsClip: false));
        MergedPrompt Prompt(int images, int videos)
            => MergedPrompt.FromPlaceholders([1, .. Enumerable.Repeat(image, images), .. Enumerable.Repeat(video, videos), 300], [picture],
                image, video, hf.Vocabulary);
        Assert.Equal(18, Prompt(16, 0).Length);
        Assert.Contains("15 <image> placeholders, the visuals give 16 rows", Assert.Throws<BadInputException>(() => Prompt(15, 0)).Message);
        Assert.Contains("17 <image> placeholders", Assert.Throws<BadInputException>(() => Prompt(17, 0)).Message);
        Assert.Contains("1 <video> placeholders, the visuals give 0 rows", Assert.Throws<BadInputException>(() => Prompt(16, 1)).Message);
        Assert.Contains("0 <image> placeholders", Assert.Throws<BadInputException>(() => Prompt(0, 16)).Message);
    }
}
