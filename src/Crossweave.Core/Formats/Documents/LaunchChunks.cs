using Crossweave.Core.Layers;

namespace Crossweave.Core.Formats.Documents;

/// <summary>
/// Which rows a launch computes, recovered from a timeline that only counts them. At every rank the launches are filled in order, each with
/// the rows that are there when it starts and are returned soonest (ties: earlier arrival, lower source; local rows last). Rows may go into a
/// contiguous run of launches (after their arrival, before their return), and for such intervals earliest-deadline-first finds an
/// assignment whenever there is one.
/// </summary>
internal static class LaunchChunks
{
    public static List<TimedLaunch> Of(LayerProblem problem, IReadOnlyList<Activity> activities)
    {
        var launches = new List<TimedLaunch>();
        var arrivalsOfPair = activities.Where(a => a.Kind == ActivityKind.Dispatch).ToLookup(a => (a.Rank, a.Peer));
        var returnsOfPair = activities.Where(a => a.Kind == ActivityKind.Combine).ToLookup(a => (a.Rank, a.Peer));
        var launchesOfRank = activities.Where(a => a.Kind == ActivityKind.Launch).ToLookup(a => a.Rank);
        for (var rank = 0; rank < problem.Traffic.RankCount; rank++)
        {
            var pieces = Pieces(problem, arrivalsOfPair, returnsOfPair, rank);
            var waiting = new PriorityQueue<Piece, (long, long, int, int)>();
            var next = 0;
            foreach (var launch in launchesOfRank[rank].OrderBy(a => a.StartPs).ThenBy(a => a.EndPs))
            {
                for (; next < pieces.Count && pieces[next].ArrivalPs <= launch.StartPs; next++) waiting.Enqueue(pieces[next], Key(pieces[next], next));
                var tokensOf = new SortedDictionary<int, long>();
                for (var room = launch.Tokens; room > 0 && waiting.TryDequeue(out var piece, out var key);)
                {
                    var taken = Math.Min(room, piece.Tokens);
                    tokensOf[piece.Source] = tokensOf.GetValueOrDefault(piece.Source) + taken;
                    room -= taken;
                    if (taken < piece.Tokens) waiting.Enqueue(piece with { Tokens = piece.Tokens - taken }, key);
                }

                launches.Add(new TimedLaunch(rank, launch.StartPs, launch.EndPs, launch.Tokens, [.. tokensOf.Select(t => new LaunchChunk(t.Key, t.Value))]));
            }
        }

        return launches;

        (long, long, int, int) Key(Piece p, int index) => (p.ReturnPs, p.ArrivalPs, p.Source, index);
    }

    // Rows of one pair with one arrival and one return, by arrival: the k-th row that arrives is the k-th that is returned.
    private static List<Piece> Pieces(LayerProblem problem, ILookup<(int, int), Activity> arrivalsOfPair, ILookup<(int, int), Activity> returnsOfPair, int rank)
    {
        var pieces = new List<Piece>();
        for (var source = 0; source < problem.Traffic.RankCount; source++)
        {
            if (source == rank)
            {
                var local = problem.Traffic.Dispatch[0].Work[rank, rank];
                if (local > 0) pieces.Add(new Piece(rank, local, 0, long.MaxValue));
                continue;
            }

            var rows = problem.Traffic.Dispatch[0].Work[source, rank];
            var arrivals = Rows(arrivalsOfPair[(source, rank)].Select(a => (a.EndPs, a.Tokens)), rows);
            var returns = Rows(returnsOfPair[(rank, source)].Select(a => (a.StartPs, a.Tokens)), rows);
            var (at, returned) = (0, 0L);
            foreach (var (arrivalPs, arrived) in arrivals)
            {
                for (var left = arrived; left > 0;)
                {
                    var room = at < returns.Length ? returns[at].Rows - returned : left;
                    var tokens = Math.Min(left, room);
                    pieces.Add(new Piece(source, tokens, arrivalPs, at < returns.Length ? returns[at].Ps : long.MaxValue));
                    left -= tokens;
                    returned += tokens;
                    if (at < returns.Length && returned == returns[at].Rows) (at, returned) = (at + 1, 0);
                }
            }
        }

        pieces.Sort((a, b) => a.ArrivalPs != b.ArrivalPs ? a.ArrivalPs.CompareTo(b.ArrivalPs) : a.Source.CompareTo(b.Source));
        return pieces;
    }

    // What the transfers of a pair stand for, in order of time: a share of the tokens is the same share of the rows, whole rows as soon as they are complete.
    private static (long Ps, long Rows)[] Rows(IEnumerable<(long Ps, long Tokens)> transfers, long rows)
    {
        var inOrder = transfers.OrderBy(t => t.Ps).ToArray();
        var all = inOrder.Sum(t => t.Tokens);
        var (moved, counted) = (0L, 0L);
        var shares = new List<(long, long)>();
        foreach (var (ps, tokens) in inOrder)
        {
            moved += tokens;
            var until = (long)((Int128)rows * moved / all);
            if (until > counted) shares.Add((ps, until - counted));
            counted = until;
        }

        return [.. shares];
    }

    private readonly record struct Piece(int Source, long Tokens, long ArrivalPs, long ReturnPs);
}
