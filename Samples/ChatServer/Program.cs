using EdgeVideoLlava;
using EdgeVideoLlava.Extensions;
using Microsoft.Extensions.AI;

// Answers questions about uploaded pictures and clips, for any number of clients at once:
//   dotnet run --project Samples/ChatServer -- --urls http://localhost:5050 [--model DIR]
//   curl -N -H 'Content-Type: video/mp4' --data-binary @clip.mp4 'http://localhost:5050/ask?question=Describe+what+you+see.'

const long MostBytes = 64L << 20;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = MostBytes);
builder.Services.AddEdgeVideoLlava(builder.Configuration["model"] ?? "Samples/ShapesWorld/model",
    options => options.MostContentBytes = MostBytes);
builder.Services.AddHealthChecks().AddCheck<AssistantHealthCheck>("model");
WebApplication app = builder.Build();

app.MapHealthChecks("/health");
app.MapPost("/ask", async (HttpContext http, IChatClient chat, string question) =>
{
    try
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        ReadOnlyMemory<byte> bytes = body.GetBuffer().AsMemory(0, (int)body.Length);
        var message = new ChatMessage(ChatRole.User,
            [new DataContent(bytes, http.Request.ContentType ?? "application/octet-stream"), new TextContent(question)]);
        await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync([message], cancellationToken: http.RequestAborted))
        {
            await http.Response.WriteAsync(update.Text, http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }
    catch (Exception e) when (e is BadInputException or NotSupportedException or ArgumentException && !http.Response.HasStarted)
    {
        http.Response.StatusCode = StatusCodes.Status400BadRequest;
        await http.Response.WriteAsync(e.Message + "\n");
    }
});
app.Run();
