using Crossweave.Core.Fabrics;

namespace Crossweave.Core.Scheduling;

/// <summary>Ports that change their circuits one by one: when each is free and whom it is connected to, per plane.</summary>
internal sealed class PortClock
{
    private readonly int _rankCount;
    private readonly long[] _sendFree; // [plane, rank]
    private readonly long[] _receiveFree;
    private readonly int[] _targetOf; // [plane, rank], -1 when dark
    private readonly int[] _sourceOf;
    private bool[] _isNew = [];

    public PortClock(Fabric fabric, long startPs)
    {
        _rankCount = fabric.RankCount;
        var ports = fabric.PlaneCount * _rankCount;
        (_sendFree, _receiveFree, _targetOf, _sourceOf) = (new long[ports], new long[ports], new int[ports], new int[ports]);
        Array.Fill(_sendFree, startPs);
        Array.Fill(_receiveFree, startPs);
        Array.Fill(_targetOf, -1);
        Array.Fill(_sourceOf, -1);
    }

    public bool AnyNew { get; private set; }

    public bool IsNew(int transfer) => _isNew[transfer];

    public void Begin(int transferCount)
    {
        if (_isNew.Length < transferCount) _isNew = new bool[transferCount];
        AnyNew = false;
    }

    public StepTime Play(int transfer, int plane, int source, int target, long readyPs, long delayPs, long durationPs)
    {
        var (send, receive) = ((plane * _rankCount) + source, (plane * _rankCount) + target);
        var isNew = _targetOf[send] != target || _sourceOf[receive] != source;
        if (isNew)
        {
            if (_targetOf[send] >= 0) _sourceOf[(plane * _rankCount) + _targetOf[send]] = -1;
            if (_sourceOf[receive] >= 0) _targetOf[(plane * _rankCount) + _sourceOf[receive]] = -1;
            (_targetOf[send], _sourceOf[receive]) = (target, source);
        }

        _isNew[transfer] = isNew;
        AnyNew |= isNew;
        var start = Math.Max(readyPs, Math.Max(_sendFree[send], _receiveFree[receive])) + (isNew ? delayPs : 0);
        var end = checked(start + durationPs);
        _sendFree[send] = _receiveFree[receive] = end;
        return new StepTime(start, end);
    }
}
