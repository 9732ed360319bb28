using Crossweave.Core.Formats.Documents;

namespace Crossweave.Core.Pipeline;

/// <summary>plan.json: every number of the main job, machine-readable. Keys are described in docs/formats.md.</summary>
public static class PlanDocument
{
    public static string ToJson(PlanResult plan)
    {
        var json = new JsonOutput().BeginObject();
        json.Key("trace").Value(plan.TraceName).Key("model").Value(plan.ModelName).Key("experts").Value(plan.ExpertCount).Key("topK").Value(plan.TopK);
        json.Key("layerIds").Line([.. plan.LayerIds]).Key("ranks").Value(plan.RankCount).Key("nodes").Value(plan.NodeCount).Key("slots").Value(plan.SlotCount);
        json.Key("fabric").Value(plan.FabricName).Key("fabricText").Value(plan.FabricText).Key("compute").Value(plan.ComputeText);
        json.Key("sendMode").Value(plan.SendMode.ToString()).Key("sumBeforeCombine").Value(plan.SumBeforeCombine);
        json.Key("planningTokens").Value(plan.PlanningTokens).Key("heldOutTokens").Value(plan.HeldOutTokens).Key("batchTokens").Value(plan.BatchTokens);
        json.Key("seed").Value((long)plan.Seed);
        json.Key("chosen").BeginObject().Key("planner").Value(plan.Chosen.Planner).Key("scheduler").Value(plan.Chosen.Scheduler).Key("evaluator").Value(plan.Chosen.Evaluator).End();
        if (plan.Migration is { } m)
        {
            json.Key("migration").BeginObject().Key("expertBytes").Raw(JsonOutput.Number(m.Costs.ExpertBytes)).Key("bytesPerSecond").Raw(JsonOutput.Number(m.Costs.BytesPerSecond));
            json.Key("overlap").Raw(JsonOutput.Number(m.Costs.Overlap)).Key("stopSeconds").Raw(JsonOutput.Number(m.Costs.SecondsPerRearrangement));
            json.Key("horizonBatches").Raw(JsonOutput.Number(m.Horizon.Iterations)).Key("confidence").Raw(JsonOutput.Number(m.Horizon.Confidence)).End();
        }

        if (plan.Front is { } front)
        {
            json.Key("front").BeginArray();
            foreach (var step in front) json.BeginObject().Key("fetched").Value(step.Fetched).Key("meanOfRatios").Raw(JsonOutput.Number(step.Balance)).End();
            json.End();
        }

        json.Key("planners").BeginArray();
        foreach (var planner in plan.Planners) Write(json, plan, planner);
        return json.End().End().ToString();
    }

    private static void Write(JsonOutput json, PlanResult plan, PlannerResult p)
    {
        json.BeginObject().Key("planner").Value(p.Planner).Key("fetchedExperts").Value(p.FetchedExperts);
        if (plan.Migration is not null) json.Key("moveSeconds").Raw(JsonOutput.Number(p.MoveSeconds));
        Line(json, "maxOverMeanRank", p.MaxOverMeanRank);
        Line(json, "maxOverMeanRankPlanned", p.MaxOverMeanRankPlanned);
        Line(json, "distinctRanksPerToken", p.DistinctRanks);
        Line(json, "remoteRanksPerToken", p.RemoteRanks);
        json.Key("wireBytes").Line(p.WireBytes).Key("crossNodeBytes").Line(p.CrossNodeBytes).Key("rankLoad").BeginArray();
        foreach (var layer in p.RankLoad) json.Line(layer);
        json.End().Key("schedules").BeginArray();
        foreach (var s in p.Schedules)
        {
            json.BeginObject().Key("scheduler").Value(s.Scheduler).Key("evaluator").Value(s.Evaluator).Key("fabric").Value(s.FabricName).Key("totalPs").Value(s.TotalPs).Key("gap").Value(s.Gap);
            json.Key("makespanPs").Line(s.MakespanPs).Key("boundPs").Line(s.BoundPs).Key("steps").Line(s.StepCount).Key("bottleneck").BeginArray();
            foreach (var b in s.Bottleneck) json.Value(b);
            json.End().End();
        }

        json.End().End();
    }

    private static void Line(JsonOutput json, string key, double[] values) =>
        json.Key(key).Raw("[" + string.Join(", ", values.Select(JsonOutput.Number)) + "]");
}
