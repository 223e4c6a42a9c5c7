using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>What a queue does with the work that operations give it. An operation is the same in every mode.</summary>
internal sealed unsafe partial class IlgpuQueue
{
    /// <summary>Runs an action in another mode.</summary>
    private void Within(Mode other, Action give)
    {
        Mode before = mode;
        mode = other;
        try
        {
            give();
        }
        finally
        {
            mode = before;
        }
    }

    private abstract class Mode
    {
        /// <summary>False where nothing is done with work, so that it need not be prepared.</summary>
        public virtual bool TakesWork => true;

        /// <summary>Whether the work will be done again: it cannot wait for another queue.</summary>
        public virtual bool Records => false;

        /// <summary>A kernel that is about to be launched.</summary>
        public virtual void Note(LazyKernel kernel)
        {
        }

        /// <summary>One launch or copy.</summary>
        public abstract void Take<TWork>(TWork work, Action<TWork, AcceleratorStream> give);
    }

    /// <summary>Gives each piece of work to the driver and numbers it, both under the device's lock.</summary>
    private class Running(IlgpuQueue queue) : Mode
    {
        public sealed override void Take<TWork>(TWork work, Action<TWork, AcceleratorStream> give)
        {
            lock (queue.device.Gate)
            {
                try
                {
                    queue.device.Accelerator.Bind(); // CUDA's current context is the thread's
                    give(work, queue.stream);
                    Given(work);
                }
                catch (AcceleratorException e)
                {
                    throw queue.device.Failed(e);
                }
                finally
                {
                    queue.progress.Give(queue.device.NextTicket());
                }
            }
        }

        protected virtual void Given<TWork>(TWork work)
        {
        }
    }

    /// <summary>Also takes the time of each piece of work.</summary>
    private sealed class Timing(IlgpuQueue queue, LaunchProfile profile) : Running(queue)
    {
        protected override void Given<TWork>(TWork work) => profile.Add(work);
    }

    /// <summary>The driver records what it is given.</summary>
    private sealed class Capturing(IlgpuQueue queue) : Running(queue)
    {
        public override bool Records => true;
    }

    /// <summary>Keeps the work to be given later, any number of times.</summary>
    private sealed class Recording : Mode
    {
        public List<Action<AcceleratorStream>> Work { get; } = [];

        public override bool Records => true;

        public override void Take<TWork>(TWork work, Action<TWork, AcceleratorStream> give) => Work.Add(stream => give(work, stream));
    }

    /// <summary>Lists the kernels that would be launched; nothing is done.</summary>
    private sealed class Listing : Mode
    {
        public HashSet<LazyKernel> Kernels { get; } = [];

        public override bool TakesWork => false;

        public override void Note(LazyKernel kernel) => Kernels.Add(kernel);

        public override void Take<TWork>(TWork work, Action<TWork, AcceleratorStream> give)
        {
        }
    }
}
