using System.Text.Json;
using Crossweave.Algorithms.Flow;
using Crossweave.Testing;

namespace Crossweave.Algorithms.Tests.Flow;

public sealed class SendOrderFlowTests
{
    // Kinds a (equal ports, in tokens) and e (unequal ports, in time units): exact fractions of the golden set.
    [Fact]
    public void Orders_end_exactly_when_the_golden_set_says()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.Require("deployment-golden.json")));
        var instances = document.RootElement.GetProperty("instances");
        foreach (var instance in instances.GetProperty("a").EnumerateArray())
        {
            var (n, tokens) = Read(instance);
            long[] unit = [.. Enumerable.Repeat(1L, n)];
            foreach (var (key, order) in new[] { ("sjf", SendOrderFlow.ShortestFirst(n, tokens)), ("ljf", SendOrderFlow.LongestFirst(n, tokens)), ("ring", SendOrderFlow.Ring(n)) })
                Assert.Equal(($"{instance.GetProperty("id")} {key}", instance.GetProperty(key).GetString()), ($"{instance.GetProperty("id")} {key}", SendOrderFlow.Finish(n, tokens, unit, unit, order).ToString()));
        }

        foreach (var instance in instances.GetProperty("e").EnumerateArray())
        {
            var (n, tokens) = Read(instance);
            long[] cost = [.. instance.GetProperty("comm_cost").EnumerateArray().Select(c => c.GetInt64())];
            Assert.Equal((instance.GetProperty("id").GetString(), instance.GetProperty("sjf").GetString()), (instance.GetProperty("id").GetString(), SendOrderFlow.Finish(n, tokens, cost, cost, SendOrderFlow.ShortestFirst(n, tokens)).ToString()));
        }
    }

    // Two senders of 3 and 1 tokens to one receiver: both at 1/2 until the small one is done at 2, the rest of 2 alone: 4 = the port bound.
    [Fact]
    public void A_shared_receiver_is_never_idle()
    {
        long[] tokens = [0, 0, 3, 0, 0, 1, 0, 0, 0];
        long[] unit = [1, 1, 1];
        Assert.Equal("4/1", SendOrderFlow.Finish(3, tokens, unit, unit, SendOrderFlow.Ring(3)).ToString());
        Assert.Equal("0/1", SendOrderFlow.Finish(3, new long[9], unit, unit, SendOrderFlow.Ring(3)).ToString());
    }

    private static (int N, long[] Tokens) Read(JsonElement instance) =>
        (instance.GetProperty("n").GetInt32(), [.. instance.GetProperty("D").EnumerateArray().SelectMany(row => row.EnumerateArray().Select(c => c.GetInt64()))]);
}
