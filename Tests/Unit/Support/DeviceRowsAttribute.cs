using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>
/// As MemberData, for rows of which one argument is a <see cref="TestDevice"/> or its name: an absent device leaves one row, skipped by
/// name with the number of rows that it stands for; or failing, where EDGE_REQUIRE names it. Of ILGPU's CPU accelerator, which spins a
/// thread for each item of a group, a normal run has one row, from the middle. Rows on interpreted devices are left to
/// <see cref="CudaTextCoverage"/>, which has no others.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class DeviceRowsAttribute(string memberName) : MemberDataAttributeBase(memberName, [])
{
    /// <summary>Whether rows on the main interpreted devices are part of every run.</summary>
    public bool InterpretedToo { get; set; }

    public override async ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        IReadOnlyCollection<ITheoryDataRow> rows = await base.GetData(testMethod, disposalTracker);
        var kept = new List<ITheoryDataRow>();
        foreach (IGrouping<TestDevice?, ITheoryDataRow> group in rows.GroupBy(Device))
        {
            if (!TestDevices.IsMeant(group.Key) && !(InterpretedToo && TestDevices.IsMainInterpreted(group.Key))) continue;
            string? absence = group.Key is { } device ? TestDevices.Absence(device) : null;
            if (absence == null) kept.AddRange(IsSlow(group.Key) ? group.Skip(group.Count() / 2).Take(1) : group);
            else kept.Add(Absent(group.Key!.Value, absence, group.First(), group.Count()));
        }
        // A theory must have a row.
        if (kept.Count == 0 && rows.Count > 0)
            kept.Add(new TheoryDataRow(rows.First().GetData()) { Skip = "no row on an interpreted device" });
        return kept;
    }

    /// <summary>Rows come into being after tests are chosen by their traits, so it is a variable that tells a long run.</summary>
    private static bool IsSlow(TestDevice? device)
        => device is TestDevice.IlgpuCpu or TestDevice.IlgpuCpuPortable
        && Environment.GetEnvironmentVariable("EDGE_LONG_TESTS") != "1";

    /// <summary>A row of a required device is left to fail.</summary>
    private static ITheoryDataRow Absent(TestDevice device, string absence, ITheoryDataRow first, int count)
        => TestDevices.IsWanted(device) ? first
            : new TheoryDataRow(first.GetData()) { Skip = $"{absence} ({count} rows)" };

    /// <summary>The device of a row; null where there is none, as with a variant of the processor's.</summary>
    private static TestDevice? Device(ITheoryDataRow row)
    {
        foreach (object? argument in row.GetData())
        {
            if (argument is TestDevice device) return device;
            if (argument is string name && Enum.GetNames<TestDevice>().Contains(name)) return Enum.Parse<TestDevice>(name);
        }
        return null;
    }
}
