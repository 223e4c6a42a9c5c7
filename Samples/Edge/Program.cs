using System.CommandLine;
using EdgeVideoLlava.Edge;
using EdgeVideoLlava.Edge.Commands;

NativeArenas.BeFew();
// The verbs; each is one file in Commands/.
return await CommandLine.Run(
    new RootCommand("Video-LLaVA at the edge: describes clips and pictures, on this machine alone.")
    {
        NarrateCommand.Create(),
        ChatCommand.Create(),
        TraceCommand.Create(),
        InspectCommand.Create(),
        PullCommand.Create(),
        QuantizeCommand.Create(),
        VerifyCommand.Create(),
        PerplexityCommand.Create(),
        MergeCommand.Create(),
        TrainCommand.Create(),
        EvalCommand.Create(),
        BenchCommand.Create(),
        DoctorCommand.Create(),
    },
    args);
