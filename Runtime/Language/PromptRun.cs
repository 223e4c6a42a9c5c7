using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>Positions of a prompt whose rows come from one place: words, or consecutive rows of one visual.</summary>
/// <param name="Start">First position.</param>
/// <param name="Count">Positions, at least 1.</param>
/// <param name="Visual">Whose rows they are; null where they are words, whose ids <see cref="MergedPrompt.Ids"/> has.</param>
/// <param name="Row">The visual's row at the first position; 0 for words.</param>
internal readonly record struct PromptRun(int Start, int Count, VisionTokens? Visual, int Row);
