namespace Crossweave.Reporting.Tables;

/// <summary>One column: numbers stand on the right, names on the left.</summary>
/// <param name="Header">Short heading.</param>
/// <param name="IsText">Left-aligned.</param>
/// <param name="Hint">What the column means; a tooltip in HTML, left out elsewhere.</param>
public sealed record Column(string Header, bool IsText = false, string? Hint = null);

/// <summary>One cell.</summary>
/// <param name="Text">As shown to people.</param>
/// <param name="Raw">As written to CSV (full precision, base unit); the text when null.</param>
/// <param name="IsBest">Shown in bold.</param>
/// <param name="Bar">Share 0..1 of a bar behind the number in HTML; none when NaN.</param>
public readonly record struct Cell(string Text, string? Raw = null, bool IsBest = false, double Bar = double.NaN)
{
    public static implicit operator Cell(string text) => new(text);

    public static Cell FromString(string text) => new(text);
}

/// <summary>Rows of cells with the same columns. Written by <see cref="MarkdownTable"/>, <see cref="CsvTable"/>, <see cref="ConsoleTables"/> and reports.</summary>
public sealed class Table(string title, IReadOnlyList<Column> columns)
{
    private readonly List<Cell[]> _rows = [];
    private readonly HashSet<int> _marked = [];

    public string Title { get; } = title;

    public IReadOnlyList<Column> Columns { get; } = columns;

    public IReadOnlyList<Cell[]> Rows => _rows;

    /// <summary>Adds a row; short rows are filled with empty cells.</summary>
    /// <exception cref="ArgumentException">More cells than columns.</exception>
    public void Add(params ReadOnlySpan<Cell> cells)
    {
        if (cells.Length > Columns.Count) throw new ArgumentException($"{cells.Length} cells for {Columns.Count} columns");
        var row = new Cell[Columns.Count];
        Array.Fill(row, new Cell(string.Empty));
        cells.CopyTo(row);
        _rows.Add(row);
    }

    /// <summary>Marks the row added last (the chosen method).</summary>
    public void MarkLast() => _marked.Add(_rows.Count - 1);

    public bool IsMarked(int row) => _marked.Contains(row);

    /// <summary>The same rows with the named columns only, in the order of this table.</summary>
    public Table Keep(params string[] headers)
    {
        var kept = Enumerable.Range(0, Columns.Count).Where(c => headers.Contains(Columns[c].Header)).ToArray();
        var narrow = new Table(Title, [.. kept.Select(c => Columns[c])]);
        for (var i = 0; i < _rows.Count; i++)
        {
            narrow.Add([.. kept.Select(c => _rows[i][c])]);
            if (IsMarked(i)) narrow.MarkLast();
        }

        return narrow;
    }

    /// <summary>The same columns with the first <paramref name="count"/> rows.</summary>
    public Table Head(int count)
    {
        var head = new Table(Title, Columns);
        for (var i = 0; i < Math.Min(count, _rows.Count); i++)
        {
            head.Add(_rows[i]);
            if (IsMarked(i)) head.MarkLast();
        }

        return head;
    }
}
