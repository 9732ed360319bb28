using Crossweave.Algorithms.Assignment;

namespace Crossweave.Algorithms.Tests.Assignment;

public sealed class AssignmentScanTests
{
    [Fact]
    public void Vector_scans_equal_the_plain_ones()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var prng = new Prng(77).Split(seed);
            var length = 16 * (1 + prng.NextInt(5));
            var cost = new int[length];
            var price = new int[length];
            foreach (ref var c in cost.AsSpan()) c = prng.NextInt(50);
            foreach (ref var p in price.AsSpan()) p = -prng.NextInt(20);
            var two = AssignmentScan.TwoSmallest<int>(cost, price);
            Assert.Equal(AssignmentScan.TwoSmallestScalar<int>(cost, price), two);
            var from = prng.NextInt(length);
            var expected = Array.FindIndex(cost, from, c => false);
            for (var j = length - 1; j >= from; j--)
                if (cost[j] - price[j] == two.First)
                    expected = j;
            Assert.Equal(expected, AssignmentScan.IndexOf<int>(cost, price, two.First, from));

            var gate = new int[length];
            foreach (ref var g in gate.AsSpan()) g = prng.NextInt(3) == 0 ? int.MaxValue : int.MinValue;
            var (d1, d2, p1, p2) = (new int[length], new int[length], new int[length], new int[length]);
            foreach (ref var d in d1.AsSpan()) d = prng.NextInt(40);
            d1.CopyTo(d2, 0);
            Assert.Equal(
                AssignmentScan.RelaxScalar(cost, price, d1, gate, p1, -5, 9),
                AssignmentScan.Relax(cost, price, d2, gate, p2, -5, 9));
            Assert.Equal(d1, d2);
            Assert.Equal(p1, p2);
        }
    }
}
