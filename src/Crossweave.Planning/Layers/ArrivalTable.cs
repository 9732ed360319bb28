using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Layers;

/// <summary>A part of a pair's rows that one dispatch transfer brings.</summary>
/// <param name="Exchange">Dispatch exchange.</param>
/// <param name="Source">Where the rows come from and return to.</param>
/// <param name="Target">Where they are computed.</param>
/// <param name="Step">Over all dispatch exchanges.</param>
/// <param name="ReturnCopies">Copies of the mirrored combine exchange that may be returned once these and all earlier rows are computed.</param>
internal readonly record struct Chunk(int Exchange, int Source, int Target, int Step, long ReturnCopies);

/// <summary>
/// What every dispatch step brings to every rank, when, and how long the rank's send port needs to return it. The dispatch exchanges run
/// one after another (or at the given times). Rows count as arrived when their step is over; with partial reconfiguration, when their
/// transfer is. O(transfers + steps x ranks).
/// </summary>
internal sealed class ArrivalTable
{
    public ArrivalTable(LayerProblem problem, IReadOnlyList<Schedule> dispatch, IReadOnlyList<long>? endOfStepPs = null)
    {
        var traffic = problem.Traffic;
        var n = RankCount = traffic.RankCount;
        StepCount = dispatch.Sum(s => s.Steps.Count);
        (Rows, ArrivalPs, ReturnPs, StepEndPs, StepStartPs) = (new long[StepCount * n], new long[StepCount * n], new long[StepCount * n], new long[StepCount], new long[StepCount]);
        Chunks = new Chunk[dispatch.Sum(s => s.Steps.Sum(step => step.Transfers.Length))];
        LocalRows = new long[n];
        for (var j = 0; j < n; j++) LocalRows[j] = traffic.Dispatch.Sum(e => e.Work[j, j]);
        var delay = problem.Fabric.ReconfigurationDelay?.Picoseconds ?? 0;
        var carried = new long[n * n];
        var (m, chunk) = (0, 0);
        for (var x = 0; x < dispatch.Count; x++)
        {
            Array.Clear(carried);
            var (exchange, back) = (traffic.Dispatch[x], traffic.Combine[dispatch.Count - 1 - x].Copies);
            var clock = new StepClock(problem.Fabric, traffic.DispatchCopyBytes, EndPs);
            foreach (var step in dispatch[x].Steps)
            {
                var time = endOfStepPs is null ? clock.Play(step) : new StepTime(0, endOfStepPs[m]);
                (StepStartPs[m], StepEndPs[m]) = (time.StartPs, time.EndPs);
                EndPs = Math.Max(EndPs, time.EndPs);
                for (var i = 0; i < step.Transfers.Length; i++)
                {
                    var t = step.Transfers[i];
                    var (copies, work, all) = (exchange.Copies[t.Source, t.Target], exchange.Work[t.Source, t.Target], back[t.Target, t.Source]);
                    ref var done = ref carried[(t.Source * n) + t.Target];
                    var before = Returns.Rows(work, done, copies);
                    var returnedBefore = done == 0 ? 0 : Returns.Released(before, work, all);
                    done += t.Tokens;
                    var after = Returns.Rows(work, done, copies);
                    var returned = Returns.Released(after, work, all);
                    Chunks[chunk++] = new Chunk(x, t.Source, t.Target, m, returned);
                    var cell = (m * n) + t.Target;
                    if (after > before)
                    {
                        Rows[cell] += after - before;
                        ArrivalPs[cell] = Math.Max(ArrivalPs[cell], clock.ChangesPortsAlone && endOfStepPs is null ? clock.Transfers[i].EndPs : time.EndPs);
                    }

                    if (returned > returnedBefore)
                        ReturnPs[cell] += delay + problem.Fabric.PairRate(t.Target, t.Source).TransferPs((returned - returnedBefore) * traffic.CombineCopyBytes.Value);
                }

                m++;
            }
        }
    }

    public int RankCount { get; }

    public int StepCount { get; }

    /// <summary>[step, rank] -> rows that arrive.</summary>
    public long[] Rows { get; }

    /// <summary>[step, rank] -> when they are there; 0 when none.</summary>
    public long[] ArrivalPs { get; }

    /// <summary>[step, rank] -> time in which the rank's send port returns them alone, a delay per pair included.</summary>
    public long[] ReturnPs { get; }

    public long[] StepStartPs { get; }

    public long[] StepEndPs { get; }

    public long[] LocalRows { get; }

    /// <summary>In order of the steps.</summary>
    public Chunk[] Chunks { get; }

    /// <summary>End of the dispatch.</summary>
    public long EndPs { get; private set; }
}
