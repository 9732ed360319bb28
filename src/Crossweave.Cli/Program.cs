using Crossweave.Cli;

try
{
    return CommandLine.Run(args, Console.Out, Console.Error);
}
catch (Exception e)
{
    // A mistake in the program: one line that says where, since a person can do nothing with a stack trace but report it.
    var place = e.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("Crossweave.", StringComparison.Ordinal))?.Trim();
    Console.Error.WriteLine($"crossweave: internal error, please report it: {e.GetType().Name} {place}: {e.Message.ReplaceLineEndings(" ")}");
    return CommandLine.InternalError;
}
