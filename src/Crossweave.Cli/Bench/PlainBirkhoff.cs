using Crossweave.Algorithms.Decomposition;

namespace Crossweave.Cli.Bench;

/// <summary>Textbook Birkhoff: Kuhn's recursive matching from scratch in every phase. The plain reference of the bench.</summary>
internal static class PlainBirkhoff
{
    /// <summary>Stuffs the off-diagonal matrix and counts the phases until it is used up.</summary>
    public static int CountPhases(long[] cells, int n)
    {
        var left = (long[])cells.Clone();
        for (var i = 0; i < n; i++) left[(i * n) + i] = 0;
        var rest = LineSums.StuffNorthWest(left, n);
        var phases = 0;
        while (rest > 0)
        {
            var rowOfColumn = new int[n];
            Array.Fill(rowOfColumn, -1);
            for (var i = 0; i < n; i++) Try(i, left, n, rowOfColumn, new bool[n]);
            var weight = long.MaxValue;
            for (var j = 0; j < n; j++) weight = Math.Min(weight, left[(rowOfColumn[j] * n) + j]);
            for (var j = 0; j < n; j++) left[(rowOfColumn[j] * n) + j] -= weight;
            rest -= weight;
            phases++;
        }

        return phases;
    }

    private static bool Try(int row, long[] left, int n, int[] rowOfColumn, bool[] seen)
    {
        for (var j = 0; j < n; j++)
        {
            if (left[(row * n) + j] == 0 || seen[j]) continue;
            seen[j] = true;
            if (rowOfColumn[j] >= 0 && !Try(rowOfColumn[j], left, n, rowOfColumn, seen)) continue;
            rowOfColumn[j] = row;
            return true;
        }

        return false;
    }
}
