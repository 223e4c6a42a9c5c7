using System.Text;
using EdgeVideoLlava.Quantizer.Hub;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Quantizer.Hub;

/// <summary>Fetching against a server of our own, which breaks off, lies, and asks for a token.</summary>
public sealed class HubDownloadTests : IDisposable
{
    private const string Name = FakeHub.Name;

    private readonly TemporaryFolder folder = new();
    private readonly FakeHub hub = new();

    public HubDownloadTests()
    {
        hub.Files["config.json"] = Encoding.UTF8.GetBytes("{ }");
        hub.Files["model.safetensors"] = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7 + i / 256))];
        hub.Files["pytorch_model.bin"] = new byte[100];
        hub.Files["README.md"] = new byte[10];
        hub.Files["onnx/model.safetensors"] = new byte[10];
    }

    public void Dispose()
    {
        hub.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task What_a_model_needs_comes_whole_and_nothing_else()
    {
        var told = new List<double>();
        await Pull(progress: (_, done) => told.Add(done));
        Assert.Equal(["config.json", "model.safetensors"], Files());
        Assert.Equal(hub.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder.Path, "model.safetensors")));
        Assert.Equal(told.Order(), told);
        Assert.Equal(1, told[^1]);
        int requests = hub.Served.Count;
        await Pull();
        Assert.Equal(requests, hub.Served.Count);
    }

    [Fact]
    public async Task A_connection_that_breaks_off_is_taken_up_where_it_was()
    {
        hub.BreakAfter = 70_000;
        await Pull();
        Assert.Equal(hub.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder.Path, "model.safetensors")));
        Assert.Contains(hub.Served, request => request.EndsWith("model.safetensors from 70000"));
    }

    [Fact]
    public async Task A_server_without_ranges_sends_all_again()
    {
        File.WriteAllBytes(Path.Combine(folder.Path, "model.safetensors.part"), new byte[1000]);
        hub.KnowsRanges = false;
        await Pull();
        Assert.Equal(hub.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder.Path, "model.safetensors")));
    }

    [Fact]
    public async Task A_part_of_other_bytes_is_thrown_away()
    {
        File.WriteAllBytes(Path.Combine(folder.Path, "model.safetensors.part"), new byte[1000]);
        await Pull();
        Assert.Equal(hub.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder.Path, "model.safetensors")));
    }

    [Fact]
    public async Task Bytes_with_another_digest_never_get_the_file_s_name()
    {
        hub.Lies = true;
        BadInputException refusal = await Assert.ThrowsAsync<BadInputException>(() => Pull());
        Assert.Contains("has not the listed digest", refusal.Message);
        Assert.DoesNotContain("model.safetensors", Files());
    }

    [Fact]
    public async Task A_server_that_never_gets_on_is_given_up()
    {
        hub.BreakAfter = 0;
        Assert.Contains("broken off 5 times", (await Assert.ThrowsAsync<BadInputException>(() => Pull())).Message);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_not_where_it_redirects()
    {
        hub.Token = "secret";
        Assert.Contains("set HF_TOKEN", (await Assert.ThrowsAsync<BadInputException>(() => Pull())).Message);
        Assert.Contains("refuses the token", (await Assert.ThrowsAsync<BadInputException>(() => Pull(token: "wrong"))).Message);
        hub.Redirects = true;
        await Pull(token: "secret");
        Assert.Equal(["config.json", "model.safetensors"], Files());
        Assert.NotEmpty(hub.TokensElsewhere);
        Assert.All(hub.TokensElsewhere, Assert.Null);
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("/etc/model.safetensors")]
    [InlineData("a/../../model.safetensors")]
    [InlineData("a\\model.safetensors")]
    public async Task A_path_that_leads_out_of_the_folder_is_refused(string path)
    {
        hub.Files[path] = new byte[1];
        Assert.Contains("leads out of its folder", (await Assert.ThrowsAsync<BadInputException>(() => Pull())).Message);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Too_small_a_disk_is_known_before()
    {
        var repository = new HubRepository(Name, hub.Address, null);
        IReadOnlyList<HubFile> files = await repository.NeededAsync(default);
        var download = new HubDownload(repository, folder.Path) { Free = _ => 100_000 };
        Assert.Contains("MiB are free", (await Assert.ThrowsAsync<BadInputException>(() => download.RunAsync(files))).Message);
        Assert.Empty(Files());
    }

    [Theory]
    [InlineData("owner/absent", "no such repository")]
    [InlineData("nobody", "'nobody' is no repository")]
    [InlineData("../x", "is no repository")]
    public async Task A_name_without_repository_is_one_line(string name, string complaint)
        => Assert.Contains(complaint, (await Assert.ThrowsAsync<BadInputException>(()
            => new HubRepository(name, hub.Address, null).NeededAsync(default))).Message);

    [Fact]
    public void A_plain_address_elsewhere_is_refused()
        => Assert.Contains("none of https", Assert.Throws<BadInputException>(() => new HubRepository(Name, "http://example.com", null)).Message);

    private async Task Pull(string? token = null, Action<string, double>? progress = null)
    {
        var repository = new HubRepository(Name, hub.Address, token);
        IReadOnlyList<HubFile> files = await repository.NeededAsync(TestContext.Current.CancellationToken);
        await new HubDownload(repository, folder.Path) { Pause = TimeSpan.FromMilliseconds(1) }
            .RunAsync(files, progress, TestContext.Current.CancellationToken);
    }

    private string[] Files() => [.. Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories)
        .Where(file => !file.EndsWith(".part")).Select(file => Path.GetRelativePath(folder.Path, file)).Order()];
}
