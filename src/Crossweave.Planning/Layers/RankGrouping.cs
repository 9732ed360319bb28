using Crossweave.Core.Compute;
using Crossweave.Core.Layers;

namespace Crossweave.Planning.Layers;

/// <summary>
/// The best launches of each rank on its own (mode c), for given arrivals: see <see cref="GroupingSearch"/>. Cells are the steps that bring
/// the rank rows; of more than the effort allows, places of nearly equal rows are kept.
/// </summary>
internal sealed class RankGrouping(int limit)
{
    private readonly GroupingSearch _search = new();
    private readonly List<Group> _groups = [];
    private int[] _lastStep = []; // of each cell
    private long[] _rowsBefore = []; // of each cell, and the total

    /// <param name="table">Arrivals.</param>
    /// <param name="rank">Whose launches.</param>
    /// <param name="profile">Its compute profile.</param>
    /// <param name="gatePs">Nothing returns earlier.</param>
    /// <returns>Launches over dispatch steps; each ends at a step that brings rows.</returns>
    public PlannedLaunch[] Launches(ArrivalTable table, int rank, ComputeProfile profile, long gatePs)
    {
        Cells(table, rank);
        var q = _search.CellCount;
        var local = table.LocalRows[rank];
        for (var x = 0; x < q; x++)
            for (var y = x; y < q; y++)
            {
                var rows = _rowsBefore[y + 1] - _rowsBefore[x];
                _search.Plain[(x * q) + y] = profile.LaunchPs(rows);
                if (local > 0) _search.Joined[(x * q) + y] = profile.LaunchPs(rows + local);
            }

        _search.Solve(local > 0, profile.LaunchPs(local), gatePs, _groups);
        var launches = new PlannedLaunch[_groups.Count];
        var next = 0;
        for (var g = 0; g < launches.Length; g++)
        {
            if (_groups[g].Last < _groups[g].First)
            {
                launches[g] = PlannedLaunch.LocalRowsAlone;
                continue;
            }

            launches[g] = new PlannedLaunch(next, _lastStep[_groups[g].Last], _groups[g].TakesLocalRows);
            next = launches[g].LastStep + 1;
        }

        return launches;
    }

    private void Cells(ArrivalTable table, int rank)
    {
        var n = table.RankCount;
        var (count, total) = (0, 0L);
        for (var m = 0; m < table.StepCount; m++)
        {
            if (table.Rows[(m * n) + rank] == 0) continue;
            count++;
            total += table.Rows[(m * n) + rank];
        }

        var cells = Math.Min(count, limit);
        _search.Resize(cells);
        if (_lastStep.Length < cells) (_lastStep, _rowsBefore) = (new int[cells], new long[cells + 1]);
        if (_rowsBefore.Length == 0) _rowsBefore = new long[1];
        var (cell, seen, rows) = (0, 0, 0L);
        _rowsBefore[0] = 0;
        if (cells > 0) (_search.Return[0], _search.Arrival[0]) = (0, 0);
        for (var m = 0; m < table.StepCount; m++)
        {
            var at = (m * n) + rank;
            if (table.Rows[at] == 0) continue;
            rows += table.Rows[at];
            seen++;
            _search.Return[cell] += table.ReturnPs[at];
            _search.Arrival[cell] = Math.Max(_search.Arrival[cell], table.ArrivalPs[at]);
            _lastStep[cell] = m;
            _rowsBefore[cell + 1] = rows;
            var left = cells - cell - 1;
            if (left == 0 || (count - seen > left && (Int128)rows * cells < (Int128)total * (cell + 1))) continue;
            cell++;
            (_search.Return[cell], _search.Arrival[cell]) = (0, _search.Arrival[cell - 1]);
        }

        if (cells > 0 && cell + 1 < cells) _search.Resize(cell + 1);
    }
}
