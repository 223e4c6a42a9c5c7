using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Hub;
using EdgeVideoLlava.Runtime;

namespace EdgeVideoLlava.Edge.Options;

/// <summary>The options that every command with a model shares. Their syntax is checked before any file is opened.</summary>
internal sealed partial class ModelOptions
{
    /// <summary>The built-in model's folder in the repository.</summary>
    private const string BuiltIn = "Samples/ShapesWorld/model";

    /// <summary>Clips and pictures to calibrate with where none are given.</summary>
    public string[] CalibrationFiles()
    {
        string folder = Path.Combine(Repository(), "Samples/ShapesWorld");
        return [.. Directory.GetFiles(Path.Combine(folder, "clips")).Concat(Directory.GetFiles(Path.Combine(folder, "pictures"))).Order()];
    }

    /// <summary>The clip that shows what the built-in model knows.</summary>
    public string Demo => Path.Combine(Repository(), "Samples/ShapesWorld/clips/demo.mp4");

    private readonly Option<string?> model = new("--model")
    {
        HelpName = "DIR|FILE|NAME",
        Description =
        "Folder of the checkpoint, a GGUF file, or OWNER/NAME of a pulled model. Default: the built-in model of coloured shapes.",
    };

    private readonly Option<string> device = new("--device")
    {
        HelpName = "cpu|ilgpu-cpu|opencl[:n]|cuda[:n]|auto",
        Description = "Where to compute. Default: auto, which never picks an OpenCL driver that runs on the processor.",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<string?> compute = new("--compute")
    {
        HelpName = "fp32|fp16",
        Description = "Type of the activations. Default: fp16 on a GPU, fp32 on everything else.",
    };

    /// <summary>Values of --weights and what they stand for.</summary>
    private static readonly Dictionary<string, StorageType?> WeightTypes
        = WeightType.All.Select(type => (type.Name, (StorageType?)type.Storage))
            .Prepend(("as-stored", null)).ToDictionary();

    private readonly Option<string> weights = new("--weights")
    {
        HelpName = string.Join('|', WeightTypes.Keys),
        Description = "Type that the language model's linear layers are converted to while loading. Default: as-stored.",
        DefaultValueFactory = _ => "as-stored",
    };

    private readonly Option<string> encoderWeights = new("--encoder-weights")
    {
        HelpName = string.Join('|', WeightTypes.Keys),
        Description = "Type that the encoders' linear layers are converted to while loading. On a processor q8_0 makes encoding faster and "
            + "changes features a little. Default: as-stored.",
        DefaultValueFactory = _ => "as-stored",
    };

    private readonly Option<string> cache = new("--kv-cache")
    {
        HelpName = "compute|int8",
        Description =
        "Type of the keys and values of past tokens. int8 takes about half of fp16's memory. Default: compute, the activations' type.",
        DefaultValueFactory = _ => "compute",
    };

    private static readonly Dictionary<string, (KernelTier Tier, bool DeepTiles)> Tiers = new()
    {
        ["processor"] = (KernelTier.Processor, false),
        ["portable"] = (KernelTier.Portable, false),
        ["tensor-core"] = (KernelTier.TensorCore, false),
        ["tensor-core-deep"] = (KernelTier.TensorCore, true),
    };

    private readonly Option<string?> kernels = new("--kernels")
    {
        HelpName = string.Join('|', Tiers.Keys),
        Description =
        "Kernels of an OpenCL or CUDA device. Default: what its hardware is made for. tensor-core-deep keeps a fourth step of a product "
        + "in shared memory where the GPU "
            + "has 64 KB of it; 'edge bench --gpu-report' says which is faster.",
    };

    private readonly Option<int?> threads = new("--threads")
    {
        HelpName = "N",
        Description = "Worker threads of the processor. Default: one for each core. The answer does not depend on it.",
    };

    private readonly Option<bool> exact = new("--exact")
    {
        Description = "On the processor, multiply weights in blocks (q8_0, q4_k, ...) with activations in float32. Default: activations "
            + "are rounded to bytes there, which is many times as fast.",
    };

    private readonly Option<bool> verbose = new("--verbose")
    {
        Description = "Say at the start why this device was taken, its memory, and which rules the tokenizer follows.",
    };

    private readonly Option<bool> fast = new("--fast")
    {
        Description = "On the processor, round activations to bytes where weights are in blocks, as the other commands do. Default: "
            + "everything is multiplied in float32.",
    };

    private readonly bool measures;

    /// <param name="measures">The command measures a model's quality: it computes exactly unless --fast is given.</param>
    public ModelOptions(bool measures = false)
    {
        this.measures = measures;
        device.Validators.Add(result => Check(
            result, DeviceSyntax().IsMatch,
            "is no device; there are cpu, ilgpu-cpu, opencl[:n], cuda[:n] and auto ('edge doctor' lists them)"));
        compute.Validators.Add(result => Check(result, text => text is "fp32" or "fp16", "is no compute type; there are fp32 and fp16"));
        foreach (Option<string> option in (ReadOnlySpan<Option<string>>)[weights, encoderWeights])
        {
            option.Validators.Add(result => Check(result, WeightTypes.ContainsKey,
                $"is no type of weights; there are {string.Join(", ", WeightTypes.Keys)}"));
        }
        cache.Validators.Add(result => Check(result, text => text is "compute" or "int8",
            "is no type of KV cache; there are compute and int8"));
        kernels.Validators.Add(result => Check(result, Tiers.ContainsKey,
            $"is no tier of kernels; there are {string.Join(", ", Tiers.Keys)}"));
        threads.Validators.Add(result => Check(
            result,
            text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= 1024,
            "is no number of threads; give a whole number from 1 to 1024"));
        // The check above speaks; the library's own message for an unparsable number would only come first.
        threads.CustomParser = result
            => int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : null;
    }

    /// <param name="withModel">False where the model is an argument.</param>
    public void AddTo(Command command, bool withModel = true)
    {
        if (withModel) command.Options.Add(model);
        command.Options.Add(device);
        command.Options.Add(compute);
        command.Options.Add(weights);
        command.Options.Add(encoderWeights);
        command.Options.Add(cache);
        command.Options.Add(kernels);
        command.Options.Add(threads);
        command.Options.Add(measures ? fast : exact);
        command.Options.Add(verbose);
    }

    public ModelSettings Read(ParseResult parsed) => Read(parsed, parsed.GetValue(model));

    /// <param name="folder">The model; null: the built-in one.</param>
    public ModelSettings Read(ParseResult parsed, string? folder)
    {
        (KernelTier Tier, bool DeepTiles)? kernelsOf = parsed.GetValue(kernels) is { } name ? Tiers[name] : null;
        return new(
            folder == null ? Path.Combine(Repository(), BuiltIn) : ModelStore.Resolve(folder),
            parsed.GetValue(device)!,
            parsed.GetValue(compute) switch { "fp16" => StorageType.F16, "fp32" => StorageType.F32, _ => null },
            WeightTypes[parsed.GetValue(weights)!],
            parsed.GetValue(cache) == "int8" ? StorageType.I8 : null,
            kernelsOf?.Tier,
            parsed.GetValue(threads))
        {
            EncoderWeights = WeightTypes[parsed.GetValue(encoderWeights)!],
            DeepTiles = kernelsOf?.DeepTiles == true,
            Exact = measures ? !parsed.GetValue(fast) : parsed.GetValue(exact),
            Verbose = parsed.GetValue(verbose),
            ModelName = folder == null ? "built-in shapes model"
                : Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))),
        };
    }

    /// <summary>Reads the token itself: asking for the parsed value of a wrong one would end the process.</summary>
    private static void Check(OptionResult result, Predicate<string> isRight, string complaint)
    {
        if (result.Tokens is [Token token, ..] && !isRight(token.Value))
            result.AddError($"{result.Option.Name}: '{token.Value}' {complaint}");
    }

    /// <summary>The folder that holds the built-in model: the program lies in the repository it was built from.</summary>
    private static string Repository()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at != null; at = at.Parent)
        {
            if (Directory.Exists(Path.Combine(at.FullName, BuiltIn))) return at.FullName;
        }
        return AppContext.BaseDirectory;
    }

    [GeneratedRegex(@"^(auto|cpu|ilgpu-cpu|(opencl|cuda)(:\d{1,3})?)\z")]
    private static partial Regex DeviceSyntax();
}
