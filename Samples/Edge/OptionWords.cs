using static EdgeVideoLlava.Edge.Diagnostics.NativeLibraries;

namespace EdgeVideoLlava.Edge;

/// <summary>A library's messages in the words of the command line: settings as options, native libraries with how to
/// install them.</summary>
internal static class OptionWords
{
    public static string In(EdgeException exception)
        => exception.Remedies.Aggregate(exception.Message, (message, remedy)
        => message.Replace(remedy.Words, Of(remedy), StringComparison.Ordinal));

    private static string Of(Remedy remedy) => remedy switch
    {
        Setting { Name: "Force" } => "--force",
        Setting { Value: null } setting => $"{Option(setting.Name)} out",
        Setting setting => $"{Option(setting.Name)} {setting.Value}",
        MissingLibrary library => $"{library.Words}: {Packages(library)}",
        _ => remedy.Words,
    };

    private static string Option(string setting) => setting switch
    {
        "Device" => "--device",
        "Compute" => "--compute",
        "Tier" => "--kernels",
        "LanguageWeights" => "--weights",
        "KvCache" => "--kv-cache",
        "PromptTemplate" => "--template",
        _ => throw new ArgumentOutOfRangeException(nameof(setting), setting, "no option is known for it"),
    };

    private static string Packages(MissingLibrary library)
        => library == MissingLibrary.OpenCl ? Install + OpenClPackages
            : library == MissingLibrary.Cuda ? Install + "nvidia-driver (Debian non-free)"
            : library == MissingLibrary.Ffmpeg ? Install + FfmpegPackage
            : $"{Install}{OpenCvPackages}, or {Install}{FfmpegPackage}";
}
