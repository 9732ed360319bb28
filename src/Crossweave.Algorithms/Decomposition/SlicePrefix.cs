namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// A prefix of capped slices, then whole entries (scheduling spec 3.13): after every slice of <see cref="LoadAwareSlicing"/> what is left is
/// also finished by <see cref="MaxWeightPeeling"/>, and the best of all prefixes is kept, the empty one and the full one included.
/// </summary>
/// <remarks>Cost: the slicing plus one warm-started peeling per prefix. Ties: the shortest prefix.</remarks>
public sealed class SlicePrefix
{
    private readonly int _size;
    private readonly double _delay;
    private readonly LoadAwareSlicing _slicing;
    private readonly MaxWeightPeeling _peeling = new();
    private readonly SliceList _prefix;
    private readonly SliceList _whole;
    private readonly long[] _rest;
    private readonly int[] _columnOfRow;
    private readonly long[] _amounts;

    /// <inheritdoc cref="LoadAwareSlicing(int, double, ReadOnlySpan{long})"/>
    public SlicePrefix(int size, double delay, ReadOnlySpan<long> grain)
    {
        (_size, _delay) = (size, delay);
        _slicing = new LoadAwareSlicing(size, delay, grain);
        (_prefix, _whole) = (new SliceList(size), new SliceList(size));
        (_rest, _columnOfRow, _amounts) = (new long[size * size], new int[size], new long[size]);
    }

    /// <summary>Slices of the matrix.</summary>
    /// <param name="cells">n x n.</param>
    /// <param name="exponent">See <see cref="LoadAwareSlicing.Next"/>.</param>
    /// <param name="starts">See <see cref="LoadAwareSlicing.Next"/>.</param>
    public SliceList Build(ReadOnlySpan<long> cells, int exponent, int starts)
    {
        cells.CopyTo(_rest);
        _prefix.Clear();
        var best = new SliceList(_size);
        Finish();
        best.CopyFrom(_whole);
        var cost = best.Cost(_delay);
        while (_slicing.Next(_rest, exponent, starts, _columnOfRow, _amounts))
        {
            _prefix.Add(_columnOfRow, _amounts);
            if (_prefix.Cost(_delay) >= cost) break;
            Finish();
            if (_whole.Cost(_delay) >= cost) continue;
            best.CopyFrom(_whole);
            cost = best.Cost(_delay);
        }

        return best;
    }

    private void Finish()
    {
        _whole.CopyFrom(_prefix);
        _peeling.Start(_rest, _size, skipDiagonal: false);
        while (_peeling.Next(_columnOfRow, _amounts)) _whole.Add(_columnOfRow, _amounts);
    }
}
