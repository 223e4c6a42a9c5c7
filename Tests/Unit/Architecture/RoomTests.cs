using System.Reflection;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Architecture;

/// <summary>The rooms use each other in one direction, and docs/architecture.md shows them as they are.</summary>
public sealed class RoomTests
{
    private static readonly Dictionary<string, RoomGraph> Graphs = new()
    {
        ["Kernels"] = new RoomGraph(typeof(ComputeDevice).Assembly, "EdgeVideoLlava.Kernels"),
        ["Runtime"] = new RoomGraph(typeof(VideoLlava).Assembly, "EdgeVideoLlava.Runtime"),
    };

    public static TheoryData<string> Projects => [.. Graphs.Keys];

    [Theory, MemberData(nameof(Projects))]
    public void No_rooms_stand_in_a_circle(string project)
    {
        RoomGraph graph = Graphs[project];
        string[] circle = [.. graph.Rooms.Except(graph.InOrder())];
        IEnumerable<string> arrows = graph.Arrows.Where(arrow => circle.Contains(arrow.From) && circle.Contains(arrow.To))
            .Select(arrow => $"{arrow.From} -> {arrow.To}: {string.Join(", ", graph.Causes(arrow.From, arrow.To).Take(5))}");
        Assert.True(circle.Length == 0, string.Join('\n', arrows));
    }

    [Theory, MemberData(nameof(Projects))]
    public void The_page_shows_the_rooms_as_they_are(string project)
    {
        string page = File.ReadAllText(Path.Combine(Golden.Repository, "docs", "architecture.md"));
        string graph = Graphs[project].Mermaid();
        Assert.True(page.Contains(graph), $"docs/architecture.md shows other arrows; those of {project} are:\n{graph}");
        Assert.All(Graphs[project].Rooms, room => Assert.Contains($"`{project}/{room.Replace('.', '/')}`", page));
    }

    /// <summary>A circle, an arrow that follows from others, and one that does not, in an assembly whose rooms are
    /// known: this one.</summary>
    [Fact]
    public void Arrows_are_read_from_the_compiled_types()
    {
        var graph = new RoomGraph(Assembly.GetExecutingAssembly(), "EdgeVideoLlava.Tests.Unit.Architecture");
        Assert.Contains(("RoomA", "RoomB"), graph.Arrows);
        Assert.Contains(("RoomB", "RoomC"), graph.Arrows);
        Assert.Contains(("RoomA", "RoomC"), graph.Arrows);
        Assert.DoesNotContain(("RoomC", "RoomA"), graph.Arrows);
        Assert.DoesNotContain("RoomA --> RoomC", graph.Mermaid());
        Assert.Equal(["RoomC", "RoomB", "RoomA"], graph.InOrder().Where(room => room is "RoomA" or "RoomB" or "RoomC"));
        Assert.DoesNotContain("RoomD", graph.InOrder());
        Assert.DoesNotContain("RoomE", graph.InOrder());
    }
}
