namespace Crossweave.Planning.Deployment;

/// <summary>Collects the terms of a time line; equal groups and terms are kept once.</summary>
internal sealed class TermBuilder(DeploymentProblem problem)
{
    private readonly List<(string Key, LoadGroup Group)> _groups = [];
    private readonly List<(string Key, LayerTerm Term)> _terms = [];
    private readonly long[] _send = problem.SendCosts();
    private readonly long[] _receive = problem.ReceiveCosts();
    private readonly long[] _compute = problem.ComputeCosts();

    public LoadGroup[] Groups => [.. _groups.Select(g => g.Group)];

    public LayerTerm[] Terms => [.. _terms.Select(t => t.Term)];

    /// <summary>Time to carry the exchange of models first..last together; <paramref name="returns"/>: combine, the transpose.</summary>
    public int Wire(int first, int last, bool returns)
    {
        if (problem.HasSymmetricPorts)
        {
            return first == last
                ? Add([Part("port", first, last, _send, m => m.Port)])
                : Add([Part("sent", first, last, _send, m => m.Sent), Part("received", first, last, _send, m => m.Received)]);
        }

        return returns
            ? Add([Part("received", first, last, _send, m => m.Received), Part("sent/receive", first, last, _receive, m => m.Sent)])
            : Add([Part("sent", first, last, _send, m => m.Sent), Part("received/receive", first, last, _receive, m => m.Received)]);
    }

    /// <summary>Experts of models first..last one after the other on a device, and constant tokens before or after.</summary>
    public int Compute(int first, int last, long tokens) => Add([Part("work", first, last, _compute, m => m.Work) with { Constant = tokens }]);

    public int Table(long[] table)
    {
        _terms.Add(("", new LayerTerm([], table)));
        return _terms.Count - 1;
    }

    private TermPart Part(string name, int first, int last, long[] cost, Func<DeployedModel, long[]> load)
    {
        var key = $"{name} {first} {last}";
        var at = _groups.FindIndex(g => g.Key == key);
        if (at < 0)
        {
            at = _groups.Count;
            _groups.Add((key, new LoadGroup(first, [.. problem.Models.Skip(first).Take(last - first + 1).Select(load)], cost, cost == _compute)));
        }

        return new TermPart(at, 0);
    }

    private int Add(TermPart[] parts)
    {
        var key = string.Join(' ', parts);
        var at = _terms.FindIndex(t => t.Key == key);
        if (at >= 0) return at;
        _terms.Add((key, new LayerTerm(parts)));
        return _terms.Count - 1;
    }
}
