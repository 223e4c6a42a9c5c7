using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Architecture;

/// <summary>The rooms of an assembly, which are its namespaces, and which room uses which: read from the compiled types.</summary>
internal sealed class RoomGraph
{
    private const BindingFlags All = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public
        | BindingFlags.NonPublic;

    private readonly string root;
    private readonly SortedDictionary<(string From, string To), SortedSet<string>> arrows = [];

    public RoomGraph(Assembly assembly, string root)
    {
        this.root = root + ".";
        foreach (Type type in assembly.GetTypes()) Visit(type);
    }

    public IEnumerable<(string From, string To)> Arrows => arrows.Keys;

    public IEnumerable<string> Rooms
        => arrows.Keys.SelectMany(arrow => new[] { arrow.From, arrow.To }).Distinct().Order(StringComparer.Ordinal);

    /// <summary>Members that make an arrow.</summary>
    public IEnumerable<string> Causes(string from, string to) => arrows[(from, to)];

    /// <summary>Rooms in the order in which they can be understood: each after those that it uses. What is missing
    /// stands in a circle.</summary>
    public IReadOnlyList<string> InOrder()
    {
        List<string> order = [], left = [.. Rooms];
        while (left.Find(room => Arrows.All(arrow => arrow.From != room || order.Contains(arrow.To))) is { } next)
        {
            order.Add(next);
            left.Remove(next);
        }
        return order;
    }

    /// <summary>As a Mermaid graph, without arrows that follow from others.</summary>
    public string Mermaid()
    {
        var text = new StringBuilder("graph TD\n");
        foreach ((string from, string to) in Arrows.Where(arrow => !IsImplied(arrow.From, arrow.To)))
            text.Append($"    {from} --> {to}\n");
        return text.ToString();
    }

    private bool IsImplied(string from, string to)
        => Arrows.Any(arrow => arrow.From == from && arrow.To != to && Reaches(arrow.To, to));

    /// <summary>Also where arrows go round in a circle, which another test reports.</summary>
    private bool Reaches(string from, string to)
    {
        var seen = new HashSet<string> { from };
        var open = new Queue<string>(seen);
        while (open.TryDequeue(out string? room))
        {
            foreach (string next in Arrows.Where(arrow => arrow.From == room).Select(arrow => arrow.To))
            {
                if (next == to) return true;
                if (seen.Add(next)) open.Enqueue(next);
            }
        }
        return false;
    }

    private void Visit(Type type)
    {
        if (Room(type) is not { } room) return;
        string name = Outermost(type).Name;
        Use(room, type.BaseType, name);
        foreach (Type contract in type.GetInterfaces()) Use(room, contract, name);
        foreach (FieldInfo field in type.GetFields(All)) Use(room, field.FieldType, $"{name}.{field.Name}");
        foreach (MethodBase method in type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All))) Visit(room, name, method);
    }

    private void Visit(string room, string type, MethodBase method)
    {
        string name = $"{type}.{method.Name}";
        if (method is MethodInfo { ReturnType: var result }) Use(room, result, name);
        foreach (ParameterInfo parameter in method.GetParameters()) Use(room, parameter.ParameterType, name);
        foreach (CustomAttributeData attribute in method.CustomAttributes) Use(room, attribute.AttributeType, name);
        foreach (IlInstruction instruction in IlReader.Read(method))
        {
            if (instruction.Operand is Type used) Use(room, used, name);
            else if (instruction.Operand is MemberInfo member)
            {
                Use(room, member.DeclaringType, name);
                if (member is MethodInfo { IsGenericMethod: true } generic)
                    foreach (Type argument in generic.GetGenericArguments()) Use(room, argument, name);
            }
        }
    }

    private void Use(string room, Type? type, string cause)
    {
        if (type == null) return;
        if (type.HasElementType) Use(room, type.GetElementType(), cause);
        if (type.IsGenericType && !type.IsGenericTypeDefinition)
            foreach (Type argument in type.GetGenericArguments()) Use(room, argument, cause);
        if (Room(type) is not { } used || used == room) return;
        if (!arrows.TryGetValue((room, used), out SortedSet<string>? causes)) arrows.Add((room, used), causes = []);
        causes.Add(cause);
    }

    /// <summary>The namespace below the root; null for what others or the compiler made.</summary>
    private string? Room(Type type)
    {
        if (type.IsGenericParameter || Outermost(type) is not { Namespace: { } space } outermost) return null;
        return space.StartsWith(root, StringComparison.Ordinal) && !outermost.IsDefined(typeof(CompilerGeneratedAttribute))
            ? space[root.Length..] : null;
    }

    private static Type Outermost(Type type)
    {
        while (type.DeclaringType != null) type = type.DeclaringType;
        return type;
    }
}
