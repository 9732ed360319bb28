using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Crossweave.Cli;

/// <summary>The help of a verb, followed by command lines to start from.</summary>
internal sealed class HelpExamples(HelpAction help) : SynchronousCommandLineAction
{
    /// <summary>Verb and example; a test parses every one.</summary>
    public static readonly IReadOnlyList<(string Verb, string Line)> All =
    [
        ("plan", "crossweave plan samples/routing.ids.npy --model deepseek-v2-lite --ranks 8 --nodes 2 --bandwidth 400Gbps --out plan"),
        ("plan", "crossweave plan intent.ids.npy summary.ids.npy --model deepseek-v2-lite --ranks 16 --nodes 2 --redundant 16 --delta 10ns --json plan.json"),
        ("compare", "crossweave compare samples/routing.ids.npy --model deepseek-v2-lite --cluster cluster.json --out compare"),
        ("demo", "crossweave demo"),
        ("inspect", "crossweave inspect samples/routing.ids.npy --ranks 8,16 --report inspect.html"),
        ("inspect", "crossweave inspect router_trace_rank0.jsonl --experts 256 --ranks 8 --placement eplb --json -"),
        ("synth", "crossweave synth samples/routing.synth.json --seed 7 --out routing"),
        ("synth", "crossweave synth --fit summary.ids.npy --model deepseek-v2-lite --recipe-out recipe.json"),
        ("import", "crossweave import --list"),
        ("import", "crossweave import expert_distribution_recorder.pt --out loads.json"),
        ("import", "crossweave import counts.csv --dataset intent --out loads.json"),
        ("place", "crossweave place --loads loads.json --planner eplb --slots 288 --ranks 32 --nodes 4 --groups 8 --out placement.json"),
        ("plan", "crossweave plan week2.ids.npy --model deepseek-v2-lite --ranks 16 --nodes 2 --previous plan/placement.json --horizon 5000 --out moved"),
        ("place", "crossweave place --trace week2.ids.npy --experts 64 --ranks 16 --planner incremental --previous placement.json --max-moves 100 --out moved.json"),
        ("replay", "crossweave replay intent.ids.npy summary.ids.npy translation.ids.npy --model deepseek-v2-lite --ranks 8 --slots 72 --iterations 100 --move-stop 20ms --html replay.html"),
        ("place", "crossweave place --pairs pairs.npy --planner locality --ranks 4 --json -"),
        ("deploy", "crossweave deploy --matrix a.csv,b.csv --send-rates 100Gbps,80Gbps,50Gbps,40Gbps --compute-times 300ns,380ns,600ns,750ns"),
        ("deploy", "crossweave deploy --trace intent.ids.npy,summary.ids.npy --experts 64 --ranks 8 --bandwidth 400Gbps --compute linear:330ns --method all"),
        ("deploy", "crossweave deploy --instance ../shared/data/deployment-golden.json --name d8 --timeline t2 --method optimal --json -"),
        ("deploy", "crossweave deploy --trace intent.ids.npy --experts 64 --ranks 8 --bandwidth 400Gbps --compute linear:330ns --previous running.json --expert-bytes 17MiB --horizon 100000"),
        ("deploy", "crossweave deploy --instance instance.json --timeline t2 --method optimal --lp instance.lp"),
        ("export", "crossweave export placement.json --format sglang --out map.json"),
        ("export", "crossweave export --trace samples/routing.ids.npy --layer 3 --format hmetis --out layer.hgr"),
        ("schedule", "crossweave schedule --matrix matrix.csv --scheduler greedy-max-weight --bandwidth 400Gbps --delta 10ns --token-bytes 12288 --json -"),
        ("schedule", "crossweave schedule --matrix matrix.csv --scheduler greedy-max-weight --switches 2 --delta 1us --reconfiguration partial --svg schedule.svg"),
        ("schedule", "crossweave schedule --matrix matrix.csv --scheduler auto --preset quality --delta 1us"),
        ("schedule", "crossweave schedule --matrix tomorrow.csv --previous schedule.json --delta 10ns"),
        ("schedule", "crossweave schedule --matrix matrix.csv --scheduler fast --nodes 4 --bandwidth 400Gbps --scale-up-bandwidth 3600Gbps --json schedule.json"),
        ("schedule", "crossweave schedule --matrix matrix.csv --scheduler fluid --port-costs 8,10,16,20"),
        ("schedule", "crossweave schedule --matrix matrix.csv --port-costs 8,10,16,20 --send-orders --json -"),
        ("schedule", "crossweave schedule --matrix matrix.csv --delta 10ns --compute photonic-rtx-pro-6000 --combine --mode overlap-async --json layer.json --html layer.html"),
        ("schedule", "crossweave schedule --matrix matrix.csv --delta 10ns --compute photonic-rtx-pro-6000 --combine --mode auto --preset quality --json layer.json"),
        ("verify", "crossweave verify placement.json"),
        ("verify", "crossweave verify layer.json --matrix matrix.csv"),
        ("models", "crossweave models deepseek-v3 config.json --dispatch-format fp8"),
        ("bench", "crossweave bench routing --json -"),
        ("experiment", "crossweave experiment experiments/real-routing --check"),
    ];

    public override bool ClearsParseErrors => true;

    public static void AddTo(RootCommand root)
    {
        foreach (var option in root.Options)
            if (option is HelpOption { Action: HelpAction help })
                option.Action = new HelpExamples(help);
    }

    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var lines = All.Where(e => e.Verb == parseResult.CommandResult.Command.Name).Select(e => e.Line).ToList();
        if (lines.Count == 0) return code;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(lines.Count == 1 ? "Example:" : "Examples:");
        foreach (var line in lines) output.WriteLine($"  {line}");
        output.WriteLine();
        return code;
    }
}
