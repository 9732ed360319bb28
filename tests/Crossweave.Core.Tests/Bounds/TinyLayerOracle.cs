namespace Crossweave.Core.Tests.Bounds;

/// <summary>What a layer may do while it runs; each allows more than the one before it.</summary>
public enum LayerFreedom
{
    /// <summary>Dispatch, then one launch per rank, then combine.</summary>
    Sequential,

    /// <summary>One launch per rank as soon as its rows are there; all combine after all dispatch.</summary>
    OneLaunchPerRank,

    /// <summary>Any launches; all combine after all dispatch, from dark switches.</summary>
    Overlapped,

    /// <summary>Any launches; dispatch and combine share the circuits.</summary>
    Interleaved,
}

/// <summary>
/// Shortest run of a layer of three ranks and a few rows, by a breadth-first search over whole token times: each token takes one, circuits
/// change port by port, each after the delay (ahead of the data only where the phases share them); launches of any rows that are there.
/// </summary>
internal sealed class TinyLayerOracle
{
    private const int Ranks = 3;
    private const int Bits = 4;

    private readonly (int Source, int Target)[] _rows;
    private readonly int _delay;
    private readonly Func<int, int> _launch;
    private readonly LayerFreedom _freedom;

    private TinyLayerOracle((int Source, int Target)[] rows, int delay, Func<int, int> launch, LayerFreedom freedom) =>
        (_rows, _delay, _launch, _freedom) = (rows, delay, launch, freedom);

    /// <param name="rows">Home and computing rank of every row; equal for local ones.</param>
    /// <param name="delay">Of a new circuit, in token times.</param>
    /// <param name="launch">Token times of a launch of so many rows.</param>
    /// <param name="freedom">The mode.</param>
    public static int Shortest((int Source, int Target)[] rows, int delay, Func<int, int> launch, LayerFreedom freedom) =>
        new TinyLayerOracle(rows, delay, launch, freedom).Search();

    // Rows: 0 at home, 1 at its rank, 2 in a launch, 3 computed, 4 back. Left: of the launch of each rank. Circuit: of each sender, its target
    // and the rest of the delay; none = 0.
    private sealed record State(int[] Row, int[] Left, int[] Circuit)
    {
        public UInt128 Key()
        {
            UInt128 key = 1;
            foreach (var list in new[] { Row, Left, Circuit })
                foreach (var v in list)
                    key = (key << Bits) | (uint)v;
            return key;
        }

        public State Copy() => new([.. Row], [.. Left], [.. Circuit]);
    }

    private int Search()
    {
        var start = new State([.. _rows.Select(r => r.Source == r.Target ? 1 : 0)], new int[Ranks], new int[Ranks]);
        var level = new List<State> { start };
        var seen = new HashSet<UInt128> { start.Key() };
        for (var time = 0; ; time++)
        {
            if (level.Any(s => s.Row.All(stage => stage == 4))) return time;
            var after = new List<State>();
            foreach (var state in level)
                foreach (var launched in Launches(state, 0))
                    foreach (var circuits in Circuits(launched, 0))
                        foreach (var sent in Sends(circuits, circuits, 0))
                            if (Tick(sent, wasDispatching: !AllDispatched(state)) is var now && seen.Add(now.Key()))
                                after.Add(now);

            level = after;
        }
    }

    private bool AllDispatched(State s) => s.Row.All(stage => stage > 0);

    // Every choice of launches of the ranks from the given one on.
    private IEnumerable<State> Launches(State state, int rank)
    {
        if (rank == Ranks) return [state];
        var ready = Enumerable.Range(0, _rows.Length).Where(i => _rows[i].Target == rank && state.Row[i] == 1).ToArray();
        var results = Launches(state, rank + 1);
        if (state.Left[rank] > 0 || ready.Length == 0) return results;
        if (_freedom <= LayerFreedom.OneLaunchPerRank && ready.Length < _rows.Count(r => r.Target == rank)) return results;
        if (_freedom == LayerFreedom.Sequential && !AllDispatched(state)) return results;
        for (var set = _freedom <= LayerFreedom.OneLaunchPerRank ? (1 << ready.Length) - 1 : 1; set < 1 << ready.Length; set++)
        {
            var begun = state.Copy();
            for (var i = 0; i < ready.Length; i++)
                if ((set >> i & 1) != 0)
                    begun.Row[ready[i]] = 2;
            begun.Left[rank] = _launch(int.PopCount(set));
            results = results.Concat(Launches(begun, rank + 1));
        }

        return results;
    }

