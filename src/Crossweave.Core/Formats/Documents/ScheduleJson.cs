using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;

namespace Crossweave.Core.Formats.Documents;

/// <summary>The JSON form of a <see cref="ScheduleDocument"/>; keys as in docs/formats.md. What has its usual value is left out: one switch, full reconfiguration, times of transfers that follow from their step.</summary>
internal static class ScheduleJson
{
    private const string Rows = "rows";

    private static readonly string[] LayerKeys = ["mode", "compute", "combineTokenBytes", "rows", "returns", "idealPs", "makespanOverIdeal", "launches", "combineSteps"];

    public static string Write(ScheduleDocument document)
    {
        var json = new JsonOutput().BeginObject();
        json.Key("scheduler").Value(document.Scheduler);
        if (document.Layer is { } layer) json.Key("mode").Value(layer.Mode).Key("compute").Value(layer.Compute);
        json.Key("ranks").Value(document.RankCount);
        if (document.Chosen is not null) json.Key("chosen").Value(document.Chosen);
        if (document.Reason is not null) json.Key("reason").Value(document.Reason);
        json.Key("fabric").BeginObject().Key("kind").Value(document.FabricKind);
        Rates(json, "bandwidth", document.BandwidthOfRank);
        json.Key("reconfigurationPs");
        if (document.ReconfigurationPs is { } delay) json.Value(delay);
        else json.Null();
        if (document.PlaneCount != 1) json.Key("switches").Value(document.PlaneCount);
        if (document.ReconfiguresPartially) json.Key("reconfiguration").Value(Cluster.PartialReconfiguration);
        if (document.NodeCount > 0) json.Key("nodes").Value(document.NodeCount);
        if (document.ScaleUpOfRank is not null) Rates(json, "scaleUpBandwidth", document.ScaleUpOfRank);
        if (document.RateOfLink is not null) Rates(json, "links", document.RateOfLink);
        json.End().Key("tokenBytes").Value(document.TokenBytes);
        if (document.Layer?.CombineTokenBytes is { } back) json.Key("combineTokenBytes").Value(back);
        if (document.Layer?.RowCount is { } rows) json.Key("rows").Value(rows);
        if (document.Layer is { ReturnsRows: true }) json.Key("returns").Value(Rows);
        json.Key("makespanPs").Value(document.MakespanPs).Key("communicationPs").Value(document.CommunicationPs);
        if (document.Layer is not null) json.Key("idealPs").Value(document.Layer.IdealPs).Key("makespanOverIdeal").Value(document.Layer.MakespanOverIdeal);
        json.Key("lowerBounds").BeginObject();
        foreach (var (name, ps) in document.LowerBounds) json.Key(name).Value(ps);
        json.End();
        if (document.RingPrices is not null) json.Key("ringPrices").Line([.. document.RingPrices]);
        json.Key("gap").Value(document.Gap);
        WriteSteps(json, "steps", document.Steps, document.PlaneCount);
        if (document.Layer is not null)
        {
            WriteLaunches(json, document.Layer.Launches);
            WriteSteps(json, "combineSteps", document.Layer.CombineSteps, document.PlaneCount);
        }

        return json.End().ToString();
    }

    private static void Rates(JsonOutput json, string key, IReadOnlyList<long> rates)
    {
        json.Key(key);
        if (rates.Distinct().Take(2).Count() == 1) json.Value(rates[0]);
        else json.Line([.. rates]);
    }

