using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;

namespace Crossweave.Core.Formats.Documents;

/// <summary>The JSON form of a <see cref="ScheduleDocument"/>; keys as in docs/formats.md. What has its usual value is left out: one switch, full reconfiguration, times of transfers that follow from their step.</summary>
internal static class ScheduleJson
{
    private static readonly string[] LayerKeys = ["mode", "compute", "idealPs", "makespanOverIdeal", "launches", "combineSteps"];

    public static string Write(ScheduleDocument document)
    {
        var json = new JsonOutput().BeginObject();
        json.Key("scheduler").Value(document.Scheduler);
        if (document.Layer is { } layer) json.Key("mode").Value(layer.Mode).Key("compute").Value(layer.Compute);
        json.Key("ranks").Value(document.RankCount);
        if (document.Chosen is not null) json.Key("chosen").Value(document.Chosen);
        if (document.Reason is not null) json.Key("reason").Value(document.Reason);
        json.Key("fabric").BeginObject().Key("kind").Value(document.FabricKind).Key("bandwidth");
        if (document.BandwidthOfRank.Distinct().Take(2).Count() == 1) json.Value(document.BandwidthOfRank[0]);
        else json.Line([.. document.BandwidthOfRank]);
        json.Key("reconfigurationPs");
        if (document.ReconfigurationPs is { } delay) json.Value(delay);
        else json.Null();
        if (document.PlaneCount != 1) json.Key("switches").Value(document.PlaneCount);
        if (document.ReconfiguresPartially) json.Key("reconfiguration").Value(Cluster.PartialReconfiguration);
        json.End().Key("tokenBytes").Value(document.TokenBytes);
        json.Key("makespanPs").Value(document.MakespanPs).Key("communicationPs").Value(document.CommunicationPs);
        if (document.Layer is not null) json.Key("idealPs").Value(document.Layer.IdealPs).Key("makespanOverIdeal").Value(document.Layer.MakespanOverIdeal);
        json.Key("lowerBounds").BeginObject();
        foreach (var (name, ps) in document.LowerBounds) json.Key(name).Value(ps);
        json.End().Key("gap").Value(document.Gap);
        WriteSteps(json, "steps", document.Steps, document.PlaneCount);
        if (document.Layer is not null)
        {
            WriteLaunches(json, document.Layer.Launches);
            WriteSteps(json, "combineSteps", document.Layer.CombineSteps, document.PlaneCount);
        }

        return json.End().ToString();
    }

    private static void WriteSteps(JsonOutput json, string key, IReadOnlyList<TimedStep> steps, int planeCount)
    {
        json.Key(key).BeginArray();
        foreach (var step in steps)
        {
            json.BeginObject();
            if (planeCount != 1) json.Key("plane").Value(step.Plane);
            json.Key("startPs").Value(step.StartPs).Key("endPs").Value(step.EndPs).Key("transfers").BeginArray();
            for (var i = 0; i < step.Transfers.Count; i++)
            {
                var t = step.Transfers[i];
                var times = step.Times is { } all ? $", \"startPs\": {all[i].StartPs}, \"endPs\": {all[i].EndPs}" : "";
                json.Raw($"{{\"source\": {t.Source}, \"target\": {t.Target}, \"tokens\": {t.Tokens}{times}}}");
            }

            json.End().End();
        }

        json.End();
    }

    private static void WriteLaunches(JsonOutput json, IReadOnlyList<TimedLaunch> launches)
    {
        json.Key("launches").BeginArray();
        foreach (var launch in launches)
        {
            json.BeginObject().Key("rank").Value(launch.Rank).Key("startPs").Value(launch.StartPs).Key("endPs").Value(launch.EndPs).Key("tokens").Value(launch.Tokens);
            json.Key("chunks").BeginArray();
            foreach (var chunk in launch.Chunks) json.Raw($"{{\"source\": {chunk.Source}, \"tokens\": {chunk.Tokens}}}");
            json.End().End();
        }

        json.End();
    }