    // Every choice of circuits that something will still use, sender by sender.
    private IEnumerable<State> Circuits(State state, int sender)
    {
        if (sender == Ranks) return [state];
        var results = Enumerable.Empty<State>();
        for (var target = -1; target < Ranks; target++)
        {
            if (target == sender || (target >= 0 && !IsUseful(state, sender, target))) continue;
            if (target >= 0 && Enumerable.Range(0, sender).Any(other => state.Circuit[other] != 0 && (state.Circuit[other] - 1) / (_delay + 1) == target)) continue;
            var changed = state.Copy();
            var isUp = state.Circuit[sender] != 0 && (state.Circuit[sender] - 1) / (_delay + 1) == target;
            if (!isUp) changed.Circuit[sender] = target < 0 ? 0 : 1 + (target * (_delay + 1)) + _delay;
            results = results.Concat(Circuits(changed, sender + 1));
        }

        return results;
    }

    private bool IsUseful(State state, int sender, int target)
    {
        for (var i = 0; i < _rows.Length; i++)
        {
            if (_rows[i] == (sender, target) && state.Row[i] == 0) return true;
            if (_rows[i] == (target, sender) && MayReturn(state) && (state.Row[i] == 3 || (_freedom == LayerFreedom.Interleaved && state.Row[i] is 1 or 2)))
                return true;
        }

        return false;
    }

    private bool MayReturn(State state) =>
        _freedom == LayerFreedom.Interleaved || (AllDispatched(state) && (_freedom != LayerFreedom.Sequential || state.Row.All(stage => stage >= 3)));

    // Every circuit that is up carries a row of its pair, there or back; "before" is the state at the beginning of the token time.
    private IEnumerable<State> Sends(State before, State state, int sender)
    {
        if (sender == Ranks) return [state];
        if (before.Circuit[sender] == 0 || (before.Circuit[sender] - 1) % (_delay + 1) > 0) return Sends(before, state, sender + 1);
        var target = (before.Circuit[sender] - 1) / (_delay + 1);
        var there = Enumerable.Range(0, _rows.Length).FirstOrDefault(i => _rows[i] == (sender, target) && before.Row[i] == 0, -1);
        var back = MayReturn(before) ? Enumerable.Range(0, _rows.Length).FirstOrDefault(i => _rows[i] == (target, sender) && before.Row[i] == 3, -1) : -1;
        var results = Enumerable.Empty<State>();
        if (there < 0 && back < 0) return Sends(before, state, sender + 1);
        foreach (var (row, stage) in new[] { (there, 1), (back, 4) })
        {
            if (row < 0) continue;
            var sent = state.Copy();
            sent.Row[row] = stage;
            results = results.Concat(Sends(before, sent, sender + 1));
        }

        return results;
    }

    // One token time passes. A combine of its own begins with dark switches.
    private State Tick(State before, bool wasDispatching)
    {
        var s = before.Copy();
        for (var rank = 0; rank < Ranks; rank++)
        {
            if (s.Circuit[rank] != 0 && (s.Circuit[rank] - 1) % (_delay + 1) > 0) s.Circuit[rank]--;
            if (s.Left[rank] == 0 || --s.Left[rank] > 0) continue;
            for (var i = 0; i < _rows.Length; i++)
                if (_rows[i].Target == rank && s.Row[i] == 2)
                    s.Row[i] = _rows[i].Source == rank ? 4 : 3;
        }

        if (_freedom != LayerFreedom.Interleaved && wasDispatching && AllDispatched(s)) Array.Clear(s.Circuit);
        return s;
    }
}
