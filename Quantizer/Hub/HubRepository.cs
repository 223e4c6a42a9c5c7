using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Quantizer.Hub;

/// <summary>A model's repository on the hub, or on a mirror that speaks as it does: its list of files, and which of them are
/// needed.</summary>
/// <remarks>Interface: huggingface.co/docs/hub/api: GET /api/models/NAME/tree/REVISION, in pages, and GET
/// /NAME/resolve/REVISION/PATH.</remarks>
public sealed partial class HubRepository
{
    private const string Revision = "main";
    private const int ListCeiling = 16 << 20, FileCeiling = 10_000, PageCeiling = 100;

    private readonly HttpClient client;
    private readonly Uri endpoint;

    /// <param name="name">OWNER/NAME.</param>
    /// <param name="endpoint">The hub's address: https, or http to this machine.</param>
    /// <param name="token">Sent to the endpoint alone, never to where it redirects; null for none.</param>
    /// <exception cref="BadInputException">The name or the address is none.</exception>
    public HubRepository(string name, string endpoint, string? token)
    {
        if (!NameSyntax().IsMatch(name)) throw new BadInputException($"'{name}' is no repository; OWNER/NAME is wanted");
        if (!Uri.TryCreate(endpoint.TrimEnd('/') + "/", UriKind.Absolute, out Uri? address)
            || !(address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)))
            throw new BadInputException($"the hub's address '{endpoint}' is none of https (http to this machine only)");
        (Name, this.endpoint) = (name, address);
        client = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("EdgeVideoLlava", "1"));
        Token = token;
    }

    /// <summary>OWNER/NAME.</summary>
    public string Name { get; }

    private string? Token { get; }

    /// <summary>Whether a word can be a repository's name.</summary>
    public static bool IsName(string word) => NameSyntax().IsMatch(word);

    /// <summary>The files that a model needs: its weights in one form, config and tokenizer.</summary>
    /// <exception cref="BadInputException">There is no such repository, it asks for a token, or it holds no weights.</exception>
    public async Task<IReadOnlyList<HubFile>> NeededAsync(CancellationToken cancel)
    {
        List<HubFile> all = await ListAsync(cancel).ConfigureAwait(false);
        bool hasSafeTensors = all.Any(file => file.Path.EndsWith(".safetensors")), hasTorch = all.Any(file => file.Path.EndsWith(".bin"));
        string weights = hasSafeTensors ? ".safetensors" : hasTorch ? ".bin" : ".gguf";
        HubFile[] needed = [.. all.Where(file => !file.Path.Contains('/') && (file.Path.EndsWith(weights)
            || (weights == ".safetensors" && LooseParts().IsMatch(file.Path)) || Descriptions().IsMatch(file.Path)))];
        HubFile[] gguf = [.. needed.Where(file => file.Path.EndsWith(".gguf") && !file.Path.Contains("mmproj")
            && !file.Path.Contains("-of-"))];
        if (!needed.Any(file => file.Path.EndsWith(weights))) throw new BadInputException($"{Name}: no weights are in it that can be read");
        if (gguf.Length > 1)
        {
            throw new BadInputException($"{Name}: {gguf.Length} GGUF models, such as {gguf[0].Path}; fetch the one that is meant by its "
                + $"address, {endpoint}{Name}/resolve/{Revision}/{gguf[0].Path}");
        }
        return needed;
    }

    /// <summary>Asks for a file's content from an offset on.</summary>
    /// <exception cref="BadInputException">The hub refuses.</exception>
    internal async Task<HttpResponseMessage> OpenAsync(HubFile file, long offset, CancellationToken cancel)
    {
        string path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        using HttpRequestMessage request = Request($"{Name}/resolve/{Revision}/{path}");
        if (offset > 0) request.Headers.Range = new RangeHeaderValue(offset, null);
        return Accepted(await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false), file.Path);
    }

    private async Task<List<HubFile>> ListAsync(CancellationToken cancel)
    {
        var files = new List<HubFile>();
        Uri? next = new(endpoint, $"api/models/{Name}/tree/{Revision}?recursive=true");
        for (int page = 0; next != null; page++)
        {
            if (page == PageCeiling) throw Broken("its list has no end");
            using HttpRequestMessage request = Request(next);
            using HttpResponseMessage response = Accepted(await Sent(request, cancel).ConfigureAwait(false), "");
            using JsonDocument json = await ReadAsync(response, cancel).ConfigureAwait(false);
            if (json.RootElement.ValueKind != JsonValueKind.Array) throw Broken("its list is no JSON list");
            foreach (JsonElement entry in json.RootElement.EnumerateArray()) Add(files, entry);
            next = Next(response);
        }
        return files;
    }

    private async Task<HttpResponseMessage> Sent(HttpRequestMessage request, CancellationToken cancel)
    {
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            throw new BadInputException($"{endpoint.Host} does not answer ({e.Message.ReplaceLineEndings(" ")})", e);
        }
    }

    private HttpRequestMessage Request(string relative) => Request(new Uri(endpoint, relative));

    private HttpRequestMessage Request(Uri address)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        // .NET drops this header when it follows a redirect.
        if (Token != null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return request;
    }

    private HttpResponseMessage Accepted(HttpResponseMessage response, string path)
    {
        if (response.IsSuccessStatusCode || (int)response.StatusCode >= 500
            || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            return response;
        HttpStatusCode status = response.StatusCode;
        response.Dispose();
        string what = path.Length == 0 ? Name : $"{Name}, {path}";
        throw new BadInputException(status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Token == null
                ? $"{what}: the hub asks for a token, or there is no such repository; set HF_TOKEN to one that may read it"
                : $"{what}: the hub refuses the token of HF_TOKEN, or there is no such repository",
            HttpStatusCode.NotFound => $"{what}: the hub has no such repository or file",
            _ => $"{what}: the hub answers {(int)status}",
        });
    }

    private async Task<JsonDocument> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (!response.IsSuccessStatusCode) throw Broken($"the hub answers {(int)response.StatusCode}");
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        using var list = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = await stream.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0;)
        {
            list.Write(buffer, 0, read);
            if (list.Length > ListCeiling) throw Broken($"its list has more than {ListCeiling >> 20} MiB");
        }
        try
        {
            return JsonDocument.Parse(list.GetBuffer().AsMemory(0, (int)list.Length));
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{Name}: its list is no JSON", e);
        }
    }

    private void Add(List<HubFile> files, JsonElement entry)
    {
        if (entry.ValueKind != JsonValueKind.Object || Text(entry, "type") != "file") return;
        if (files.Count == FileCeiling) throw Broken($"it lists more than {FileCeiling} files");
        string path = Text(entry, "path") ?? throw Broken("a file without a path");
        string[] words = path.Split('/');
        if (words.Any(word => word is "" or "." or "..") || path.AsSpan().ContainsAny('\\', '\0', ':'))
            throw Broken($"it lists the path '{path}', which leads out of its folder");
        long bytes = entry.TryGetProperty("size", out JsonElement size) && size.TryGetInt64(out long number) && number >= 0 ? number
            : throw Broken($"{path} has no size");
        string? sha256 = entry.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object ? Text(lfs, "oid")
            : null;
        string sha1 = Text(entry, "oid") ?? "";
        if (sha256 == null ? !Sha1().IsMatch(sha1) : !Sha256().IsMatch(sha256)) throw Broken($"{path} has no digest");
        files.Add(new HubFile(path, bytes, sha256, sha1));
    }

    private static string? Text(JsonElement entry, string key)
        => entry.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The next page by the Link header; it must be the endpoint's, for the token goes with it.</summary>
    private Uri? Next(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Link", out IEnumerable<string>? links)) return null;
        Match match = NextLink().Match(string.Join(',', links));
        if (!match.Success) return null;
        var next = new Uri(endpoint, match.Groups[1].Value);
        return next.Host == endpoint.Host && next.Scheme == endpoint.Scheme && next.Port == endpoint.Port ? next
            : throw Broken("its list goes on at another address");
    }

    private BadInputException Broken(string what) => new($"{Name}: {what}");

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}\z")]
    private static partial Regex NameSyntax();

    [GeneratedRegex(@"^(mm_projector|non_lora_trainables)\.bin\z")]
    private static partial Regex LooseParts();

    [GeneratedRegex(@"^([\w.-]+\.json|tokenizer\.model|chat_template\.jinja|LICENSE[\w.-]*)\z")]
    private static partial Regex Descriptions();

    [GeneratedRegex("<([^>]+)>\\s*;\\s*rel=\"?next\"?")]
    private static partial Regex NextLink();

    [GeneratedRegex(@"^[0-9a-f]{64}\z")]
    private static partial Regex Sha256();

    [GeneratedRegex(@"^[0-9a-f]{40}\z")]
    private static partial Regex Sha1();
}
