using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Ilgpu;

/// <summary>What accelerators have of their own: memory that is released late, kernels that are loaded once, weights
/// in another type.</summary>
public sealed unsafe class IlgpuDeviceTests
{
    public static TheoryData<TestDevice> Accelerators => [.. TestDevices.ForKernels.Except([TestDevice.Cpu])];

    /// <summary>Weights as stored, in a type of the device's own, and in one that becomes F16 there.</summary>
    public static TheoryData<TestDevice, StorageType?> ModelAccelerators
        => [.. from device in TestDevices.ForModels.Except([TestDevice.Cpu])
               from weights in new StorageType?[] { null, StorageType.Q6_K, StorageType.Q5_K }
               select new TheoryDataRow<TestDevice, StorageType?>(device, weights)];

    [Theory, MemberData(nameof(Accelerators))]
    public void Memory_is_counted_until_it_is_released(TestDevice device)
    {
        using var accelerator = (IlgpuDevice)Fresh(device);
        DeviceBuffer floats = accelerator.Allocate(StorageType.F32, 1000), ints = accelerator.Allocate(StorageType.I32, 24);
        Assert.Equal(4096, accelerator.AllocatedBytes);
        Assert.Throws<InvalidOperationException>(accelerator.AssertEmpty);
        floats.Dispose();
        floats.Dispose();
        Assert.Equal(96, accelerator.AllocatedBytes);
        ints.Dispose();
        accelerator.AssertEmpty();
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void A_buffer_disposed_in_flight_is_released_after_its_work(TestDevice device)
    {
        using var accelerator = (IlgpuDevice)Fresh(device);
        using ComputeQueue queue = accelerator.CreateQueue(), idle = accelerator.CreateQueue();
        Matrix result = accelerator.AllocateMatrix(4, 16);
        for (int round = 1; round <= 20; round++)
        {
            Matrix scratch = accelerator.AllocateMatrix(4, 16);
            queue.Write(Filled(64, round), scratch);
            CopyRows.Run(queue, scratch, result);
            scratch.Buffer.Dispose();
        }
        Assert.Equal(21 * 256, accelerator.AllocatedBytes); // nobody waited: all of it may still be read
        Assert.All(queue.Read(result), number => Assert.Equal(20, number));
        Assert.Equal(256, accelerator.AllocatedBytes);
        result.Buffer.Dispose();
        accelerator.AssertEmpty();
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void A_used_buffer_is_an_error_after_its_disposal(TestDevice device)
    {
        using ComputeQueue queue = TestDevices.Get(device).CreateQueue();
        Matrix matrix = queue.Device.AllocateMatrix(1, 1);
        matrix.Buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => queue.Read(matrix));
    }

    [Theory, MemberData(nameof(ModelAccelerators))]
    public void A_model_takes_the_memory_of_its_estimate_and_leaves_nothing_on_its_device(TestDevice device, StorageType? weights)
    {
        using var accelerator = (IlgpuDevice)Fresh(device);
        var options = new LoadOptions(AllVisionLayers: true, LanguageWeights: weights);
        using (VideoLlava model = VideoLlava.Load(Golden.Path("original-tiny/checkpoint"), accelerator, options))
        {
            using var checkpoint = new Checkpoint(Golden.Path("original-tiny/checkpoint"));
            Assert.Equal(0, model.SharedBytes);
            long positionsOfAStep = IlgpuDevice.BufferBytes(StorageType.I32, VideoLlava.DecodeRows);
            Assert.Equal(MemoryNeed.Of(checkpoint, ConfigReader.Read(checkpoint), options).OnAccelerator + positionsOfAStep,
                accelerator.AllocatedBytes);
        }
        accelerator.AssertEmpty();
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void Too_large_a_buffer_is_the_device_s_failure(TestDevice device)
    {
        ComputeDevice accelerator = TestDevices.Get(device);
        long before = accelerator.AllocatedBytes;
        var failure = Assert.Throws<DeviceFailedException>(() => accelerator.Allocate(StorageType.F32, 1L << 40));
        Assert.Contains($"{4L << 20} MiB", failure.Message);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.True(accelerator.AllocatedBytes - before < 1L << 40);
    }

    [Theory, MemberData(nameof(Accelerators))]
    public void Every_half_is_read_exactly(TestDevice device)
    {
        using var rig = new KernelRig(TestDevices.Get(device));
        ushort[] patterns = [.. Enumerable.Range(0, 65536).Select(bits => (ushort)bits)];
        Matrix every = rig.Result(256, 256);
        fixed (ushort* address = patterns)
        {
            foreach (StorageType type in new[] { StorageType.F16, StorageType.BF16 })
            {
                using Weight weight = rig.Queue.Device.LoadWeight("w", type, 256, new HostRows((nint)address, 100),
                    new HostRows((nint)(address + 25600), 156));
                EmbeddingGather.Run(rig.Queue, weight, rig.Ints([.. Enumerable.Range(0, 256)]), every);
                Assert.Equal((type, type, 256, 256), (weight.Type, weight.Buffer.Type, weight.Rows, weight.Columns));
                float[] got = rig.Read(every);
                for (int bits = 0; bits < 65536; bits++)
                {
                    float exact = type == StorageType.F16 ? (float)BitConverter.UInt16BitsToHalf((ushort)bits)
                        : BitConverter.Int32BitsToSingle(bits << 16);
                    Assert.Equal(exact, got[bits]);
                }
            }
        }
    }

    /// <summary>Rows of 512, of every type without padding: what a weight takes on the device, to whole words of 16 bytes.</summary>
    [Theory, MemberData(nameof(StoredTypes))]
    public void A_weight_takes_the_memory_of_its_type(TestDevice device, StorageType type, StorageType kept)
    {
        using var accelerator = (IlgpuDevice)Fresh(device);
        byte[] zeros = new byte[type.Bytes(3 * 512)];
        fixed (byte* address = zeros)
        {
            using Weight weight = accelerator.LoadWeight("w", type, 512, new HostRows((nint)address, 1),
                new HostRows((nint)address + (nint)type.Bytes(512), 2));
            Assert.Equal((kept, 3 * 512), (weight.Buffer.Type, weight.Buffer.Elements));
            Assert.Equal((kept.Bytes(3 * 512) + 15) / 16 * 16, accelerator.AllocatedBytes);
            Assert.Equal(accelerator.AllocatedBytes, IlgpuDevice.WeightBytes(type, 3, 512));
        }
        accelerator.AssertEmpty();
    }

    public static TheoryData<TestDevice, StorageType, StorageType> StoredTypes
        => [.. from device in TestDevices.ForKernels.Except([TestDevice.Cpu])
               from type in Enum.GetValues<StorageType>().Except([StorageType.I64, StorageType.I32, StorageType.U8, StorageType.I8])
               select new TheoryDataRow<TestDevice, StorageType, StorageType>(device, type, DeviceFormat.Of(type).Type)];

    [Fact]
    public void These_types_become_F16()
        => Assert.Equal([StorageType.Q2_K, StorageType.Q3_K], BlockOracle.Types.Except(DeviceFormat.Kept).Order());

    /// <summary>Types that the device has no kernels for become F16, rounded to even; what F16 cannot hold is refused
    /// and leaves nothing.</summary>
    [Theory, MemberData(nameof(Accelerators))]
    public void Dequantized_numbers_too_large_for_a_half_are_refused(TestDevice device)
    {
        using var accelerator = (IlgpuDevice)Fresh(device);
        const int block = 110;
        byte[] blocks = new byte[2 * block]; // of Q3_K: with zeros all else, each number is (-32) · (-4) times the block's scale
        void Load()
        {
            fixed (byte* address = blocks) accelerator.LoadWeight("w", StorageType.Q3_K, 256, new HostRows((nint)address, 2)).Dispose();
        }
        foreach ((double d, bool fits) in new[] { (511.75, true), (512, false), (double.NaN, false), (double.NegativeInfinity, false) })
        {
            System.Buffers.Binary.BinaryPrimitives.WriteHalfLittleEndian(blocks.AsSpan(block + 108), (Half)d);
            if (fits) Load();
            else Assert.Contains("w: Q3_K numbers", Assert.Throws<BadInputException>(Load).Message);
            accelerator.AssertEmpty();
        }
    }

    private static ComputeDevice Fresh(TestDevice device)
    {
        _ = TestDevices.Get(device); // skips by name where there is none
        return TestDevices.Open(device);
    }

    private static float[] Filled(int count, float number) => [.. Enumerable.Repeat(number, count)];
}
