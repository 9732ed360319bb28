using Crossweave.Core.IO;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Documents;

/// <summary>Expert loads as <c>{"weight": [[tokens per expert] per layer]}</c>: whole, non-negative numbers, layers x experts.</summary>
public static class LoadDocument
{
    /// <exception cref="InputException">Other keys, no rows, rows of unequal length, a value that is no whole number (row and column named).</exception>
    public static ExpertLoad Read(string path)
    {
        using var file = JsonInput.Open(path);
        file.Root.AllowOnly("weight");
        var weight = file.Root["weight"];
        var rows = weight.Items();
        if (rows.Count == 0) throw weight.Wrong("at least one layer");
        var experts = rows[0].Length;
        if (experts == 0) throw rows[0].Wrong("at least one expert");
        var tokens = new long[rows.Count * (long)experts];
        for (var layer = 0; layer < rows.Count; layer++)
        {
            if (rows[layer].Length != experts) throw rows[layer].Wrong($"{experts} values as in the first layer");
            rows[layer].Int64List().CopyTo(tokens, (long)layer * experts);
        }

        Int128 total = 0;
        foreach (var t in tokens) total += t;
        if (total > long.MaxValue) throw InputException.At(path, $"{total} tokens altogether", $"at most {long.MaxValue}");

        return new ExpertLoad(rows.Count, experts, tokens);
    }

    public static void Write(ExpertLoad load, string path)
    {
        var json = new JsonOutput().BeginObject().Key("weight").BeginArray();
        for (var layer = 0; layer < load.LayerCount; layer++) json.Line(load.Layer(layer));
        AtomicFile.WriteAllText(path, json.End().End().ToString());
    }
}
