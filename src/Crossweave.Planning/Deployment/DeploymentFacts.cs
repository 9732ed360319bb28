namespace Crossweave.Planning.Deployment;

/// <summary>Figures of a finished placement.</summary>
public static class DeploymentFacts
{
    /// <summary>
    /// Compute time (gates, experts, aggregations of all models) of every device over the layer's time (deployment spec 2.7; published as the
    /// ratio, the mean over devices is derived). Rank g of every model is on device g.
    /// </summary>
    public static double[] Utilisation(DeploymentProblem problem, long time)
    {
        var share = new double[problem.DeviceCount];
        for (var g = 0; g < share.Length; g++)
        {
            var tokens = 0L;
            foreach (var model in problem.Models)
                if (model.Work[g] > 0 || model.Sent[g] > 0) // a device without a rank of the model does nothing for it
                    tokens += model.Work[g] + model.GateTokens + model.AggregateTokens;
            share[g] = time == 0 ? 0 : tokens * (double)problem.Devices[g].Compute / time;
        }

        return share;
    }
}
