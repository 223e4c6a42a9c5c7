using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

/// <summary>The reference's d(inputs_embeds) goes back by a prompt's runs, and through the projector by what its pass kept.</summary>
public sealed class GradientRoutingTests(ITestOutputHelper output)
{
    /// <summary>The definition: GELU'(x) = Φ(x) + x φ(x).</summary>
    private static double GeluSlope(double x)
        => (1 + ErrorFunction.Erf(x / Math.Sqrt(2))) / 2 + x * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    private readonly SafeTensors golden = Golden.Tensors("training/stage2_full/step0_mb0.safetensors");
    private readonly Dictionary<string, double[]> gradients = [];

    [Fact]
    public void Rows_of_a_gradient_go_back_to_words_and_visuals()
    {
        using SafeTensors weights = Golden.Tensors("training/model/model.safetensors");
        for (int i = 0; i < 3; i++)
        {
            int sample = i;
            TrainingPassTests.With(sample, TestDevice.Cpu,
                (model, pass) => Back(model, pass, sample, weights["model.mm_projector.2.weight"].ToFloats()));
        }
        golden.Dispose();
    }

    private void Back(VideoLlava model, TrainingPass pass, int sample, float[] second)
    {
        HostTensor all = golden["grad_inputs_embeds"];
        int columns = (int)all.Shape[2], at = sample * (int)all.Shape[1] * columns;
        float[] gradient = all.ToFloats()[at..(at + pass.Prompt.Length * columns)];
        var visuals = pass.Visuals.ToDictionary(visual => visual.Tokens, visual => new double[visual.Tokens.Rows.Rows * columns]);
        double[] words = Gradient("model.embed_tokens.weight");
        int covered = 0;
        foreach (PromptRun run in pass.Prompt.Runs(0, pass.Prompt.Length))
        {
            Assert.Equal(covered, run.Start);
            covered += run.Count;
            for (int j = 0; j < run.Count; j++)
            {
                int id = pass.Prompt.Ids[run.Start + j];
                Assert.Equal(run.Visual != null, id == MergedPrompt.VisualMarker);
                (double[] target, int row) = run.Visual == null ? (words, id) : (visuals[run.Visual], run.Row + j);
                for (int c = 0; c < columns; c++) target[row * columns + c] += gradient[(run.Start + j) * columns + c];
            }
        }
        Assert.Equal(pass.Prompt.Length, covered);
        foreach (TrainingPass.Visual visual in pass.Visuals) Projector(model.VisionQueue, visual, visuals[visual.Tokens], second, columns);
        if (sample == 2) Check();
    }

    /// <summary>Forward was: hidden = gelu(pre), pre = features · W1ᵀ + b1; tokens = hidden · W2ᵀ + b2.</summary>
    private void Projector(ComputeQueue queue, TrainingPass.Visual visual, double[] dTokens, float[] second, int columns)
    {
        float[] hidden = queue.Read(visual.Projector.Hidden), pre = queue.Read(visual.Projector.PreActivation!.Value);
        float[] features = queue.Read(visual.Features.Rows);
        int rows = dTokens.Length / columns, inputs = features.Length / rows;
        var dPre = new double[rows * columns];
        for (int t = 0; t < rows; t++)
        {
            for (int c = 0; c < columns; c++)
            {
                double dHidden = 0;
                for (int r = 0; r < columns; r++) dHidden += dTokens[t * columns + r] * second[r * columns + c];
                dPre[t * columns + c] = dHidden * GeluSlope(pre[t * columns + c]);
            }
        }
        Linear("model.mm_projector.2", dTokens, hidden, rows, columns, columns);
        Linear("model.mm_projector.0", dPre, features, rows, columns, inputs);
    }

    /// <summary>dW += dzᵀ · x, db += Σ dz.</summary>
    private void Linear(string name, double[] dz, float[] x, int rows, int outputs, int inputs)
    {
        double[] dW = Gradient($"{name}.weight"), db = Gradient($"{name}.bias");
        for (int t = 0; t < rows; t++)
        {
            for (int r = 0; r < outputs; r++)
            {
                db[r] += dz[t * outputs + r];
                for (int c = 0; c < inputs; c++) dW[r * inputs + c] += dz[t * outputs + r] * x[t * inputs + c];
            }
        }
    }

    private double[] Gradient(string name)
        => gradients.TryGetValue(name, out double[]? sums) ? sums : gradients[name] = new double[golden[$"grad.{name}"].Elements];

    private void Check()
    {
        Assert.Equal(5, gradients.Count);
        foreach ((string name, double[] got) in gradients)
        {
            float[] expected = golden[$"grad.{name}"].ToFloats();
            double error = Math.Sqrt(expected.Zip(got, (a, b) => (a - b) * (a - b)).Sum());
            double size = Math.Sqrt(expected.Sum(value => (double)value * value));
            output.WriteLine($"{name}: off by {error / size:G3} of its size");
            Assert.True(size > 0 && error <= 1e-4 * size, $"{name} is off by {error / size:G3}"); // the goldens' README
        }
    }
}
