using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Layers;

/// <summary>
/// Matchings cut in time into pieces on the same circuits: no reconfiguration lies between them, so arrivals come earlier at no cost
/// and launches may end inside a matching. Afterwards pieces that no launch tells apart are put together again.
/// </summary>
internal sealed class StepPieces
{
    private readonly IReadOnlyList<Schedule> _given;
    private readonly int _rankCount;
    private readonly List<int> _origin = []; // of each piece: step over all exchanges

    /// <param name="problem">The layer.</param>
    /// <param name="dispatch">Steps of all dispatch exchanges.</param>
    /// <param name="count">About this many pieces in all, each step at least one.</param>
    public StepPieces(LayerProblem problem, IReadOnlyList<Schedule> dispatch, int count)
    {
        (_given, _rankCount) = (dispatch, problem.Traffic.RankCount);
        var steps = dispatch.SelectMany(s => s.Steps).ToArray();
        var duration = Array.ConvertAll(steps, s => StepTimes.DurationPs(problem.Fabric, s, problem.Traffic.DispatchCopyBytes, turned: false));
        var total = Math.Max(1, duration.Sum());
        var (result, origin) = (new Schedule[dispatch.Count], 0);
        for (var x = 0; x < result.Length; x++)
        {
            var pieces = new List<Step>();
            foreach (var step in dispatch[x].Steps)
            {
                var before = pieces.Count;
                Cut(problem, step, (int)((duration[origin] * (long)count / total) + 1), pieces);
                for (var i = before; i < pieces.Count; i++) _origin.Add(origin);
                origin++;
            }

            result[x] = dispatch[x] with { Steps = pieces };
        }

        Dispatch = result;
    }

    /// <summary>The pieces in order.</summary>
    public IReadOnlyList<Schedule> Dispatch { get; }

    /// <summary>Steps and launches after joining the pieces between which no launch ends.</summary>
    public (IReadOnlyList<Schedule> Dispatch, LaunchPlan Launches) Join(IReadOnlyList<IReadOnlyList<PlannedLaunch>> launches)
    {
        var ends = new bool[_origin.Count]; // a joined step ends with this piece
        foreach (var launch in launches.SelectMany(l => l))
            if (launch.HasSteps)
                ends[launch.LastStep] = true;
        var stepOfPiece = new int[_origin.Count];
        var (piece, count) = (0, 0);
        var result = new Schedule[_given.Count];
        var tokens = new long[_rankCount];
        for (var x = 0; x < result.Length; x++)
        {
            var steps = new List<Step>();
            for (var i = 0; i < Dispatch[x].Steps.Count;)
            {
                var first = i;
                do
                {
                    stepOfPiece[piece] = count;
                    ends[piece] |= piece + 1 == _origin.Count || _origin[piece] != _origin[piece + 1];
                    i++;
                }
                while (!ends[piece++]);
                steps.Add(i == first + 1 ? Dispatch[x].Steps[first] : Joined(Dispatch[x].Steps, first, i, tokens));
                count++;
            }

            result[x] = Dispatch[x] with { Steps = steps };
        }

        var mapped = new IReadOnlyList<PlannedLaunch>[launches.Count];
        for (var j = 0; j < mapped.Length; j++)
        {
            var next = 0;
            var list = new PlannedLaunch[launches[j].Count];
            for (var l = 0; l < list.Length; l++)
            {
                list[l] = launches[j][l];
                if (!list[l].HasSteps) continue;
                list[l] = list[l] with { FirstStep = next, LastStep = stepOfPiece[list[l].LastStep] };
                next = list[l].LastStep + 1;
            }

            mapped[j] = list;
        }

        return (result, new LaunchPlan(mapped));
    }

    private static Step Joined(IReadOnlyList<Step> pieces, int first, int end, long[] tokens)
    {
        var transfers = new List<Transfer>(pieces[first].Transfers.Length);
        for (var i = first; i < end; i++)
        {
            foreach (var t in pieces[i].Transfers)
            {
                if (tokens[t.Source] == 0) transfers.Add(t);
                tokens[t.Source] += t.Tokens;
            }
        }

        var joined = transfers.ConvertAll(t => t with { Tokens = tokens[t.Source] });
        foreach (var t in joined) tokens[t.Source] = 0;
        return new Step([.. joined], null, pieces[first].Plane);
    }

    // Piece p ends when its longest transfer has sent p / count of its tokens; the others send for as long.
    private static void Cut(LayerProblem problem, Step step, int count, List<Step> pieces)
    {
        var fabric = problem.Fabric;
        if (count <= 1 || step.Transfers.Length == 0 || step.Held is not null || (!fabric.IsCircuitSwitched && !StepTimes.IsMatching(step, fabric.RankCount)))
        {
            pieces.Add(step);
            return;
        }

        var bytes = problem.Traffic.DispatchCopyBytes.Value;
        var longest = step.Transfers[0];
        foreach (var t in step.Transfers)
            if (Ps(t, t.Tokens) > Ps(longest, longest.Tokens))
                longest = t;
        count = (int)Math.Min(count, longest.Tokens);
        var sent = new long[step.Transfers.Length];
        var rate = fabric.PairRate(longest.Source, longest.Target).BitsPerSecond;
        for (var p = 1; p <= count; p++)
        {
            var part = new List<Transfer>(step.Transfers.Length);
            var until = (long)((Int128)longest.Tokens * p / count);
            for (var i = 0; i < sent.Length; i++)
            {
                var t = step.Transfers[i];
                var own = fabric.PairRate(t.Source, t.Target).BitsPerSecond;
                var upTo = p == count ? t.Tokens : Math.Min(t.Tokens, own == rate ? until : (long)((Int128)until * own / rate));
                if (upTo > sent[i]) part.Add(t with { Tokens = upTo - sent[i] });
                sent[i] = Math.Max(sent[i], upTo);
            }

            pieces.Add(new Step([.. part], null, step.Plane));
        }

        long Ps(Transfer t, long tokens) => fabric.PairRate(t.Source, t.Target).TransferPs(tokens * bytes);
    }
}
