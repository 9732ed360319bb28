using System.Globalization;
using Crossweave.Core.Models;
using Crossweave.Core.Units;

namespace Crossweave.Core.Compute;

/// <summary>What a roofline must know besides the device; other profiles ignore it.</summary>
/// <param name="Model">Shape of the experts.</param>
/// <param name="ExpertsPerRank">Slots per rank.</param>
/// <param name="WeightBits">Bits per weight.</param>
public sealed record ComputeContext(ModelDescription Model, int ExpertsPerRank, int WeightBits = 16);

/// <summary>A form of compute profile on the command line: <c>name</c> or <c>name:arguments</c>.</summary>
/// <param name="Syntax">For help texts; the part before the colon is the name.</param>
/// <param name="Summary">One line.</param>
/// <param name="Example">Shown in errors.</param>
/// <param name="LeastArguments">Comma-separated arguments at least.</param>
/// <param name="MostArguments">And at most.</param>
/// <param name="Make">Makes the profile from its checked arguments.</param>
public sealed record ComputeProfileForm(
    string Syntax, string Summary, string Example, int LeastArguments, int MostArguments, Func<ComputeProfileText, ComputeProfile> Make)
{
    public string Name => Syntax.Split(':')[0];
}

/// <summary>What was written: the whole text, its arguments, the flag it came from, and what a roofline needs.</summary>
public sealed record ComputeProfileText(string Text, string[] Arguments, string Where, ComputeContext? Context)
{
    internal long TimePs(int index) => UnitParser.Time(Arguments[index], Where).Picoseconds;
}

/// <summary>Every form of compute profile; a new one is one profile class and one line here.</summary>
public static class ComputeProfiles
{
    /// <summary>Share of the vendor's FLOP rate when none is given: what grouped bf16 GEMMs commonly reach (an assumption).</summary>
    public const double DefaultEfficiency = 0.6;

    public static readonly IReadOnlyList<ComputeProfileForm> All =
    [
        new(PhotonicTable.ProfileName, "measured table of arXiv 2605.26845, log-log interpolation", PhotonicTable.ProfileName, 0, 0,
            _ => PhotonicTable.Profile),
        new("photonic-analytic", "the same as a formula, floor:270us,1.05us", "photonic-analytic", 0, 0,
            t => new FloorProfile(t.Text, 270_000_000, 1_050_000)),
        new("floor:FLOOR,PER_TOKEN", "max(floor, slope x tokens)", "floor:270us,1.05us", 2, 2,
            t => new FloorProfile(t.Text, t.TimePs(0), t.TimePs(1))),
        new("additive:START,PER_TOKEN", "start + slope x tokens", "additive:50us,1us", 2, 2,
            t => new AdditiveProfile(t.Text, t.TimePs(0), t.TimePs(1))),
        new("linear:PER_TOKEN", "slope x tokens", "linear:1.05us", 1, 1,
            t => new AdditiveProfile(t.Text, 0, t.TimePs(0))),
        new("table:FILE.csv", "measured points from a file with the header tokens,time", "table:profile.csv", 1, 1,
            t => ProfileTableFile.Read(t.Arguments[0], t.Text)),
        new("roofline:DEVICE[,EFFICIENCY[,FLOP_PER_ROW,EXPERT_BYTES,EXPERTS]]", "reading weights or arithmetic, whichever is longer; the last three come from the model when left out", "roofline:h100,0.6", 1, 5, Roofline),
    ];

    /// <param name="text">For example "photonic-rtx-pro-6000", "floor:270us,1.05us" or "roofline:h100,0.6".</param>
    /// <param name="where">Flag or key, named in errors.</param>
    /// <param name="context">Needed by roofline only.</param>
    /// <exception cref="InputException">Unknown form, wrong arguments, or a roofline without a model.</exception>
    public static ComputeProfile Parse(string text, string where, ComputeContext? context = null)
    {
        var trimmed = text.Trim();
        var colon = trimmed.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? trimmed : trimmed[..colon];
        var form = All.FirstOrDefault(f => f.Name == name) ??
            throw InputException.At(where, $"'{text}'", $"one of {string.Join(", ", All.Select(f => f.Syntax))}");
        var arguments = colon < 0 ? [] : trimmed[(colon + 1)..].Split(name == "table" ? '\0' : ',', StringSplitOptions.TrimEntries);
        if (arguments.Length < form.LeastArguments || arguments.Length > form.MostArguments || arguments.Any(a => a.Length == 0))
            throw InputException.At(where, $"'{text}'", $"the form {form.Syntax}, for example {form.Example}");
        return form.Make(new ComputeProfileText(trimmed, arguments, where, context));
    }

    private static RooflineProfile Roofline(ComputeProfileText t)
    {
        var (text, arguments, where, context) = t;
        var device = Device.All.FirstOrDefault(d => d.Name == arguments[0]) ??
            throw InputException.At(where, $"device '{arguments[0]}'", $"one of {string.Join(", ", Device.All.Select(d => d.Name))}");
        var efficiency = DefaultEfficiency;
        if (arguments.Length is 3 or 4) throw InputException.At(where, $"'{text}'", "all of FLOP_PER_ROW, EXPERT_BYTES and EXPERTS, for example roofline:h100,0.6,17301504,17301504B,8");
        if (arguments.Length >= 2 &&
            !(double.TryParse(arguments[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out efficiency) && efficiency is > 0 and <= 1))
            throw InputException.At(where, $"efficiency '{arguments[1]}'", "a number above 0 and at most 1, for example roofline:h100,0.6");
        if (arguments.Length == 5)
        {
            return long.TryParse(arguments[2], NumberStyles.None, CultureInfo.InvariantCulture, out var flop) && flop > 0 && int.TryParse(arguments[4], NumberStyles.None, CultureInfo.InvariantCulture, out var experts) && experts > 0
                ? new RooflineProfile(device, flop, UnitParser.Bytes(arguments[3], where), experts, efficiency)
                : throw InputException.At(where, $"'{arguments[2]}' and '{arguments[4]}'", "operations per row and experts as positive whole numbers");
        }

        if (context is null) throw InputException.At(where, $"'{text}' without a model", "a model, or a profile that needs none (floor, additive, linear, table)");
        var expertBytes = new Bytes(((context.Model.ExpertParameters * context.WeightBits) + 7) / 8);
        return new RooflineProfile(device, context.Model.FlopPerRow, expertBytes, context.ExpertsPerRank, efficiency);
    }
}
