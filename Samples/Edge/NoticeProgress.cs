namespace EdgeVideoLlava.Edge;

/// <summary>Progress as notices, each when it is reported: not by .NET's Progress, which posts them in any order.</summary>
internal sealed class NoticeProgress : IProgress<string>
{
    public void Report(string value) => Notices.Say(value);
}
