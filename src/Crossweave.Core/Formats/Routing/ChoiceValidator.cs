using System.Runtime.Intrinsics;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// Checks every choice of an array once: ids inside the experts, no expert twice for one token and layer. Chunks are scanned in
/// parallel; the fault that is reported is always the first by position. O(choices), a few choices per nanosecond and core.
/// </summary>
internal static class ChoiceValidator
{
    /// <summary>Ids must fit a ushort.</summary>
    public const int MaxExperts = ushort.MaxValue + 1;

    private const int ChunkElements = 1 << 18;

    /// <summary>The expert count: as given, or the largest id + 1 rounded up to a multiple of 4.</summary>
    /// <exception cref="InputException">The first fault by position.</exception>
    public static int Check(ChoiceArray ids, int? expertCount, string file, int maxThreads = -1)
    {
        CheckExpertCount(expertCount, file);
        if (ids.TopK > MaxExperts) throw InputException.At(file, $"{ids.TopK} choices per token", $"at most {MaxExperts}");
        var rows = (long)ids.TokenCount * ids.LayerCount;
        var rowsPerChunk = Math.Max(1, ChunkElements / ids.TopK);
        var chunks = (int)((rows + rowsPerChunk - 1) / rowsPerChunk);
        var limit = expertCount ?? MaxExperts;
        var largest = new int[chunks];
        var firstBad = int.MaxValue;
        if (chunks == 1) Scan(0, new Scanner(ids.TopK));
        else
        {
            Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = maxThreads }, () => new Scanner(ids.TopK), (c, _, scanner) =>
            {
                Scan(c, scanner);
                return scanner;
            }, _ => { });
        }

        if (firstBad < int.MaxValue)
        {
            var first = (long)firstBad * rowsPerChunk;
            throw FirstFault(ids, first, Math.Min(rows, first + rowsPerChunk), expertCount, file);
        }

        return expertCount ?? InferredExperts(largest.Max(), ids.TopK);

        void Scan(int chunk, Scanner scanner)
        {
            if (chunk > Volatile.Read(ref firstBad)) return; // a fault before this one is known
            var first = (long)chunk * rowsPerChunk * ids.TopK;
            var count = (int)(Math.Min(rows * ids.TopK, first + ((long)rowsPerChunk * ids.TopK)) - first);
            if (scanner.IsClean(ids, first, count, limit, out largest[chunk])) return;
            int seen;
            while (chunk < (seen = Volatile.Read(ref firstBad)) && Interlocked.CompareExchange(ref firstBad, chunk, seen) != seen)
            {
            }
        }
    }

    public static void CheckExpertCount(int? expertCount, string file)
    {
        if (expertCount is { } given && given is < 1 or > MaxExperts) throw InputException.At(file, $"{expertCount} experts asked for", $"1 to {MaxExperts}");
    }

    /// <summary>The rule of <c>ImportOptions.ExpertCount</c>: largest id + 1, rounded up to a multiple of 4 (and at least top-k).</summary>
    public static int InferredExperts(int largestId, int topK) => Math.Min(MaxExperts, (Math.Max(largestId + 1, topK) + 3) / 4 * 4);

    /// <summary>Index of the first choice in <paramref name="row"/> that is out of range or repeats an earlier one; -1 when there is none.</summary>
    public static int FaultInRow(ReadOnlySpan<ushort> row, int expertCount)
    {
        for (var i = 0; i < row.Length; i++)
        {
            if (row[i] >= expertCount || row[..i].Contains(row[i])) return i;
        }

        return -1;
    }

    /// <summary>Message for a fault found by <see cref="FaultInRow"/>.</summary>
    public static InputException RowFault(ReadOnlySpan<ushort> row, int fault, int expertCount, string where) => row[fault] >= expertCount
        ? InputException.At(where, $"expert {row[fault]}", $"an expert in [0, {expertCount})")
        : InputException.At(where, $"expert {row[fault]} twice (choices {row.IndexOf(row[fault])} and {fault})", "distinct experts per token");

    private static InputException FirstFault(ChoiceArray ids, long firstRow, long endRow, int? expertCount, string file)
    {
        var limit = expertCount ?? MaxExperts;
        var k = ids.TopK;
        var seen = new Dictionary<long, int>();
        for (var row = firstRow; row < endRow; row++)
        {
            seen.Clear();
            for (var i = 0; i < k; i++)
            {
                var id = ids.At((row * k) + i);
                var where = $"{file}: token {row / ids.LayerCount}, layer index {row % ids.LayerCount}, choice {i}";
                if (id < 0 || id >= limit) return InputException.At(where, $"expert {id}", $"an expert in [0, {limit})");
                if (!seen.TryAdd(id, i)) return InputException.At(where, $"expert {id} again (also choice {seen[id]})", "distinct experts per token and layer");
            }
        }

        throw new InvalidOperationException("a chunk was found faulty but no fault is in it");
    }

    // Working memory of one thread.
    private sealed class Scanner(int topK)
    {
        private readonly ByteRowScanner? _byteRows = topK <= 16 ? new ByteRowScanner(topK) : null;
        private ushort[] _values = [];
        private byte[] _bytes = [];
        private int[] _lastRow = [];
        private int _row;

        public bool IsClean(ChoiceArray ids, long first, int count, int limit, out int largest)
        {
            if (ids.Type == Containers.ElementType.UInt8 && _byteRows is not null)
            {
                var clean = _byteRows.IsDistinct(ids.Raw(first, count), out var largestByte);
                largest = largestByte;
                return clean && largest < limit;
            }

            if (_values.Length < count) _values = new ushort[count];
            var values = _values.AsSpan(0, count);
            largest = 0;
            if (!ids.Read(first, values)) return false;
            largest = Largest(values);
            if (largest >= limit) return false;
            if (largest > byte.MaxValue || _byteRows is null) return IsDistinct(values, largest);
            if (_bytes.Length < count) _bytes = new byte[count];
            var bytes = _bytes.AsSpan(0, count);
            Narrow(values, bytes);
            return _byteRows.IsDistinct(bytes, out _);
        }

        // A row marks its experts with its own number; a mark that is already there is a repetition.
        private bool IsDistinct(ReadOnlySpan<ushort> values, int largest)
        {
            if (_lastRow.Length <= largest) Array.Resize(ref _lastRow, largest + 1);
            var last = _lastRow;
            for (var at = 0; at < values.Length; at += topK)
            {
                if (++_row == int.MaxValue)
                {
                    Array.Clear(last);
                    _row = 1;
                }

                foreach (var id in values.Slice(at, topK))
                {
                    if (last[id] == _row) return false;
                    last[id] = _row;
                }
            }

            return true;
        }

        private static int Largest(ReadOnlySpan<ushort> values)
        {
            var lanes = Vector256<ushort>.Zero;
            var i = 0;
            for (; i + 16 <= values.Length; i += 16) lanes = Vector256.Max(lanes, Vector256.Create(values.Slice(i, 16)));
            var largest = 0;
            for (var lane = 0; lane < 16; lane++) largest = Math.Max(largest, lanes[lane]);
            for (; i < values.Length; i++) largest = Math.Max(largest, values[i]);
            return largest;
        }

        private static void Narrow(ReadOnlySpan<ushort> source, Span<byte> target)
        {
            var i = 0;
            for (; i + 32 <= source.Length; i += 32)
                Vector256.Narrow(Vector256.Create(source.Slice(i, 16)), Vector256.Create(source.Slice(i + 16, 16))).CopyTo(target[i..]);
            for (; i < source.Length; i++) target[i] = (byte)source[i];
        }
    }
}

