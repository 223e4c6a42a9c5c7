using EdgeVideoLlava.Quantizer.Quality;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Quantizer.Calibration;

/// <summary>Prompts to calibrate with, made of pictures, clips and texts.</summary>
internal static class Calibration
{
    private const int AnswerTokens = 64;

    /// <summary>Questions that are asked about a picture or clip, one after the other.</summary>
    private static readonly string[] Questions
        = [Assistant.Question, "Describe what you see in detail.", "What happens first, and what last?"];

    /// <summary>Makes the prompts of texts (in chunks), pictures and clips (each with several questions and the model's own answers), one
    /// after the other.</summary>
    /// <param name="use">Gets each prompt, valid during the call.</param>
    /// <param name="progress">Told the file and how many prompts there have been.</param>
    public static void Each(Assistant assistant, CalibrationFiles files, Action<MergedPrompt> use, Action<string, int>? progress,
        CancellationToken cancel)
    {
        int done = 0;
        foreach (string file in files.Paths.Where(IsText))
        {
            foreach (int[] ids in TextChunks.Read(file, assistant.Tokenizer, files.ChunkLength, files.Chunks))
                Use(file, MergedPrompt.FromMarkers(ids, [], assistant.Config.Language.Vocabulary));
        }
        foreach (string question in Questions) // where there is no room for all, every file comes in with one question at least
        {
            foreach (string file in files.Paths.Where(file => !IsText(file)))
            {
                IReadOnlyList<int> answer = MediaPrompt.Answer(assistant, file, question, AnswerTokens, cancel);
                using MediaPrompt prompt = MediaPrompt.Make(assistant, file, question, answer, cancel);
                Use(file, prompt.Prompt);
            }
        }

        void Use(string file, MergedPrompt prompt)
        {
            use(prompt);
            progress?.Invoke(file, ++done);
        }
    }

    /// <summary>Whether a file is a text by its name.</summary>
    public static bool IsText(string path) => Path.GetExtension(path).ToLowerInvariant() is ".txt" or ".raw" or ".md";
}
