namespace Crossweave.Algorithms.FlowShop;

/// <summary>Order of jobs that pass two machines one after the other.</summary>
public static class JohnsonRule
{
    /// <summary>
    /// The order of least makespan on two machines (Johnson 1954): first the jobs with first &lt;= second by ascending first, then the
    /// others by descending second. Ties: lower index. Three machines (a, b, c): the rule on (a + b, b + c) is optimal if
    /// min a >= max b or min c >= max b and a good start otherwise (scheduling spec 3.15). O(k log k).
    /// </summary>
    public static int[] Order(ReadOnlySpan<long> first, ReadOnlySpan<long> second)
    {
        if (first.Length != second.Length) throw new ArgumentException("one time per job and machine");
        var (early, late) = (new List<(long Key, int Job)>(first.Length), new List<(long Key, int Job)>());
        for (var i = 0; i < first.Length; i++)
        {
            if (first[i] <= second[i]) early.Add((first[i], i));
            else late.Add((-second[i], i));
        }

        early.Sort();
        late.Sort();
        return [.. early.Concat(late).Select(x => x.Job)];
    }
}
