using EdgeVideoLlava.Edge;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge;

public sealed class StartLineTests
{
    [Theory]
    [InlineData("cpu, 2 threads, AVX2", "built-in shapes model", "cpu, 2 threads, AVX2 · built-in shapes model")]
    [InlineData("cuda:0, NVIDIA RTX 6000 Ada Generation", "Video-LLaVA-7B-hf", "cuda:0, NVIDIA RTX 6000 Ada Generation · Video-LLaVA-7B-hf")]
    public void Device_and_model_stand_in_one_line(string device, string model, string line) => Assert.Equal(line, StartLine.Of(device, model));

    [Theory]
    [InlineData(20, 20)]
    [InlineData(34, 37)]
    [InlineData(100, 10)]
    [InlineData(10, 100)]
    [InlineData(100, 100)]
    public void It_is_never_longer_than_a_terminal_is_wide(int device, int model)
    {
        string line = "edge: " + StartLine.Of(new string('d', device), new string('m', model));
        Assert.InRange(line.Length, 0, 80);
        Assert.Equal(device + model >= 71, line.Length == 80);
        Assert.True(line.Count(c => c == 'm') >= Math.Min(model, 30) && line.Count(c => c == 'd') >= Math.Min(device, 20), line);
    }
}
