using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Tests.Placements;
using Crossweave.Core.Verification;

namespace Crossweave.Core.Tests.Verification;

public sealed class PlacementVerifierTests
{
    private static readonly ExpertLoad Load = PlacementMetricsTests.ReadmeLoad;
    private static readonly PlaceDocument Valid = PlaceDocument.From("eplb", PlacementMetricsTests.ReadmePlacement, Load);

    [Fact]
    public void The_published_example_is_certified()
    {
        var certificate = PlacementVerifier.Verify(Valid, Load);
        Assert.Empty(certificate.Findings);
        Assert.True(certificate.IsValid);
        Assert.Contains(certificate.Summary, s => s.Contains("mean of ratios 0.8164") && s.Contains("worst layer 1 at 1.2422"));
        Assert.True(PlacementVerifier.Verify(PlacementMetricsTests.ReadmePlacement, Load).IsValid);
    }

    public static TheoryData<string, string, string> Corruptions => new()
    {
        { "expert", "expert id", "layer 0, slot 3" },
        { "missing", "coverage", "layer 1, expert 0" },
        { "slots", "slots per rank", "layer 0" },
        { "count", "replica count", "layer 0, expert 2" },
        { "counts", "replica count", "layer 1" },
        { "ratio", "max over mean", "layer 1" },
        { "meanOfRatios", "balancedness", "meanOfRatios" },
        { "ratioOfSums", "balancedness", "ratioOfSums" },
        { "excess", "balancedness", "excess" },
        { "swap", "max over mean", "layer 0" },
        { "ids", "layer numbers", "layerIds" },
        { "loads", "shape of the loads", "loads" },
    };

    [Theory, MemberData(nameof(Corruptions))]
    public void Every_corruption_is_named(string corruption, string what, string where)
    {
        var first = Valid.Layers[0];
        var second = Valid.Layers[1];
        var balance = Valid.Balancedness;
        var load = Load;
        var document = corruption switch
        {
            "expert" => Valid with { Layers = [first with { ExpertOfSlot = With(first.ExpertOfSlot, 3, 12) }, second] },
            "missing" => Valid with { Layers = [first, second with { ExpertOfSlot = With(second.ExpertOfSlot, 13, 1) }] },
            "slots" => Valid with { Layers = [first with { ExpertOfSlot = first.ExpertOfSlot[..15] }, second] },
            "count" => Valid with { Layers = [first with { ReplicaCount = With(first.ReplicaCount, 2, 2) }, second] },
            "counts" => Valid with { Layers = [first, second with { ReplicaCount = [1] }] },
            "ratio" => Valid with { Layers = [first, second with { MaxOverMean = 1.2 }] },
            "meanOfRatios" => Valid with { Balancedness = balance with { MeanOfRatios = 0.82 } },
            "ratioOfSums" => Valid with { Balancedness = balance with { RatioOfSums = balance.RatioOfSums + 1e-6 } },
            "excess" => Valid with { Balancedness = balance with { Excess = 0 } },
            "swap" => Valid with { Layers = [first with { ExpertOfSlot = With(With(first.ExpertOfSlot, 0, 1), 13, 5) }, second] },
            "ids" => Valid with { LayerIds = [1, 1] },
            _ => Valid,
        };
        if (corruption == "loads") load = new ExpertLoad(1, 12, new long[12]);
        Assert.Contains(PlacementVerifier.Verify(document, load).Findings, f => f.What == what && f.Where == where);
    }

    [Fact]
    public void Findings_are_one_line_each_and_many_are_counted()
    {
        var none = Valid with { ExpertCount = 500 };
        var findings = PlacementVerifier.Verify(none, null).Findings;
        Assert.All(findings, f => Assert.DoesNotContain("\n", f.ToString()));
        Assert.Equal(50, findings.Count(f => f.What == "coverage" && f.Where != "further places"));
        Assert.Contains(findings, f => f is { What: "coverage", Where: "further places", Found: "926 more" }); // 2 x 488 missing, 50 shown
    }

    private static int[] With(int[] values, int index, int value)
    {
        var copy = (int[])values.Clone();
        copy[index] = value;
        return copy;
    }
}
