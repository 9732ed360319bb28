using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crossweave.Algorithms.Assignment;

/// <summary>
/// Row scans of the assignment solver: 512-bit vectors, else 256-bit, else scalar. All three give the same numbers, and index
/// searches return the lowest index, so no result depends on the vector width. Lengths are padded to <see cref="Padding"/>.
/// </summary>
internal static class AssignmentScan
{
    /// <summary>Rows are padded to a multiple of this many entries (one 512-bit vector).</summary>
    public static int Padding<T>() where T : unmanaged => 64 / Unsafe.SizeOf<T>();

    /// <summary>Smallest and second smallest of cost - price (equal when the minimum occurs twice).</summary>
    public static (T First, T Second) TwoSmallest<T>(ReadOnlySpan<T> cost, ReadOnlySpan<T> price)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        ref var c = ref MemoryMarshal.GetReference(cost);
        ref var p = ref MemoryMarshal.GetReference(price);
        var length = (nuint)cost.Length;
        if (Vector512.IsHardwareAccelerated)
        {
            var first = Vector512.Create(T.MaxValue);
            var second = first;
            for (nuint j = 0; j < length; j += (nuint)Vector512<T>.Count)
            {
                var x = Vector512.LoadUnsafe(ref c, j) - Vector512.LoadUnsafe(ref p, j);
                second = Vector512.Min(second, Vector512.Max(first, x));
                first = Vector512.Min(first, x);
            }

            var minimum = Smallest(first);
            var at = Vector512.Equals(first, Vector512.Create(minimum));
            if (BitOperations.PopCount(at.ExtractMostSignificantBits()) > 1) return (minimum, minimum);
            return (minimum, Smallest(Vector512.ConditionalSelect(at, second, first)));
        }

        if (Vector256.IsHardwareAccelerated)
        {
            var first = Vector256.Create(T.MaxValue);
            var second = first;
            for (nuint j = 0; j < length; j += (nuint)Vector256<T>.Count)
            {
                var x = Vector256.LoadUnsafe(ref c, j) - Vector256.LoadUnsafe(ref p, j);
                second = Vector256.Min(second, Vector256.Max(first, x));
                first = Vector256.Min(first, x);
            }

            var minimum = Smallest(first);
            var at = Vector256.Equals(first, Vector256.Create(minimum));
            if (BitOperations.PopCount(at.ExtractMostSignificantBits()) > 1) return (minimum, minimum);
            return (minimum, Smallest(Vector256.ConditionalSelect(at, second, first)));
        }

