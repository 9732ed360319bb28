namespace Crossweave.Reporting.Html;

/// <summary>Typography and layout of a report page; colours are the variables of <see cref="Svg.ChartStyle"/>.</summary>
internal static class PageStyle
{
    private const string Text = """
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
        body{margin:0;background:var(--page);color:var(--ink);font:15.5px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
        main{max-width:1060px;margin:0 auto;padding:44px 24px 80px}
        h1{font-size:29px;line-height:1.2;margin:0 0 6px;letter-spacing:-.015em}
        h2{font-size:21px;line-height:1.3;margin:0 0 10px;letter-spacing:-.01em}
        h3{font-size:15.5px;margin:26px 0 8px}
        p{margin:0 0 12px;max-width:76ch}
        .subtitle{color:var(--soft);margin:0 0 20px;max-width:none}
        .headline{font-size:19px;line-height:1.5;max-width:64ch;margin:0 0 26px;padding-left:16px;border-left:4px solid var(--c0)}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(270px,1fr));gap:12px;margin:0 0 26px}
        .card{background:var(--void);border:1px solid var(--grid);border-radius:10px;padding:14px 16px}
        .label{font-size:12.5px;color:var(--soft)}
        .value{font-size:24px;font-weight:650;letter-spacing:-.02em;line-height:1.35;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        .note{font-size:12.5px;color:var(--soft);line-height:1.4}
        nav{display:flex;flex-wrap:wrap;gap:6px 18px;padding:11px 0;border-top:1px solid var(--grid);border-bottom:1px solid var(--grid);font-size:14px}
        a{color:var(--c0);text-decoration:none}a:hover{text-decoration:underline}
        section{padding-top:40px}
        figure{margin:26px 0 34px}
        figcaption{font-weight:600;margin:0 0 8px}
        .guide{font-size:13.5px;color:var(--soft);margin:10px 0 12px;max-width:88ch}.guide b{color:var(--ink);font-weight:600}
        .scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
        .scroll>.cw{min-width:720px}
        table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
        th,td{text-align:right;padding:6px 8px;border-bottom:1px solid var(--grid);white-space:nowrap}
        th{color:var(--soft);font-weight:600;font-size:12px;line-height:1.3;white-space:normal;border-bottom:1.5px solid var(--axis);vertical-align:bottom}
        th[title]{text-decoration:underline dotted var(--axis);text-underline-offset:3px;cursor:help}
        .name{text-align:left}
        tbody tr:hover{background:var(--void)}
        tr.chosen{background:color-mix(in srgb,var(--c2) 14%,transparent)}
        tr.chosen td:first-child{box-shadow:inset 3px 0 var(--c2)}
        td[style]{background:linear-gradient(to left,color-mix(in srgb,var(--c0) 20%,transparent) var(--bar),transparent 0)}
        td b{font-weight:700}
        details{margin:10px 0 18px}summary{cursor:pointer;color:var(--c0);font-size:14px;padding:4px 0}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:5px 22px;font-size:14px;margin:10px 0 18px}
        dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
        ul{padding-left:20px;font-size:14px;max-width:88ch}li{margin:4px 0}
        @media (max-width:620px){main{padding:26px 16px 60px}h1{font-size:24px}.headline{font-size:17px}.cards{grid-template-columns:1fr 1fr;gap:8px}.card{padding:10px 12px}.value{font-size:19px}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}
        @media print{main{max-width:none;padding:0}nav{display:none}figure,.card,tr{break-inside:avoid}h2,h3,figcaption{break-after:avoid}.scroll{overflow:visible}.scroll>.cw{min-width:0}body{font-size:11pt}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}

        """;

    public static string Css { get; } = Text.ReplaceLineEndings("\n");
}
