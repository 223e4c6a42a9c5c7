using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Preprocess;

// Captions a clip through the Runtime library alone:  dotnet run --project Samples/CaptionClip -- CLIP [MODEL]

if (args is not [string clip, .. string[] rest])
{
    Console.Error.WriteLine("usage: CaptionClip CLIP [MODEL]");
    return 1;
}
try
{
    using var device = new CpuDevice();
    using Assistant assistant = Assistant.Load(rest.FirstOrDefault("Samples/ShapesWorld/model"), device);
    using Conversation conversation = assistant.Start();

    // Eight frames of the clip, through the video tower and the projector: 8 x 257 rows in the words' space (real sizes).
    using PixelValues pixels = assistant.Look(clip);
    conversation.Show(assistant.Model.Encode(pixels));

    conversation.Ask("What is happening in the video?", text: Console.Write);
    Console.WriteLine();
    return 0;
}
catch (BadInputException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
