using System.Collections.Concurrent;
using System.Diagnostics;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>Sixteen threads that do anything at any time, for minutes: right answers or the documented exception, and nothing left behind.</summary>
[Trait("Category", "long"), Collection(nameof(Alone))]
public sealed class AssistantSoakTests(ITestOutputHelper output)
{
    private const string Question = "Describe what you see.";

    private static readonly string Shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");

    private static readonly string[] Files = ["clips/clip_00.mp4", "pictures/picture_00.png", "clips/clip_05.mp4"];

    public static TheoryData<TestDevice> Devices => [TestDevice.Cpu, TestDevice.OpenCl, TestDevice.OpenClPortable, TestDevice.Cuda];

    [Theory, DeviceRows(nameof(Devices))]
    public void Sixteen_threads_at_random(TestDevice name)
    {
        _ = TestDevices.Get(name); // skips by name where there is none
        using ComputeDevice device = TestDevices.Open(name);
        string[] expected = Expected(device);
        var clock = Stopwatch.StartNew();
        int steps = name == TestDevice.OpenClPortable ? 4 : 20; // a life is to last seconds, not minutes
        int answered = 0, refused = 0;
        var wrong = new ConcurrentQueue<Exception>();
        for (int life = 0; clock.Elapsed < TimeSpan.FromMinutes(5); life++)
        {
            Assistant assistant = Assistant.Load($"{Shapes}/model", device);
            var shared = new Conversation[4];
            for (int i = 0; i < shared.Length; i++) shared[i] = assistant.Start();
            Thread[] threads = [.. Enumerable.Range(0, 16).Select(i => new Thread(() =>
            {
                var random = new Random(1000 * life + i);
                for (int step = 0; step < steps; step++)
                {
                    try
                    {
                        Act(assistant, shared, random, expected);
                        Interlocked.Increment(ref answered);
                    }
                    catch (Exception e) when (e is InvalidOperationException or ObjectDisposedException or OperationCanceledException
                        or BadInputException) // the last: a shared conversation's context is full
                    {
                        Interlocked.Increment(ref refused);
                    }
                    catch (Exception e)
                    {
                        wrong.Enqueue(e);
                    }
                }
            }))];
            foreach (Thread thread in threads) thread.Start();
            if (life % 2 == 1) assistant.Dispose(); // in the middle of it
            foreach (Thread thread in threads) thread.Join();
            foreach (Conversation conversation in shared) conversation.Dispose();
            assistant.Dispose();
            Assert.Empty(wrong);
            Assert.Equal(0, Left(device));
        }
        output.WriteLine($"{name}: {answered} acts done, {refused} refused or cancelled, in {clock.Elapsed.TotalSeconds:0} s");
        Assert.True(answered > 100 && refused > 10);
    }

    private static string[] Expected(ComputeDevice device)
    {
        using Assistant assistant = Assistant.Load($"{Shapes}/model", device);
        return [.. Files.Select(file => Answer(assistant, file, default))];
    }

    private static string Answer(Assistant assistant, string file, CancellationToken cancel)
    {
        using Conversation conversation = assistant.Start();
        conversation.Show($"{Shapes}/{file}", cancel: cancel);
        return conversation.Ask(Question, cancel: cancel).Text;
    }

    private static void Act(Assistant assistant, Conversation[] shared, Random random, string[] expected)
    {
        Conversation any = shared[random.Next(shared.Length)];
        int file = random.Next(Files.Length);
        switch (random.Next(9))
        {
            case 0 or 1 or 2: Assert.Equal(expected[file], Answer(assistant, Files[file], default)); break;
            case 3: Answer(assistant, Files[file], new CancellationTokenSource(random.Next(40)).Token); break;
            case 4: any.Ask(Question, new GenerationOptions { MaxTokens = 20 }); break;
            case 5: any.Reset(); break;
            case 6: any.Show($"{Shapes}/{Files[file]}"); break;
            case 7: any.Ask(Question, new GenerationOptions { MaxTokens = 20 }, _ => any.Reset()); break;
            default:
                using (VisionTokens tokens = assistant.See($"{Shapes}/{Files[file]}").Tokens) any.Show(tokens, leaveOpen: true);
                any.TakeBack();
                break;
        }
    }

    /// <summary>Bytes on the device once all work is over.</summary>
    private static long Left(ComputeDevice device)
    {
        if (device is not CpuDevice)
        {
            using ComputeQueue queue = device.CreateQueue();
            queue.Wait();
        }
        return device.AllocatedBytes;
    }
}
