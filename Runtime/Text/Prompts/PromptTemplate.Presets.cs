namespace EdgeVideoLlava.Runtime.Text.Prompts;

/// <summary>The templates by name. Their wording is part of the models: each was trained or published with exactly
/// these characters.</summary>
public sealed partial class PromptTemplate
{
    private const string HumanSystem = "A chat between a curious human and an artificial intelligence assistant. "
        + "The assistant gives helpful, detailed, and polite answers to the human's questions.";

    private const string UserSystem = "A chat between a curious user and an artificial intelligence assistant. "
        + "The assistant gives helpful, detailed, and polite answers to the user's questions.";

    private const string TaggedSystem = "A chat between a curious user and an artificial intelligence assistant. "
        + "The assistant is able to understand the visual content that the user provides, and assist the user with a variety of tasks "
        + "using natural language."
        + "The visual content will be provided with the following format: <Image>visual content</Image>.";

    private const string Llama2System =
        "You are a helpful, respectful and honest assistant. Always answer as helpfully as possible, while being safe.  "
        + "Your answers should not include any harmful, unethical, racist, sexist, toxic, dangerous, or illegal content. "
        + "Please ensure that your responses are socially unbiased and positive in nature.\n\nIf a question does not make "
        + "any sense, or is not factually coherent, explain why instead of answering something not correct. If you don't "
        + "know the answer to a question, please don't share false information.";

    private const string LlavaLlama2System =
        "You are a helpful language and vision assistant. You are able to understand the visual content that the user "
        + "provides, and assist the user with a variety of tasks using natural language.";

    private const string MptSystemRole = "<|im_start|>system\n";

    private const string MptSystem =
        MptSystemRole + "A conversation between a user and an LLM-based AI assistant. The assistant gives helpful "
        + "and honest answers.";

    private const string EnergyQuestion = "What are the key differences between renewable and non-renewable energy sources?";

    private const string EnergyAnswer =
        "Renewable energy sources are those that can be replenished naturally in a relatively short amount of time, "
        + "such as solar, wind, hydro, geothermal, and biomass. Non-renewable energy sources, on the other hand, are "
        + "finite and will eventually be depleted, such as coal, oil, and natural gas. Here are some key differences "
        + "between renewable and non-renewable energy sources:\n1. Availability: Renewable energy sources are virtually "
        + "inexhaustible, while non-renewable energy sources are finite and will eventually run out.\n2. Environmental "
        + "impact: Renewable energy sources have a much lower environmental impact than non-renewable sources, which can "
        + "lead to air and water pollution, greenhouse gas emissions, and other negative effects.\n3. Cost: Renewable "
        + "energy sources can be more expensive to initially set up, but they typically have lower operational costs than "
        + "non-renewable sources.\n4. Reliability: Renewable energy sources are often more reliable and can be used in "
        + "more remote locations than non-renewable sources.\n5. Flexibility: Renewable energy sources are often more "
        + "flexible and can be adapted to different situations and needs, while non-renewable sources are more rigid and "
        + "inflexible.\n6. Sustainability: Renewable energy sources are more sustainable over the long term, while "
        + "non-renewable sources are not, and their depletion can lead to economic and social instability.\n";

    private static readonly (string, string) HumanRoles = ("Human", "Assistant");
    private static readonly (string, string) UserRoles = ("USER", "ASSISTANT");
    private static readonly ChatMessage[] EnergyExample = [new(ChatRole.User, EnergyQuestion), new(ChatRole.Assistant, EnergyAnswer)];

    /// <summary>What every official script of Video-LLaVA asks with, whatever the checkpoint folder is called: the
    /// default of the original layout.</summary>
    public static PromptTemplate LlavaV1 { get; } = new("llava_v1", SeparatorStyle.Two, HumanSystem, UserRoles, " ", "</s>");

    /// <summary>"USER: &lt;video&gt;\n{question} ASSISTANT:": the form of the -hf port, without a system prompt and
    /// without &lt;/s&gt; between turns.</summary>
    public static PromptTemplate Hf { get; } = new("hf", SeparatorStyle.Two, null, UserRoles, " ", " ", stopsAtText: false);

    /// <summary>What is said, one after the other, and nothing else: for models that only continue a text.</summary>
    public static PromptTemplate Raw { get; } = new("raw", SeparatorStyle.Raw, null, null);

    /// <summary>Every template.</summary>
    public static IReadOnlyList<PromptTemplate> All { get; } =
    [
        LlavaV1,
        Hf,
        Raw,
        new("default", SeparatorStyle.Single, HumanSystem, HumanRoles, "###", preset: EnergyExample),
        new("v0", SeparatorStyle.Single, HumanSystem, HumanRoles, "###", preset: EnergyExample),
        new("v1", SeparatorStyle.Two, UserSystem, UserRoles, " ", "</s>"),
        new("vicuna_v1", SeparatorStyle.Two, UserSystem, UserRoles, " ", "</s>"),
        new("llama_2", SeparatorStyle.Llama2, Llama2System, UserRoles, "<s>", "</s>"),
        new("plain", SeparatorStyle.Plain, "", ("", ""), "\n"),
        new("v0_plain", SeparatorStyle.Plain, "", ("", ""), "\n"),
        new("llava_v0", SeparatorStyle.Single, HumanSystem, HumanRoles, "###"),
        new("v0_mmtag", SeparatorStyle.Single, TaggedSystem, HumanRoles, "###", tagsPictures: true),
        new("v1_mmtag", SeparatorStyle.Two, TaggedSystem, UserRoles, " ", "</s>", tagsPictures: true),
        new("llava_llama_2", SeparatorStyle.Llama2, LlavaLlama2System, UserRoles, "<s>", "</s>"),
        new("mpt", SeparatorStyle.Mpt, MptSystem, ("<|im_start|>user\n", "<|im_start|>assistant\n"), "<|im_end|>"),
    ];
}
