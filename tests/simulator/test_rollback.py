"""Bringing a disk back to a snapshot: only its own, and only while nobody uses it."""

from __future__ import annotations

from simulator.clock import ManualClock
from simulator.server import Server
from tests.simulator.calling import DATA_DISK, INSTANCE, SYSTEM_DISK, Caller, refusal


def _apply(call: Caller, snapshot_id: str, disk_id: str = SYSTEM_DISK, **flags: bool) -> str:
    return refusal(lambda: call.cbs("ApplySnapshot", SnapshotId=snapshot_id, DiskId=disk_id, **flags))


def _disk(call: Caller) -> tuple[str, bool, int]:
    [row] = call.cbs("DescribeDisks", DiskIds=[SYSTEM_DISK])["DiskSet"]
    return row["DiskState"], row["Rollbacking"], row["RollbackPercent"]


def test_a_disk_goes_back_on_a_stopped_machine_and_can_be_watched(call: Caller, clock: ManualClock) -> None:
    snapshot_id = call.snapshot()
    clock.advance(66)
    assert _apply(call, snapshot_id) == "UnsupportedOperation.InstanceNotStopped"
    call.cvm("StopInstances", InstanceIds=[INSTANCE])
    clock.advance(11)
    assert _apply(call, snapshot_id) == ""
    clock.advance(30)
    assert _disk(call) == ("ROLLBACKING", True, 50)
    row = call.look_at(snapshot_id)
    assert row is not None
    assert row["SnapshotState"] == "ROLLBACKING"
    assert _apply(call, snapshot_id) == "ResourceInUse.DiskRollbacking"
    assert refusal(call.snapshot) == "ResourceInUse.DiskRollbacking"
    clock.advance(31)
    assert _disk(call) == ("ATTACHED", False, 100)


def test_it_goes_back_only_to_its_own_finished_snapshot(call: Caller, clock: ManualClock) -> None:
    call.cvm("StopInstances", InstanceIds=[INSTANCE])
    clock.advance(11)
    snapshot_id = call.snapshot()
    assert _apply(call, snapshot_id) == "ResourceUnavailable.SnapshotCreating"
    clock.advance(66)
    assert _apply(call, snapshot_id, DATA_DISK) == "InvalidSnapshot.NotSupported"
    assert _apply(call, "snap-zzzzzzzz") == "InvalidSnapshotId.NotFound"
    assert _apply(call, snapshot_id, "disk-zzzzzzzz") == "InvalidDiskId.NotFound"


def test_tencent_can_stop_and_start_the_machine_around_it(call: Caller, server: Server, clock: ManualClock) -> None:
    snapshot_id = call.snapshot()
    clock.advance(66)
    assert _apply(call, snapshot_id, AutoStartInstance=True) == "InvalidParameterValue"
    assert _apply(call, snapshot_id, AutoStopInstance=True, AutoStartInstance=True) == ""
    clock.advance(100)
    names = [entry.name for entry in server.log if entry.kind == "effect"]
    assert names[names.index("stop_accepted") :] == [
        "stop_accepted",
        "stop_started",
        "instance_stopped",
        "stop_done",
        "rollback_started",
        "rollback_done",
        "start_accepted",
        "start_started",
        "instance_running",
        "start_done",
    ]
    assert call.instance()["InstanceState"] == "RUNNING"
