using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer.Alignment;

namespace EdgeVideoLlava.Tests.Unit.Trainer.Alignment;

/// <summary>Loss and every gradient of stage 0 against the reference: towers of pictures and clips, of texts, dropped patches.</summary>
public sealed class AlignmentGradientTests(ITestOutputHelper output)
{
    private static readonly TestDevice[] Devices = [TestDevice.Cpu, TestDevice.OpenCl, TestDevice.Cuda];

    public static IEnumerable<TheoryDataRow<string, bool, TestDevice>> Towers
        => from device in Devices
           from kind in new[] { "video", "image" }
           from drops in new[] { false, true }
           select new TheoryDataRow<string, bool, TestDevice>(kind, drops, device);

    public static IEnumerable<TheoryDataRow<Activation, TestDevice>> TextTowers
        => from device in Devices
           from activation in new[] { Activation.Gelu, Activation.QuickGelu }
           select new TheoryDataRow<Activation, TestDevice>(activation, device);

    [Theory, DeviceRows(nameof(Towers))]
    public void Gradients_of_a_tower_equal_the_reference(string kind, bool drops, TestDevice device)
    {
        using var rig = new AlignmentRig(kind, device, _ => true);
        using SafeTensors step = Golden.Tensors($"training/stage0_{kind}/step0.safetensors");
        using SafeTensors dropped = Golden.Tensors($"training/stage0_{kind}/patch_dropout.safetensors");
        SafeTensors expected = drops ? dropped : step;
        Assert.Equal(expected["loss"].ToFloats()[0], rig.VisualPass(step, drops ? dropped : null), 2e-5);
        AssertGradients(rig, expected, ofSome: drops); // the reference kept those of one layer
    }

    [Theory, DeviceRows(nameof(TextTowers))]
    public void Gradients_of_the_text_tower_equal_the_reference(Activation activation, TestDevice device)
    {
        using var rig = new AlignmentRig("text", device, _ => true, activation);
        using SafeTensors expected = Golden.Tensors(
            $"training/stage0_text/step0_{(activation == Activation.Gelu ? "gelu" : "quick_gelu")}.safetensors");
        Assert.Equal(expected["loss"].ToFloats()[0], rig.TextPass(expected), 2e-5);
        AssertGradients(rig, expected);
    }

    /// <summary>The reference counts the temperature once a part; here every gradient is the whole batch's.</summary>
    [Fact]
    public void A_batch_in_parts_has_the_gradients_of_the_whole()
    {
        using var rig = new AlignmentRig("video, text", TestDevice.Cpu, _ => true);
        using SafeTensors video = Golden.Tensors("training/stage0_video/step0.safetensors"),
            text = Golden.Tensors("training/stage0_text/step0_gelu.safetensors");
        ContrastivePair[] pairs = [.. AlignmentRig.Pixels(video).Zip(rig.Ids(text),
            (pixels, ids) => new ContrastivePair(pixels, [2, 0], ids))];
        (double Loss, float[][] Gradients) Of(int atOnce, bool recompute)
        {
            rig.Table.ClearGradients();
            double loss = rig.Step.Backward(pairs, atOnce, rig.Arena, recompute);
            return (loss, [.. rig.Table.Tensors.Select(tensor => rig.Queue.Read(tensor.Gradient!.Value))]);
        }
        (double loss, float[][] whole) = Of(6, recompute: false);
        (double again, float[][] parts) = Of(4, recompute: true);
        Assert.Equal(loss, again);
        foreach ((TableTensor tensor, float[] expected, float[] got) in rig.Table.Tensors.Zip(whole, parts))
        {
            if (!tensor.Spec.Name.EndsWith("k_proj.bias")) Gradients.Close(output, tensor.Spec.Name, got, expected, 2e-6);
        }
    }

    [Fact]
    public void Frozen_parts_have_no_gradient_and_others_keep_theirs()
    {
        using var all = new AlignmentRig("image", TestDevice.Cpu, _ => true);
        using var some = new AlignmentRig("image", TestDevice.Cpu, AlignmentRig.FineTuned("image"));
        using SafeTensors step = Golden.Tensors("training/stage0_image/step0.safetensors");
        all.VisualPass(step);
        some.VisualPass(step);
        Dictionary<string, float[]> whole = all.Table.Tensors.ToDictionary(tensor => tensor.Spec.Name,
            tensor => all.Queue.Read(tensor.Gradient!.Value));
        Assert.Equal(AlignmentRig.FineTuned("image")("logit_scale"), some.LogScale.Gradient != null);
        foreach (TableTensor tensor in some.Table.Tensors)
        {
            Assert.Equal(AlignmentRig.FineTuned("image")(tensor.Spec.Name), tensor.Gradient != null);
            if (tensor.Gradient is { } gradient) Assert.Equal(whole[tensor.Spec.Name], some.Queue.Read(gradient));
        }
    }

    private void AssertGradients(AlignmentRig rig, SafeTensors expected, bool ofSome = false)
    {
        HashSet<string> names = [.. expected.Tensors.Keys.Where(name => name.StartsWith("grad."))];
        foreach (TableTensor tensor in rig.Table.Tensors)
        {
            string name = $"grad.{tensor.Spec.Name}";
            if (ofSome && !names.Contains(name)) continue;
            Assert.True(names.Remove(name), name);
            float[] got = rig.Queue.Read(tensor.Gradient!.Value), golden = expected[name].ToFloats();
            // Zero by definition: soft-max does not see a number that is added to all keys; the reference holds rounding noise.
            if (name.EndsWith("k_proj.bias")) Assert.All(got, value => Assert.InRange(value, -1e-6, 1e-6));
            else Gradients.Close(output, name, got, golden, 1e-4);
        }
        Assert.Empty(names);
    }
}
