using EdgeVideoLlava.Quantizer.Quality;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Quantizer.Calibration;

/// <summary>Collects an importance matrix from pictures, clips and texts.</summary>
internal static class Calibration
{
    private const int AnswerTokens = 64;

    /// <summary>Questions that are asked about a picture or clip, one after the other.</summary>
    private static readonly string[] Questions
        = [Assistant.Question, "Describe what you see in detail.", "What happens first, and what last?"];

    /// <param name="files">Pictures and clips, and texts whose names end in .txt or .raw, .md.</param>
    /// <param name="chunkLength">Tokens of a text's chunk.</param>
    /// <param name="chunks">Of each text, at most.</param>
    /// <param name="progress">Told the file and how many sequences have been run.</param>
    public static ImportanceMatrix Collect(Assistant assistant, IReadOnlyList<string> files, int chunkLength, int chunks,
        Action<string, int>? progress, CancellationToken cancel)
    {
        var collector = new ImportanceCollector(assistant.Model);
        int done = 0;
        foreach (string file in files)
        {
            if (IsText(file))
            {
                foreach (int[] ids in TextChunks.Read(file, assistant.Tokenizer, chunkLength, chunks))
                    Add(file, MergedPrompt.FromMarkers(ids, [], assistant.Config.Language.Vocabulary));
                continue;
            }
            foreach (string question in Questions)
            {
                IReadOnlyList<int> answer = MediaPrompt.Answer(assistant, file, question, AnswerTokens, cancel);
                using MediaPrompt prompt = MediaPrompt.Make(assistant, file, question, answer, cancel);
                Add(file, prompt.Prompt);
            }
        }
        return collector.Matrix(string.Join(", ", files.Select(Path.GetFileName)));

        void Add(string file, MergedPrompt prompt)
        {
            collector.Add(prompt, cancel);
            progress?.Invoke(file, ++done);
        }
    }

    /// <summary>Whether a file is a text by its name.</summary>
    public static bool IsText(string path) => Path.GetExtension(path).ToLowerInvariant() is ".txt" or ".raw" or ".md";
}
