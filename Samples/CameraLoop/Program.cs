using EdgeVideoLlava;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Video.Frames;
using OpenCvSharp;

// Captions the frames of a camera that the program reads itself, until Ctrl-C:  dotnet run --project Samples/CameraLoop -- [CAMERA] [MODEL]
// CAMERA is a number (0), or anything that OpenCV opens: a file plays the camera.

string camera = args.ElementAtOrDefault(0) ?? "0";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    stop.Cancel();
};
try
{
    await using Assistant assistant = await Assistant.LoadAsync(args.ElementAtOrDefault(1) ?? "Samples/ShapesWorld/model");
    await foreach (Caption caption in assistant.NarrateAsync(Frames(camera), window: TimeSpan.FromSeconds(4), cancel: stop.Token))
        Console.WriteLine($"{caption.Start:mm\\:ss} - {caption.End:mm\\:ss}  {caption.Text}");
    return 0;
}
catch (OperationCanceledException)
{
    return 0;
}
catch (EdgeException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}

static async IAsyncEnumerable<Frame> Frames(string camera)
{
    using VideoCapture capture = int.TryParse(camera, out int number) ? new(number) : new(camera);
    if (!capture.IsOpened()) throw new BadInputException($"{camera}: no camera that opens");
    using var image = new Mat();
    while (await Task.Run(() => capture.Read(image)))
        yield return Frame.FromPixels(image.AsSpan<byte>(), image.Width, image.Height, PixelFormat.Bgr, (int)image.Step(),
            TimeSpan.FromMilliseconds(capture.PosMsec));
}
