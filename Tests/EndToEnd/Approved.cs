namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>Texts that people read, kept as files in Approved/. EDGE_APPROVE=1 rewrites them; the difference shows in review.</summary>
public static class Approved
{
    /// <summary>Compares a text with its approved file.</summary>
    public static void Equal(string name, string actual)
    {
        string path = Path.Combine(EdgeProcess.Repository, "Tests", "EndToEnd", "Approved", name);
        if (Environment.GetEnvironmentVariable("EDGE_APPROVE") == "1") File.WriteAllText(path, actual);
        Assert.True(File.Exists(path), $"{path} is missing; EDGE_APPROVE=1 writes it");
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
