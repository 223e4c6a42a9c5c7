using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Files;

public sealed class TemporaryFileTests
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 200_000).Select(i => (byte)i)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_holds_the_rest_of_a_stream_until_it_is_disposed()
    {
        var stream = new MemoryStream(Bytes) { Position = 100 };
        TemporaryFile file = await TemporaryFile.CopyAsync(stream, Bytes.Length - 100, Cancel);
        Assert.Equal(Bytes[100..], File.ReadAllBytes(file.Path));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.Path));
        string path = file.Path;
        file.Dispose();
        Assert.False(File.Exists(path));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_stream_that_is_too_long_is_refused(bool knowsItsLength)
    {
        using Stream stream = knowsItsLength ? new MemoryStream(Bytes) : new EndlessStream();
        var e = await Assert.ThrowsAsync<BadInputException>(() => TemporaryFile.CopyAsync(stream, Bytes.Length - 1, Cancel));
        Assert.Contains("more than the 199999 bytes", e.Message);
        if (knowsItsLength) Assert.Equal(0, stream.Position);
    }

    /// <summary>What comes from a network.</summary>
    private sealed class EndlessStream : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => count;
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
