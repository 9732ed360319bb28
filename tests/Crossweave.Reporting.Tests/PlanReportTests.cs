using Crossweave.Core.Pipeline;
using Crossweave.Reporting.Inspections;
using Crossweave.Reporting.Plans;

namespace Crossweave.Reporting.Tests;

public sealed class PlanReportTests
{
    private static readonly ReportContext Context = new("crossweave plan translation.ids.npy --model deepseek-v2-lite --ranks 16 --nodes 2 --bandwidth 400Gbps", "0.1.0")
    {
        Assumptions = ["Barrier per step: every rank waits for the longest transfer."],
        Facts = [("Data", "synthetic")],
    };

    [Theory]
    [InlineData(26, 64, 16, 2)]
    [InlineData(58, 256, 32, 4)]
    [InlineData(24, 32, 8, 1)]
    [InlineData(1, 4, 1, 1)]
    [InlineData(2, 128, 128, 16)]
    public void Page_is_well_formed_and_self_contained_and_small(int layers, int experts, int ranks, int nodes)
    {
        var html = PlanReport.Render(SyntheticPlan.Build(3, layers, experts, ranks, nodes), Context);
        Keep($"plan-{ranks}.html", html);
        Rules.AssertWellFormedPage(html);
        Rules.AssertSelfContained(html);
        Assert.InRange(html.Length, 10_000, 2_500_000);
    }

    [Fact]
    public void Inspection_page_is_well_formed_and_self_contained()
    {
        var html = InspectReport.Render(SyntheticTrace.Build(), Context);
        Keep("inspect.html", html);
        Rules.AssertWellFormedPage(html);
        Rules.AssertSelfContained(html);
    }

    [Fact]
    public void Same_input_gives_the_same_bytes() =>
        Assert.Equal(PlanReport.Render(SyntheticPlan.Build(5), Context), PlanReport.Render(SyntheticPlan.Build(5), Context));

    [Fact]
    public void Hostile_names_are_text_and_nothing_else()
    {
        const string Hostile = "<script>alert('x')</script>\"&\u0001\ud800";
        var plan = SyntheticPlan.Build(2, 3, 16, 4, 2, traceName: Hostile, modelName: Hostile);
        plan = plan with
        {
            FabricText = Hostile,
            ComputeText = Hostile,
            Planners = [plan.Planners[0] with { Planner = Hostile }, .. plan.Planners.Skip(1)],
        };
        var html = PlanReport.Render(plan, Context with { CommandLine = Hostile });
        Rules.AssertWellFormedPage(html);
        Rules.AssertSelfContained(html);
        Assert.Contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;\ufffd\ufffd", html);
    }

    [Fact]
    public void Headline_states_choice_time_speedup_and_room()
    {
        // Four layers with bound 100 us each: baseline 200 us, choice 125 us per layer.
        // Speed-up 800 / 500 = 1.60; gap 500 / 400 = 1.25, so at most 1 - 1/1.25 = 20 % is left.
        var plan = Hand(baselinePs: 200_000_000, chosenPs: 125_000_000);
        Assert.Equal(
            "Use eplb with greedy-max-weight (barrier): predicted 500 µs for 4 layers, 1.60× faster than contiguous with the same schedule; " +
            "at most 20.0 % is left to a better schedule of the same kind.",
            PlanWords.Headline(new PlanFacts(plan)));
    }

    [Fact]
    public void Headline_does_not_claim_a_gain_where_there_is_none()
    {
        Assert.Contains("no faster than contiguous", PlanWords.Headline(new PlanFacts(Hand(100_000_000, 125_000_000))));
        var kept = Hand(200_000_000, 125_000_000) with { Chosen = new Choice("contiguous", "greedy-max-weight", "barrier") };
        Assert.StartsWith("Keep contiguous", PlanWords.Headline(new PlanFacts(kept)));
        var html = PlanReport.Render(kept, Context);
        Rules.AssertWellFormedPage(html);
        Assert.DoesNotContain("before: contiguous with", html);
    }

    [Fact]
    public void Ceiling_is_the_busiest_ranks_over_the_means_and_the_share_removed()
    {
        // Two layers, two ranks. Before: 30+10 and 20+20: busiest 50, mean 40, ratio 1.25. After: 22+18 and 20+20: 42/40 = 1.05.
        // Removed: (1.25 - 1.05) / (1.25 - 1) = 0.8.
        var plan = Hand(200_000_000, 125_000_000);
        var facts = new PlanFacts(plan with
        {
            Planners = [plan.Planners[0] with { RankLoad = [[30, 10], [20, 20]] }, plan.Planners[1], plan.Planners[2] with { RankLoad = [[22, 18], [20, 20]] }],
        });
        Assert.Equal(1.25, PlanFacts.BusiestOverMean(facts.Baseline), 12);
        Assert.Equal(0.8, facts.CeilingReached, 12);
        Assert.EndsWith("80 % of that excess is removed", PlanWords.Ceiling(facts));
    }

    [Fact]
    public void Unknown_choice_is_refused()
    {
        var plan = SyntheticPlan.Build(1, 2, 8, 4);
        Assert.Throws<ArgumentException>(() => new PlanFacts(plan with { Chosen = new Choice("nobody", "shifted", "barrier") }));
        Assert.Throws<ArgumentException>(() => new PlanFacts(plan with { Chosen = new Choice("eplb", "shifted", "nobody") }));
    }

    private static PlanResult Hand(long baselinePs, long chosenPs)
    {
        var plan = SyntheticPlan.Build(1, 4, 16, 4, 1);
        PlannerResult With(PlannerResult p, long ps) => p with
        {
            Schedules = [p.Schedules[1] with { BoundPs = [100_000_000, 100_000_000, 100_000_000, 100_000_000], MakespanPs = [ps, ps, ps, ps] }],
        };
        return plan with { Planners = [With(plan.Planners[0], baselinePs), plan.Planners[1], With(plan.Planners[2], chosenPs)] };
    }

    // For looking at the pages: set CROSSWEAVE_KEEP to a folder.
    private static void Keep(string name, string text)
    {
        if (Environment.GetEnvironmentVariable("CROSSWEAVE_KEEP") is { Length: > 0 } folder) File.WriteAllText(Path.Combine(folder, name), text);
    }
}
