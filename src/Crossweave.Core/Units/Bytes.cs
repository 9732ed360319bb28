namespace Crossweave.Core.Units;

/// <summary>A non-negative number of bytes.</summary>
public readonly record struct Bytes(long Value) : IComparable<Bytes>
{
    public int CompareTo(Bytes other) => Value.CompareTo(other.Value);

    /// <summary>Human text with a decimal unit, for example "1.23 MB".</summary>
    public override string ToString() => UnitText.Scaled(Value, 1000, ["B", "kB", "MB", "GB", "TB", "PB"]);

    public static Bytes operator *(Bytes bytes, long count) => new(checked(bytes.Value * count));
}
