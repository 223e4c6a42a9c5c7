using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Finds the files of a checkpoint, in whichever form it is, and opens them.</summary>
/// <remarks>
/// A GGUF file, or a folder: of safetensors shards, else PyTorch's, each with an index or one file alone; else of GGUF, a language model
/// and perhaps an mmproj file. Beside shards there may be a projector (mm_projector.bin), and towers in folders of their own
/// (<see cref="CheckpointParts"/>). A folder of a LoRA adapter changes the model that it names (<see cref="LoraAdapter"/>).
/// </remarks>
internal static class CheckpointFiles
{
    /// <summary>Files of weights in the order in which they are looked for: the index, or else the one file.</summary>
    private static readonly (string Index, string Single)[] Forms =
    [
        ("model.safetensors.index.json", "model.safetensors"), ("pytorch_model.bin.index.json", "pytorch_model.bin"),
    ];

    public static void Open(Checkpoint checkpoint)
    {
        string path = checkpoint.Folder;
        if (File.Exists(path) && !GgufModelFiles.IsGguf(path))
            throw new BadInputException(
                $"{path}: a file, and no GGUF file; a model is the folder that holds it, {Path.GetDirectoryName(Path.GetFullPath(path))}");
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            throw new BadInputException(
                $"{path}: no such folder; a model is a folder with config.json and its weights, or a GGUF file");
        }
        if (File.Exists(path)) AddGguf(checkpoint, GgufModelFiles.Of(path));
        else if (LoraAdapter.Find(path) is { } adapter) adapter.Open(checkpoint);
        else OpenFolder(checkpoint, path);
    }

    /// <summary>Everything that belongs to the model of a folder.</summary>
    public static void OpenFolder(Checkpoint checkpoint, string folder)
    {
        if (AddShards(checkpoint, folder, WeightNames.Canonical))
        {
            CheckpointParts.AddProjector(checkpoint, folder);
            CheckpointParts.AddTowers(checkpoint, folder);
        }
        else if (GgufModelFiles.Find(folder) is { } files)
        {
            AddGguf(checkpoint, files);
        }
        else
        {
            string found = File.Exists(Path.Combine(folder, CheckpointParts.ProjectorName))
                ? $"; {CheckpointParts.ProjectorName} is a projector alone: put it into the folder of its language model" : "";
            throw new BadInputException(
                $"{folder}: neither {Forms[0].Index} nor {Forms[0].Single} is here, and no other file of weights{found}");
        }
    }

    /// <summary>The weights in a folder, one file or several by their index; false if there are none.</summary>
    public static bool AddShards(Checkpoint checkpoint, string folder, Func<string, string?> canonical)
    {
        foreach ((string index, string single) in Forms)
        {
            IReadOnlyList<(string File, IReadOnlyList<string>? Promised)> shards = File.Exists(Path.Combine(folder, index))
                ? ShardIndex.Read(Path.Combine(folder, index)) : File.Exists(Path.Combine(folder, single)) ? [(single, null)] : [];
            foreach ((string file, IReadOnlyList<string>? promised) in shards)
                checkpoint.Add(Open(Path.Combine(folder, file)), canonical, promised);
            if (shards.Count > 0) return true;
        }
        return false;
    }

    public static ITensorFile Open(string path)
        => path.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) ? new TorchTensors(path) : new SafeTensors(path);

    private static void AddGguf(Checkpoint checkpoint, GgufModelFiles files)
    {
        var language = new GgufTensors(files.Language);
        checkpoint.Add(language, name => GgufNames.Canonical(name));
        checkpoint.Keys = language.Keys;
        if (files.Vision != null)
        {
            var vision = new GgufTensors(files.Vision);
            bool swaps = GgufVision.SwapsFeedForward(vision);
            checkpoint.Add(vision, name => GgufNames.Canonical(name, swaps));
            checkpoint.VisionKeys = vision.Keys;
        }
        if (files.Video != null)
        {
            var video = new GgufTensors(files.Video);
            checkpoint.Add(video, name => GgufNames.Canonical(name));
            checkpoint.VideoKeys = video.Keys;
        }
    }
}