        return TwoSmallestScalar(cost, price);
    }

    /// <summary>Plain version, kept as the reference of the tests.</summary>
    public static (T First, T Second) TwoSmallestScalar<T>(ReadOnlySpan<T> cost, ReadOnlySpan<T> price)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var first = T.MaxValue;
        var second = T.MaxValue;
        for (var j = 0; j < cost.Length; j++)
        {
            var x = cost[j] - price[j];
            if (x < first) (first, second) = (x, first);
            else if (x < second) second = x;
        }

        return (first, second);
    }

    /// <summary>Lowest index at or after <paramref name="from"/> with cost - price == value; -1 when there is none.</summary>
    public static int IndexOf<T>(ReadOnlySpan<T> cost, ReadOnlySpan<T> price, T value, int from)
        where T : unmanaged, IBinaryInteger<T>
    {
        ref var c = ref MemoryMarshal.GetReference(cost);
        ref var p = ref MemoryMarshal.GetReference(price);
        var j = from;
        if (Vector512.IsHardwareAccelerated)
        {
            var wanted = Vector512.Create(value);
            var lanes = Vector512<T>.Count;
            var skip = from % lanes;
            for (j = from - skip; j < cost.Length; j += lanes)
            {
                var equal = Vector512.Equals(Vector512.LoadUnsafe(ref c, (nuint)j) - Vector512.LoadUnsafe(ref p, (nuint)j), wanted);
                var bits = equal.ExtractMostSignificantBits() >> skip << skip;
                if (bits != 0) return j + BitOperations.TrailingZeroCount(bits);
                skip = 0;
            }

            return -1;
        }

        for (; j < cost.Length; j++)
            if (Unsafe.Add(ref c, j) - Unsafe.Add(ref p, j) == value)
                return j;
        return -1;
    }

    /// <summary>Starts a search: distance = cost - price, previous = row; returns the smallest distance whose gate is open.</summary>
    public static T Start<T>(
        ReadOnlySpan<T> cost, ReadOnlySpan<T> price, Span<T> distance, ReadOnlySpan<T> gate, Span<T> previous, T row)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        distance.Fill(T.MaxValue);
        return Relax(cost, price, distance, gate, previous, T.Zero, row);
    }

    /// <summary>
    /// Relaxes every column through one row: distance = min(distance, cost - price + shift), remembering the row. Closed columns
    /// (gate = MaxValue, open = MinValue) need no mask: their distance is final and never improves.
    /// </summary>
    /// <returns>The smallest distance over the open columns.</returns>
    public static T Relax<T>(
        ReadOnlySpan<T> cost, ReadOnlySpan<T> price, Span<T> distance, ReadOnlySpan<T> gate, Span<T> previous, T shift, T row)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        ref var c = ref MemoryMarshal.GetReference(cost);
        ref var p = ref MemoryMarshal.GetReference(price);
        ref var d = ref MemoryMarshal.GetReference(distance);
        ref var g = ref MemoryMarshal.GetReference(gate);
        ref var from = ref MemoryMarshal.GetReference(previous);
        var length = (nuint)cost.Length;
        if (Vector512.IsHardwareAccelerated)
        {
            var shifts = Vector512.Create(shift);
            var rows = Vector512.Create(row);
            var smallest = Vector512.Create(T.MaxValue);
            for (nuint j = 0; j < length; j += (nuint)Vector512<T>.Count)
            {
                var candidate = Vector512.LoadUnsafe(ref c, j) - Vector512.LoadUnsafe(ref p, j) + shifts;
                var old = Vector512.LoadUnsafe(ref d, j);
                var better = Vector512.LessThan(candidate, old);
                var now = Vector512.Min(candidate, old);
                now.StoreUnsafe(ref d, j);
                Vector512.ConditionalSelect(better, rows, Vector512.LoadUnsafe(ref from, j)).StoreUnsafe(ref from, j);
                smallest = Vector512.Min(smallest, Vector512.Max(now, Vector512.LoadUnsafe(ref g, j)));
            }

            return Smallest(smallest);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            var shifts = Vector256.Create(shift);
            var rows = Vector256.Create(row);
            var smallest = Vector256.Create(T.MaxValue);
            for (nuint j = 0; j < length; j += (nuint)Vector256<T>.Count)
            {
                var candidate = Vector256.LoadUnsafe(ref c, j) - Vector256.LoadUnsafe(ref p, j) + shifts;
                var old = Vector256.LoadUnsafe(ref d, j);
                var better = Vector256.LessThan(candidate, old);
                var now = Vector256.Min(candidate, old);
                now.StoreUnsafe(ref d, j);
                Vector256.ConditionalSelect(better, rows, Vector256.LoadUnsafe(ref from, j)).StoreUnsafe(ref from, j);
                smallest = Vector256.Min(smallest, Vector256.Max(now, Vector256.LoadUnsafe(ref g, j)));
            }

            return Smallest(smallest);
        }

        return RelaxScalar(cost, price, distance, gate, previous, shift, row);
    }

    /// <summary>Plain version, kept as the reference of the tests.</summary>
    public static T RelaxScalar<T>(
        ReadOnlySpan<T> cost, ReadOnlySpan<T> price, Span<T> distance, ReadOnlySpan<T> gate, Span<T> previous, T shift, T row)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var smallest = T.MaxValue;
        for (var j = 0; j < cost.Length; j++)
        {
            var candidate = cost[j] - price[j] + shift;
            if (candidate < distance[j])
            {
                distance[j] = candidate;
                previous[j] = row;
            }

            smallest = T.Min(smallest, T.Max(distance[j], gate[j]));
        }

        return smallest;
    }

    /// <summary>
    /// Among the open columns at exactly this distance: the lowest free one, else the lowest. <paramref name="free"/> tells whether
    /// it is free (rowOfColumn negative).
    /// </summary>
    public static int Pick<T>(ReadOnlySpan<T> distance, ReadOnlySpan<T> gate, T value, ReadOnlySpan<int> rowOfColumn, out bool free)
        where T : unmanaged, IBinaryInteger<T>
    {
        ref var d = ref MemoryMarshal.GetReference(distance);
        ref var g = ref MemoryMarshal.GetReference(gate);
        var lowest = -1;
        free = true;
        if (Vector512.IsHardwareAccelerated)
        {
            var wanted = Vector512.Create(value);
            for (var j = 0; j < distance.Length; j += Vector512<T>.Count)
            {
                var key = Vector512.Max(Vector512.LoadUnsafe(ref d, (nuint)j), Vector512.LoadUnsafe(ref g, (nuint)j));
                for (var bits = Vector512.Equals(key, wanted).ExtractMostSignificantBits(); bits != 0; bits &= bits - 1)
                {
                    var column = j + BitOperations.TrailingZeroCount(bits);
                    if (rowOfColumn[column] < 0) return column;
                    if (lowest < 0) lowest = column;
                }
            }
        }
        else
        {
            for (var j = 0; j < distance.Length; j++)
            {
                if (T.Max(Unsafe.Add(ref d, j), Unsafe.Add(ref g, j)) != value) continue;
                if (rowOfColumn[j] < 0) return j;
                if (lowest < 0) lowest = j;
            }
        }

        free = false;
        return lowest;
    }

    /// <summary>Sets bit j where cost[j] - price[j] == value (the tight edges of a row). One bit per column, 64 per word.</summary>
    public static void TightBits<T>(ReadOnlySpan<T> cost, ReadOnlySpan<T> price, T value, Span<ulong> bits)
        where T : unmanaged, IBinaryInteger<T>
    {
        ref var c = ref MemoryMarshal.GetReference(cost);
        ref var p = ref MemoryMarshal.GetReference(price);
        bits.Clear();
        if (Vector512.IsHardwareAccelerated)
        {
            var wanted = Vector512.Create(value);
            for (var j = 0; j < cost.Length; j += Vector512<T>.Count)
            {
                var x = Vector512.LoadUnsafe(ref c, (nuint)j) - Vector512.LoadUnsafe(ref p, (nuint)j);
                bits[j >> 6] |= Vector512.Equals(x, wanted).ExtractMostSignificantBits() << (j & 63);
            }

            return;
        }

        for (var j = 0; j < cost.Length; j++)
            if (Unsafe.Add(ref c, j) - Unsafe.Add(ref p, j) == value)
                bits[j >> 6] |= 1UL << (j & 63);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Smallest<T>(Vector512<T> v) where T : unmanaged, IBinaryInteger<T> =>
        Smallest(Vector256.Min(v.GetLower(), v.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Smallest<T>(Vector256<T> v) where T : unmanaged, IBinaryInteger<T>
    {
        var half = Vector128.Min(v.GetLower(), v.GetUpper());
        var smallest = T.Min(half.GetElement(0), half.GetElement(1));
        return Vector128<T>.Count == 2 ? smallest : T.Min(smallest, T.Min(half.GetElement(2), half.GetElement(3)));
    }
}