    private static void WriteSteps(JsonOutput json, string key, IReadOnlyList<TimedStep> steps, int planeCount)
    {
        json.Key(key).BeginArray();
        foreach (var step in steps)
        {
            json.BeginObject();
            if (planeCount != 1) json.Key("plane").Value(step.Plane);
            json.Key("startPs").Value(step.StartPs).Key("endPs").Value(step.EndPs);
            if (step.Nic is { } nic) json.Key("nicStartPs").Value(nic.StartPs).Key("nicEndPs").Value(nic.EndPs);
            if (step.Split is not null) json.Key("partsPerToken").Value(step.Split.PartsPerToken);
            json.Key("transfers").BeginArray();
            for (var i = 0; i < step.Transfers.Count; i++)
            {
                var t = step.Transfers[i];
                var times = step.Times is { } all ? $", \"startPs\": {all[i].StartPs}, \"endPs\": {all[i].EndPs}" : "";
                var way = t.Via >= 0 ? $", \"via\": {t.Via}" : step.Split is { } split ? $", \"clockwise\": {split.Clockwise[i]}" : "";
                json.Raw($"{{\"source\": {t.Source}, \"target\": {t.Target}, \"tokens\": {t.Tokens}{way}{times}}}");
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
        root.AllowOnly(["scheduler", "chosen", "reason", "ranks", "fabric", "tokenBytes", "makespanPs", "communicationPs", "lowerBounds", "ringPrices", "gap", "steps", .. LayerKeys]);
        var fabric = root["fabric"];
        fabric.AllowOnly("kind", "bandwidth", "reconfigurationPs", "switches", "reconfiguration", "nodes", "scaleUpBandwidth", "links");
        var ranks = root["ranks"].Int32(1, 1 << 20);
        var kind = fabric["kind"].Text();
        var delay = fabric["reconfigurationPs"];
        var document = new ScheduleDocument
        {
            Scheduler = root["scheduler"].Text(),
            RankCount = ranks,
            Chosen = root.Find("chosen")?.Text(),
            Reason = root.Find("reason")?.Text(),
            FabricKind = kind,
            BandwidthOfRank = ReadRates(fabric["bandwidth"], ranks, "ranks"),
            ReconfigurationPs = delay.IsNull ? null : delay.Int64(),
            PlaneCount = fabric.Find("switches")?.Int32(1, FabricKinds.MaxPlanes) ?? 1,
            ReconfiguresPartially = fabric.Find("reconfiguration") is { } text && ReadReconfiguration(text),
            NodeCount = fabric.Find("nodes")?.Int32(1, ranks) ?? 0,
            ScaleUpOfRank = fabric.Find("scaleUpBandwidth") is { } scaleUp ? ReadRates(scaleUp, ranks, "ranks") : null,
            RateOfLink = fabric.Find("links") is { } links ? ReadRates(links, kind == Ring.KindName ? 2 * ranks : ranks, "links") : null,
            TokenBytes = root["tokenBytes"].Int64(1, 1L << 40),
            MakespanPs = root["makespanPs"].Int64(),
            CommunicationPs = root["communicationPs"].Int64(),
            LowerBounds = [.. root["lowerBounds"].Members().Select(m => (m.Key, m.Value.Int64()))],
            RingPrices = root.Find("ringPrices")?.Int64List(),
            Gap = root["gap"].Double(),
            Steps = [.. root["steps"].Items().Select(ReadStep)],
        };
        return LayerKeys.All(key => root.Find(key) is null) ? document : document with { Layer = ReadLayer(root) };
    }

    // One number for all, or a list.
    private static long[] ReadRates(JsonInput rates, int count, string of)
    {
        long[] values = rates.IsArray ? rates.Int64List() : [.. Enumerable.Repeat(rates.Int64(1), count)];
        return values.Length == count && !values.Contains(0) ? values : throw rates.Wrong($"a positive number of bit/s for each of the {count} {of}");
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
        [.. root["combineSteps"].Items().Select(ReadStep)])
    {
        CombineTokenBytes = root.Find("combineTokenBytes")?.Int64(1, 1L << 40),
        RowCount = root.Find("rows")?.Int64(),
        ReturnsRows = root.Find("returns") is { } returns && (returns.Text() == Rows ? true : throw returns.Wrong($"\"{Rows}\"")),
    };

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
        step.AllowOnly("plane", "startPs", "endPs", "nicStartPs", "nicEndPs", "partsPerToken", "transfers");
        var transfers = new List<Transfer>();
        var times = new List<StepTime>();
        var clockwise = new List<long>();
        var parts = step.Find("partsPerToken")?.Int64(1);
        foreach (var t in step["transfers"].Items())
        {
            t.AllowOnly("source", "target", "tokens", "via", "clockwise", "startPs", "endPs");
            transfers.Add(new Transfer(t["source"].Int32(), t["target"].Int32(), t["tokens"].Int64(), t.Find("via")?.Int32() ?? -1));
            if (parts is not null) clockwise.Add(t["clockwise"].Int64());
            else if (t.Find("clockwise") is { } share) throw share.Wrong("\"partsPerToken\" in its step");
            if (t.Find("startPs") is { } start) times.Add(new StepTime(start.Int64(), t["endPs"].Int64()));
            else if (t.Find("endPs") is { } end) throw end.Wrong("a \"startPs\" beside it");
            if (times.Count > 0 && times.Count != transfers.Count) throw t.Wrong("\"startPs\" and \"endPs\" on every transfer of the step, or on none");
        }

        return new TimedStep(
            step["startPs"].Int64(), step["endPs"].Int64(), [.. transfers], step.Find("plane")?.Int32() ?? 0, times.Count > 0 ? [.. times] : null,
            step.Find("nicStartPs") is { } nic ? new StepTime(nic.Int64(), step["nicEndPs"].Int64()) : null,
            parts is { } perToken ? new RingSplit(perToken, [.. clockwise]) : null);
    }
}
