namespace Crossweave.Core.Units;

/// <summary>Simulated time in whole picoseconds (64 bit: about 106 days).</summary>
public readonly record struct SimTime(long Picoseconds) : IComparable<SimTime>
{
    public static readonly SimTime Zero;

    public double Seconds => Picoseconds * 1e-12;

    public int CompareTo(SimTime other) => Picoseconds.CompareTo(other.Picoseconds);

    /// <summary>Human text, for example "12.3 us".</summary>
    public override string ToString() => UnitText.Scaled(Picoseconds, 1000, ["ps", "ns", "us", "ms", "s"]);

    public static SimTime operator +(SimTime a, SimTime b) => new(a.Picoseconds + b.Picoseconds);

    public static SimTime operator -(SimTime a, SimTime b) => new(a.Picoseconds - b.Picoseconds);

    public static bool operator <(SimTime a, SimTime b) => a.Picoseconds < b.Picoseconds;

    public static bool operator >(SimTime a, SimTime b) => a.Picoseconds > b.Picoseconds;

    public static bool operator <=(SimTime a, SimTime b) => a.Picoseconds <= b.Picoseconds;

    public static bool operator >=(SimTime a, SimTime b) => a.Picoseconds >= b.Picoseconds;
}
