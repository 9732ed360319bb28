using System.Text;

namespace Crossweave.Reporting.Svg;

/// <summary>The one style sheet of all charts: a page carries it once, a stand-alone file carries its own copy.</summary>
public static class ChartStyle
{
    /// <summary>Series and activity colours after Okabe and Ito's colour-blind-safe set, a little lighter on dark pages.</summary>
    private const string Rules = """
        .cw{display:block;max-width:100%;height:auto}
        .cw text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}
        .cw text.b{fill:var(--ink);font-weight:600}.cw text.e{text-anchor:end}.cw text.m{text-anchor:middle}.cw text.l{font-size:12.5px}.cw text.x{font-size:9px}
        .cw path{fill:none}.cw .grid{stroke:var(--grid)}.cw .axis{stroke:var(--axis)}.cw .node{stroke:var(--ink);stroke-opacity:.65}
        .cw .frame{fill:none;stroke:var(--axis)}.cw .mark{fill:none;stroke:var(--alarm);stroke-width:2}.cw .hit{fill:transparent}
        .cw .hit:hover{fill:var(--ink);fill-opacity:.12}.cw .cells{shape-rendering:crispEdges;stroke-width:1.04}.cw .void{stroke:var(--void)}.cw .local{stroke:var(--local)}.cw .localbox{fill:var(--local)}
        .cw .lane{fill:var(--lane)}.cw .send{stroke:var(--c0)}.cw .work{stroke:var(--c1)}.cw .back{stroke:var(--c2)}.cw .setup{stroke:var(--alarm)}
        .cw .bound{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 3}.cw .end{stroke:var(--ink);stroke-width:1.5}.cw .mean{stroke:var(--ink);stroke-dasharray:5 3}
        .cw .line{stroke-width:1.8;stroke-linejoin:round}.cw .dash{stroke-dasharray:6 3}.cw .dot{stroke-dasharray:2 2.5}

        """;

    private const string Light =
        "--page:#fff;--ink:#16202c;--soft:#566372;--grid:#e8ecf0;--axis:#b4bdc8;--lane:#eef1f4;--void:#f4f5f7;--local:#dfe3e8;--alarm:#c2410c;" +
        "--c0:#0072b2;--c1:#e69f00;--c2:#009e73;--c3:#cc79a7;--c4:#56b4e9;--c5:#d55e00;--c6:#7a6ff0;--c7:#6b7785";

    private const string Dark =
        "--page:#11161d;--ink:#e8edf3;--soft:#9aa7b5;--grid:#26303b;--axis:#4a5765;--lane:#1d2630;--void:#171d25;--local:#38434f;--alarm:#fb923c;" +
        "--c0:#4aa8e0;--c1:#f0b429;--c2:#35c296;--c3:#e09cc2;--c4:#8fd0f5;--c5:#ef7d3c;--c6:#a39bff;--c7:#98a4b2";

    /// <summary>Number of distinct series colours; more series repeat them with another dash.</summary>
    internal const int SeriesColorCount = 8;

    /// <summary>Style sheet text, light by default, dark where the reader prefers it (not on paper).</summary>
    public static string Css { get; } = Build();

    private static string Build()
    {
        var css = new StringBuilder($":root{{color-scheme:light dark;{Light}}}\n");
        css.Append(Rules.ReplaceLineEndings("\n"));
        for (var i = 0; i < SeriesColorCount; i++) css.Append($".cw .f{i}{{fill:var(--c{i})}}.cw .k{i}{{stroke:var(--c{i})}}");
        css.Append('\n');
        Levels(css, isDark: false);
        css.Append($"@media screen and (prefers-color-scheme:dark){{:root{{{Dark}}}\n");
        Levels(css, isDark: true);
        return css.Append("}\n").ToString();
    }

    private static void Levels(StringBuilder css, bool isDark)
    {
        foreach (var kind in new[] { ColorScaleKind.Sequential, ColorScaleKind.Diverging })
        {
            for (var level = 0; level < ColorScale.LevelCount; level++)
                css.Append($".cw .{ColorScale.ClassPrefix(kind)}{level}{{stroke:{ColorScale.Hex(kind, level, isDark)}}}");
            css.Append('\n');
        }
    }
}
