namespace Crossweave.Planning.Deployment;

/// <summary>Integer costs of one device, in time units per token (deployment spec 2.3: 100 / 80 / 50 / 40 Gbps are 8 / 10 / 16 / 20).</summary>
/// <param name="Send">Wire time of a token that leaves, at least 1.</param>
/// <param name="Receive">Wire time of a token that arrives, at least 1.</param>
/// <param name="Compute">Time of a token in the experts, not negative.</param>
public readonly record struct DeviceCost(long Send, long Receive, long Compute);
