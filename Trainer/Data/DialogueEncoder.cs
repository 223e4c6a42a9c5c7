using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Prompts;

namespace EdgeVideoLlava.Trainer.Data;

/// <summary>A dialogue as ids and labels, turn by turn: what the model is to say, with its end, is learned; all else is masked.</summary>
/// <remarks>
/// Equation 3 of the paper (arXiv:2311.10122): the history is concatenated and every answer supervised. The ids are those of preprocess_v1
/// (PKU-YuanGroup/Video-LLaVA, train.py); where that masks a whole dialogue because it looks for separators in the text (an answer or
/// question that holds one, an empty answer, an open last turn), the spans here are known and nothing is lost. Special tokens written out
/// in a turn are plain text.
/// </remarks>
internal sealed class DialogueEncoder
{
    private readonly TextTokenizer tokenizer;
    private readonly PromptTemplate template;
    private readonly (string User, string Assistant, string Separator, string End) form;

    /// <exception cref="BadInputException">The template does not part turns as the models were trained.</exception>
    public DialogueEncoder(TextTokenizer tokenizer, PromptTemplate template)
    {
        (this.tokenizer, this.template) = (tokenizer, template);
        form = template.TwoSeparators ?? throw new BadInputException(
            $"the prompt template {template.Name} is none that dialogues are trained with; take v1 or llava_v1");
        if (form.End != tokenizer.SpecialText(tokenizer.EosId))
        {
            throw new BadInputException(
                $"the prompt template {template.Name} ends answers with {form.End}, the tokenizer with another token");
        }
    }

    /// <param name="turns">Questions and answers, one tag for each visual block; the last may be a question.</param>
    /// <param name="sees">Whether tags stand for visual blocks; in a dialogue without pictures they are plain text.</param>
    public (int[] Ids, int[] Labels) Encode(IReadOnlyList<ChatMessage> turns, bool sees)
    {
        var stretch = new Stretches(tokenizer, sees);
        if (template.System is { } system) stretch.Append(system + form.Separator, learned: false);
        foreach (ChatMessage turn in turns)
        {
            if (turn.Role == ChatRole.User)
            {
                stretch.Append($"{form.User}: {turn.Text}{form.Separator}", learned: false);
                continue;
            }
            stretch.Append($"{form.Assistant}:", learned: false);
            stretch.Append($" {turn.Text}", learned: true);
            stretch.End();
        }
        return stretch.Finish();
    }

    /// <summary>Stretches of text between tags and ends of answers, each encoded whole, as the reference does.</summary>
    private sealed class Stretches
    {
        private readonly TextTokenizer tokenizer;
        private readonly bool sees;
        private readonly List<int> ids = [], labels = [];
        private string masked = "", learned = "";
        private bool atStart = true;

        public Stretches(TextTokenizer tokenizer, bool sees)
        {
            (this.tokenizer, this.sees) = (tokenizer, sees);
            if (tokenizer.EncodePrompt("") is [var first]) Add(first, CrossEntropy.Ignored);
        }

        public void Append(string text, bool learned)
        {
            string[] chunks = sees ? text.Split(TextTokenizer.ImageTag) : [text];
            for (int i = 0; i < chunks.Length; i++)
            {
                if (i > 0)
                {
                    Flush();
                    Add(MergedPrompt.VisualMarker, CrossEntropy.Ignored);
                    atStart = true; // the reference encodes what follows a tag as a text of its own
                }
                if (learned) this.learned += chunks[i];
                else masked += chunks[i];
            }
        }

        public void End()
        {
            Flush();
            Add(tokenizer.EosId, tokenizer.EosId);
        }

        public (int[] Ids, int[] Labels) Finish()
        {
            Flush();
            return ([.. ids], [.. labels]);
        }

        private void Flush()
        {
            List<int> all = [], prefix = [];
            if (masked.Length + learned.Length > 0) tokenizer.EncodePlain(masked + learned, atStart, all);
            if (masked.Length > 0 && learned.Length > 0) tokenizer.EncodePlain(masked, atStart, prefix);
            int from = learned.Length == 0 ? all.Count : prefix.Count;
            if (!prefix.SequenceEqual(all.Take(prefix.Count)))
            {
                throw new BadInputException(
                    "the tokenizer joins the end of a question with its answer; what is learned cannot be told apart");
            }
            for (int i = 0; i < all.Count; i++) Add(all[i], i < from ? CrossEntropy.Ignored : all[i]);
            (masked, learned, atStart) = ("", "", false);
        }

        private void Add(int id, int label)
        {
            ids.Add(id);
            labels.Add(label);
        }
    }
}
