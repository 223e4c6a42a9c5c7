using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace EdgeVideoLlava.Kernels.Ilgpu.Compile;

/// <summary>A kernel's text for its driver: OpenCL C or PTX, the same whatever was compiled before it, so that
/// drivers find it in their caches.</summary>
/// <remarks>
/// ILGPU names types, labels, parameters and functions by counters of the whole process: here they are numbered anew, in the order
/// of the text. What it has optimised for one kernel it uses again for the next, in another order of instructions: so each kernel
/// has a context of its own, which also keeps one that ILGPU rejects from spoiling others.
/// On OpenCL ILGPU writes Group.Barrier with a fence for global memory only, so that by the specification shared memory
/// is not ordered across it: here the text gets the local fence too, or the kernel is refused.
/// In PTX it claims of branches that a warp's lanes take them together (bra.uni) which they do not: it takes the index of
/// an Index1D kernel for uniform, and forgets that a variable changed in a loop whose end differs does so too. The PTX ISA
/// gives such code no meaning ("bra"). No conditional branch claims it here.
/// </remarks>
internal static partial class KernelText
{
    private const string Emitted = "work_group_barrier ( CLK_GLOBAL_MEM_FENCE )";
    private const string Wanted = "barrier ( CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE )";

    /// <summary>Whether the items of a kernel work alone: it takes the item's index first. Others work in groups.</summary>
    public static bool IsOfItems(MethodInfo kernel) => kernel.GetParameters()[0].ParameterType == typeof(Index1D);

    public static EntryPointDescription Entry(MethodInfo kernel) => IsOfItems(kernel)
        ? EntryPointDescription.FromImplicitlyGroupedKernel(kernel)
        : EntryPointDescription.FromExplicitlyGroupedKernel(kernel);

    /// <summary>Compiles a kernel for an accelerator of OpenCL or CUDA. Any number of threads may.</summary>
    public static CompiledKernel Compile(Accelerator accelerator, EntryPointDescription entry, KernelSpecialization specialization,
        bool keepsUniformClaims = false)
        => Compile(context => accelerator switch
    {
        CLAccelerator cl => new CLBackend(context, cl.Capabilities, cl.Vendor, cl.CLStdVersion),
        CudaAccelerator cuda => new PTXBackend(context, cuda.Capabilities, cuda.Architecture, cuda.InstructionSet, null),
        _ => throw new NotSupportedException($"{accelerator.AcceleratorType} compiles no text"),
    }, entry, specialization, keepsUniformClaims);

    public static CompiledKernel Compile(Func<Context, Backend> create, EntryPointDescription entry, KernelSpecialization specialization,
        bool keepsUniformClaims = false)
    {
        using Context context = Context.Create(CompilerOptions.Apply);
        using Backend backend = create(context);
        CompiledKernel kernel = backend.Compile(entry, specialization);
        return kernel switch
        {
            CLCompiledKernel cl
                => new CLCompiledKernel(context, (SeparateViewEntryPoint)EntryPoint(cl), cl.Info, Renumbered(WithLocalFence(cl.Source)),
                    cl.CVersion),
            PTXCompiledKernel ptx => WithText(ptx, context, Renumbered(keepsUniformClaims ? ptx.PTXAssembly
                : WithoutUniformClaims(ptx.PTXAssembly))),
            _ => kernel,
        };
    }

    /// <summary>OpenCL text whose barriers order shared memory as well.</summary>
    /// <exception cref="NotSupportedException">There is a barrier in words that we do not know.</exception>
    internal static string WithLocalFence(string source)
    {
        string fenced = source.Replace(Emitted, Wanted, StringComparison.Ordinal);
        return !fenced.Contains("work_group_barrier", StringComparison.Ordinal) ? fenced
            : throw new NotSupportedException("ILGPU writes barriers in words that the local fence cannot be added to");
    }

    /// <summary>PTX whose conditional branches leave it to the driver whether lanes part.</summary>
    /// <exception cref="NotSupportedException">There is such a claim in words that we do not know.</exception>
    internal static string WithoutUniformClaims(string source)
    {
        string plain = ConditionalClaim().Replace(source, "$1");
        return UnconditionalBranch().Count(plain) == Claim().Count(plain) ? plain
            : throw new NotSupportedException("ILGPU claims in unknown words that a branch is uniform");
    }

    /// <summary>Each name that ends in a number of ILGPU's gets the number of its first place among them.</summary>
    internal static string Renumbered(string text)
    {
        var numbers = new Dictionary<string, int>();
        return NumberedName().Replace(text, name =>
        {
            if (!numbers.TryGetValue(name.Value, out int number)) numbers.Add(name.Value, number = numbers.Count);
            return name.Groups[1].Value + number.ToString(CultureInfo.InvariantCulture);
        });
    }

    /// <summary>ILGPU's description of a kernel's parameters, which it keeps to itself.</summary>
    internal static EntryPoint EntryPoint(CompiledKernel kernel) => (EntryPoint)typeof(CompiledKernel)
        .GetProperty("EntryPoint", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!.GetValue(kernel)!;

    // Its constructor is ILGPU's own, unlike that of OpenCL's kernels.
    private static PTXCompiledKernel WithText(PTXCompiledKernel kernel, Context context, string text)
        => (PTXCompiledKernel)Activator.CreateInstance(typeof(PTXCompiledKernel), BindingFlags.Instance | BindingFlags.NonPublic, null,
            [context, EntryPoint(kernel), kernel.Info, text], null)!;

    [GeneratedRegex(@"(@!?%\w+\s+bra)\.uni\b")]
    private static partial Regex ConditionalClaim();

    [GeneratedRegex(@"^\s*bra\.uni\b", RegexOptions.Multiline)]
    private static partial Regex UnconditionalBranch();

    [GeneratedRegex(@"\.uni\b")]
    private static partial Regex Claim();

    /// <summary>Labels, types, parameters, functions; not the entry, which the driver is asked for by name, nor
    /// CUDA's architecture.</summary>
    [GeneratedRegex(@"(?<![\w%])(?!Kernel_|sm_)([A-Za-z_]\w*_)\d+")]
    private static partial Regex NumberedName();
}