/// <summary>
/// Distinctness of rows of k bytes, k at most 16. As many whole rows as fit lie in one 16-byte vector; comparing it with itself
/// rotated inside every row by 1 ... k/2 places meets every pair of a row.
/// </summary>
internal sealed class ByteRowScanner
{
    private readonly int _k;
    private readonly int _step;
    private readonly Vector128<byte>[] _rotations;
    private readonly Vector128<byte> _inRows;

    public ByteRowScanner(int topK)
    {
        _k = topK;
        _step = 16 / topK * topK;
        _rotations = new Vector128<byte>[topK / 2];
        Span<byte> lanes = stackalloc byte[16];
        for (var r = 0; r < _rotations.Length; r++)
        {
            for (var lane = 0; lane < 16; lane++) lanes[lane] = (byte)(lane < _step ? (lane / topK * topK) + ((lane + r + 1 - (lane / topK * topK)) % topK) : lane);
            _rotations[r] = Vector128.Create((ReadOnlySpan<byte>)lanes);
        }

        for (var lane = 0; lane < 16; lane++) lanes[lane] = lane < _step ? byte.MaxValue : (byte)0;
        _inRows = Vector128.Create((ReadOnlySpan<byte>)lanes);
    }

    /// <param name="rows">Whole rows.</param>
    /// <param name="largest">Largest byte.</param>
    public bool IsDistinct(ReadOnlySpan<byte> rows, out int largest)
    {
        var equal = Vector128<byte>.Zero;
        var max = Vector128<byte>.Zero;
        var rotations = _rotations;
        var at = 0;
        for (; at + 16 <= rows.Length; at += _step)
        {
            var x = Vector128.Create(rows.Slice(at, 16));
            max = Vector128.Max(max, x);
            foreach (var rotation in rotations) equal |= Vector128.Equals(x, Vector128.Shuffle(x, rotation));
        }

        largest = 0;
        for (var lane = 0; lane < 16; lane++) largest = Math.Max(largest, max[lane]);
        var distinct = (equal & _inRows) == Vector128<byte>.Zero;
        for (; at < rows.Length; at += _k)
        {
            var row = rows.Slice(at, _k);
            for (var i = 0; i < _k; i++)
            {
                largest = Math.Max(largest, row[i]);
                distinct &= !row[..i].Contains(row[i]);
            }
        }

        return distinct;
    }
}
