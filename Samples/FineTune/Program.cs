using EdgeVideoLlava;
using EdgeVideoLlava.FineTune;

// Teaches a model what is in some clips and pictures, then talks about one of them:
//   dotnet run --project Samples/FineTune -- MODEL DATA.json OUTPUT [STEPS]

if (args is not [string model, string data, string output, .. string[] rest])
{
    Console.Error.WriteLine("usage: FineTune MODEL DATA.json OUTPUT [STEPS]");
    return 1;
}
try
{
    int? steps = rest is [string number] && int.TryParse(number, out int given) ? given : null;
    using FineTuned tuned = FineTuned.Make(model, data, output, steps, Console.Error.WriteLine);
    Console.Error.WriteLine("a picture's or clip's path, then a question; an empty line ends");
    while (Console.ReadLine() is { Length: > 0 } path && Console.ReadLine() is { Length: > 0 } question)
        Console.WriteLine(tuned.Ask(path, question));
    return 0;
}
catch (EdgeException e)
{
    Console.Error.WriteLine(e.Message);
    return e is BadInputException ? 2 : 3;
}
