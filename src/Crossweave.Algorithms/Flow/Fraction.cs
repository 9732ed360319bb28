using System.Numerics;

namespace Crossweave.Algorithms.Flow;

/// <summary>An exact non-negative rational in lowest terms.</summary>
public readonly struct Fraction : IComparable<Fraction>, IEquatable<Fraction>
{
    public static readonly Fraction Zero = new(0, 1);

    private readonly BigInteger _denominator;

    /// <param name="numerator">At least 0.</param>
    /// <param name="denominator">At least 1.</param>
    public Fraction(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.Sign <= 0 || numerator.Sign < 0) throw new ArgumentException("a fraction needs a positive denominator and no sign");
        var common = BigInteger.GreatestCommonDivisor(numerator, denominator);
        (Numerator, _denominator) = (numerator / common, denominator / common);
    }

    public BigInteger Numerator { get; }

    public BigInteger Denominator => _denominator.IsZero ? BigInteger.One : _denominator;

    /// <summary>Smallest whole number that is not below.</summary>
    public long Ceiling => (long)((Numerator + Denominator - 1) / Denominator);

    public static Fraction operator +(Fraction a, Fraction b) => new((a.Numerator * b.Denominator) + (b.Numerator * a.Denominator), a.Denominator * b.Denominator);

    public static Fraction operator -(Fraction a, Fraction b) => new((a.Numerator * b.Denominator) - (b.Numerator * a.Denominator), a.Denominator * b.Denominator);

    public static Fraction operator *(Fraction a, Fraction b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static Fraction operator /(Fraction a, Fraction b) => new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    public static bool operator <(Fraction a, Fraction b) => a.CompareTo(b) < 0;

    public static bool operator >(Fraction a, Fraction b) => a.CompareTo(b) > 0;

    public static bool operator <=(Fraction a, Fraction b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Fraction a, Fraction b) => a.CompareTo(b) >= 0;

    public static bool operator ==(Fraction a, Fraction b) => a.Equals(b);

    public static bool operator !=(Fraction a, Fraction b) => !a.Equals(b);

    public int CompareTo(Fraction other) => (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    public bool Equals(Fraction other) => Numerator == other.Numerator && Denominator == other.Denominator;

    public override bool Equals(object? obj) => obj is Fraction other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Numerator, Denominator);

    public double ToDouble() => (double)Numerator / (double)Denominator;

    /// <summary>"p/q" in lowest terms, whole numbers as "p/1".</summary>
    public override string ToString() => $"{Numerator}/{Denominator}";
}
