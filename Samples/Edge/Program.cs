using System.CommandLine;
using EdgeVideoLlava.Edge;

// The verbs; each is one file in Commands/.
return await CommandLine.Run(
    new RootCommand("Video-LLaVA at the edge: describes clips and pictures, on this machine alone.")
    {
    },
    args);
