namespace Crossweave.Core.Traffic;

/// <summary>Every rule that chooses among replicas; a new one is one file and one line here.</summary>
public static class ReplicaRules
{
    public static readonly IReadOnlyList<IReplicaRule> All = [new StaticReplicas(), new EvenReplicas(), new LocalityFirstReplicas(), new RandomReplicas(), new LpReplicas()];

    /// <exception cref="InputException">Unknown name.</exception>
    public static IReplicaRule Find(string name, string where) =>
        All.FirstOrDefault(r => r.Name == name) ??
        throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(r => r.Name))}");
}
