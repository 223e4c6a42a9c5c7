using System.Text.Json;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Optimizer;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Optimizer;

public sealed class AdamWTests
{
    public static TheoryData<string> Runs => ["llm_wd0", "llm_wd0.1", "contrastive_wd0", "contrastive_wd0.1"];

    [Theory, MemberData(nameof(Runs))]
    public void Twenty_steps_equal_the_reference(string run)
    {
        using SafeTensors golden = Golden.Tensors("training/optimizer/optimizer.safetensors");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Golden.Path("training/optimizer/optimizer.json")));
        JsonElement settings = document.RootElement.GetProperty("runs").GetProperty(run);
        double Setting(string name) => settings.GetProperty(name).GetDouble();
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        int count = (int)golden["param_init"].Elements;
        Matrix value = rig.Vector(golden["param_init"].ToFloats());
        Matrix first = rig.Vector(new float[count]), second = rig.Vector(new float[count]);
        float[] gradients = golden["grads"].ToFloats(), expected = golden[$"{run}.params"].ToFloats();
        for (int step = 0; step < 20; step++)
        {
            // Twice the gradient with half the factor: as a loss scale would have it.
            Matrix gradient = rig.Vector([.. gradients[(step * count)..((step + 1) * count)].Select(g => 2 * g)]);
            AdamW.Run(rig.Queue, value, gradient, first, second, new AdamWStep(Setting("lr"), step + 1, 0.5f, settings.GetProperty("betas")[0]
                .GetDouble(), settings.GetProperty("betas")[1].GetDouble(), Setting("eps"), Setting("weight_decay")));
            AssertClose(expected[(step * count)..((step + 1) * count)], rig.Read(value));
        }
        AssertClose(golden[$"{run}.exp_avg"].ToFloats(), rig.Read(first));
        AssertClose(golden[$"{run}.exp_avg_sq"].ToFloats(), rig.Read(second));
    }

    private static void AssertClose(float[] expected, float[] got)
        => Assert.All(expected.Zip(got), pair => Assert.Equal(pair.First, pair.Second, 2e-6f)); // the goldens' README
}