    public static ScheduleDocument Read(JsonInput root)
    {
        root.AllowOnly(["scheduler", "chosen", "reason", "ranks", "fabric", "tokenBytes", "makespanPs", "communicationPs", "lowerBounds", "gap", "steps", .. LayerKeys]);
        var fabric = root["fabric"];
        fabric.AllowOnly("kind", "bandwidth", "reconfigurationPs", "switches", "reconfiguration");
        var ranks = root["ranks"].Int32(1, 1 << 20);
        var bandwidth = fabric["bandwidth"];
        var perRank = bandwidth.IsArray ? bandwidth.Int64List() : [.. Enumerable.Repeat(bandwidth.Int64(1), ranks)];
        if (perRank.Length != ranks || perRank.Contains(0)) throw bandwidth.Wrong($"a positive number of bit/s for each of the {ranks} ranks");
        var delay = fabric["reconfigurationPs"];
        var document = new ScheduleDocument
        {
            Scheduler = root["scheduler"].Text(),
            Chosen = root.Find("chosen")?.Text(),
            Reason = root.Find("reason")?.Text(),
            RankCount = ranks,
            FabricKind = fabric["kind"].Text(),
            BandwidthOfRank = perRank,
            ReconfigurationPs = delay.IsNull ? null : delay.Int64(),
            PlaneCount = fabric.Find("switches")?.Int32(1, FabricKinds.MaxPlanes) ?? 1,
            ReconfiguresPartially = fabric.Find("reconfiguration") is { } text && ReadReconfiguration(text),
            TokenBytes = root["tokenBytes"].Int64(1, 1L << 40),
            MakespanPs = root["makespanPs"].Int64(),
            CommunicationPs = root["communicationPs"].Int64(),
            LowerBounds = [.. root["lowerBounds"].Members().Select(m => (m.Key, m.Value.Int64()))],
            Gap = root["gap"].Double(),
            Steps = [.. root["steps"].Items().Select(ReadStep)],
        };
        return LayerKeys.All(key => root.Find(key) is null) ? document : document with { Layer = ReadLayer(root) };
    }

    private static bool ReadReconfiguration(JsonInput text) => text.Text() switch
    {
        Cluster.FullReconfiguration => false,
        Cluster.PartialReconfiguration => true,
        _ => throw text.Wrong($"\"{Cluster.FullReconfiguration}\" or \"{Cluster.PartialReconfiguration}\""),
    };

    private static LayerPart ReadLayer(JsonInput root) => new(
        root["mode"].Text(),
        root["compute"].Text(),
        root["idealPs"].Int64(),
        root["makespanOverIdeal"].Double(),
        [.. root["launches"].Items().Select(ReadLaunch)],
        [.. root["combineSteps"].Items().Select(ReadStep)]);

    private static TimedLaunch ReadLaunch(JsonInput launch)
    {
        launch.AllowOnly("rank", "startPs", "endPs", "tokens", "chunks");
        var chunks = launch["chunks"].Items().Select(c =>
        {
            c.AllowOnly("source", "tokens");
            return new LaunchChunk(c["source"].Int32(), c["tokens"].Int64());
        });
        return new TimedLaunch(launch["rank"].Int32(), launch["startPs"].Int64(), launch["endPs"].Int64(), launch["tokens"].Int64(), [.. chunks]);
    }

    private static TimedStep ReadStep(JsonInput step)
    {
        step.AllowOnly("plane", "startPs", "endPs", "transfers");
        var transfers = new List<Transfer>();
        var times = new List<StepTime>();
        foreach (var t in step["transfers"].Items())
        {
            t.AllowOnly("source", "target", "tokens", "startPs", "endPs");
            transfers.Add(new Transfer(t["source"].Int32(), t["target"].Int32(), t["tokens"].Int64()));
            if (t.Find("startPs") is { } start) times.Add(new StepTime(start.Int64(), t["endPs"].Int64()));
            else if (t.Find("endPs") is { } end) throw end.Wrong("a \"startPs\" beside it");
            if (times.Count > 0 && times.Count != transfers.Count) throw t.Wrong("\"startPs\" and \"endPs\" on every transfer of the step, or on none");
        }

        return new TimedStep(
            step["startPs"].Int64(), step["endPs"].Int64(), [.. transfers], step.Find("plane")?.Int32() ?? 0, times.Count > 0 ? [.. times] : null);
    }
}
