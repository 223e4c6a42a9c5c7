using EdgeVideoLlava;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;

// Captions a clip through the Runtime library alone:  dotnet run --project Samples/CaptionClip -- CLIP [MODEL]

if (args is not [string clip, .. string[] rest])
{
    Console.Error.WriteLine("usage: CaptionClip CLIP [MODEL]");
    return 1;
}
try
{
    await using Assistant assistant = await Assistant.LoadAsync(rest.FirstOrDefault("Samples/ShapesWorld/model"));
    await using Conversation conversation = assistant.Start();

    // Eight frames of the clip, through the video tower and the projector: 8 x 257 rows in the words' space (real sizes).
    await conversation.ShowAsync(clip);

    await foreach (string words in conversation.AskAsync("What is happening in the video?")) Console.Write(words);
    Console.WriteLine();
    return 0;
}
catch (BadInputException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
