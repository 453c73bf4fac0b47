"""Bringing a disk back to a snapshot: only its own, and only while nobody uses it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.clock import ManualClock
from simulator.server import Server, serve
from tests.simulator.calling import DATA_DISK, INSTANCE, SYSTEM_DISK, Caller, account, refusal


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


def _stop(call: Caller, clock: ManualClock) -> None:
    call.cvm("StopInstances", InstanceIds=[INSTANCE], StopType="HARD")
    clock.advance(11)


def _row(call: Caller) -> dict[str, Any]:
    [row] = call.cbs("DescribeDisks", DiskIds=[SYSTEM_DISK])["DiskSet"]
    found: dict[str, Any] = row
    return found


OLD = {"snapshot_id": "snap-oldoldol", "disk_id": SYSTEM_DISK, "age_seconds": 3600}


def test_a_rollback_is_not_visible_at_once(clock: ManualClock) -> None:
    world = account(region={"snapshots": [OLD]}, durations={"rollback_lag": 5})
    with serve(world, clock=clock) as server:
        call = Caller(server)
        _stop(call, clock)
        assert _apply(call, "snap-oldoldol") == ""
        row = call.look_at("snap-oldoldol")
        assert row is not None
        assert (_disk(call), row["SnapshotState"]) == (("ATTACHED", False, 100), "NORMAL")
        assert _apply(call, "snap-oldoldol") == "ResourceInUse.DiskRollbacking"
        clock.advance(6)
        row = call.look_at("snap-oldoldol")
        assert row is not None
        assert (_disk(call), row["SnapshotState"]) == (("ROLLBACKING", True, 10), "ROLLBACKING")


def test_a_rollback_that_fails_says_so_where_it_stopped_and_may_be_asked_for_again(clock: ManualClock) -> None:
    world = account(region={"snapshots": [OLD]}, system_disk={"rollback": "fails", "trouble_at_percent": 40})
    with serve(world, clock=clock) as server:
        call = Caller(server)
        _stop(call, clock)
        assert _row(call)["ErrorPrompt"] is None
        _apply(call, "snap-oldoldol")
        clock.advance(50)
        assert _disk(call) == ("ATTACHED", False, 40)
        assert _row(call)["ErrorPrompt"]
        assert [entry.name for entry in server.log if entry.name.startswith("rollback")][-1] == "rollback_failed"
        assert _apply(call, "snap-oldoldol") == ""


def test_a_rollback_that_stalls_stays_where_it_is(clock: ManualClock) -> None:
    world = account(region={"snapshots": [OLD]}, system_disk={"rollback": "stalls", "trouble_at_percent": 40})
    with serve(world, clock=clock) as server:
        call = Caller(server)
        _stop(call, clock)
        _apply(call, "snap-oldoldol")
        clock.advance(200)
        assert _disk(call) == ("ROLLBACKING", True, 40)
        assert _apply(call, "snap-oldoldol") == "ResourceInUse.DiskRollbacking"


def test_what_is_lost_stands_in_the_log(clock: ManualClock) -> None:
    with serve(account(region={"snapshots": [OLD]}), clock=clock) as server:
        began = clock.now()
        call = Caller(server)
        _stop(call, clock)
        _apply(call, "snap-oldoldol")
        [lost] = [entry for entry in server.log if entry.name == "rollback_started"]
        assert lost.params == {"lost_from": pytest.approx(began - 3600, abs=1), "lost_until": lost.at}


@pytest.mark.parametrize(
    ("old", "disk", "cured"),
    [
        ({}, DATA_DISK, True),
        ({"symptom": "disk_readonly"}, DATA_DISK, False),  # the policy's snapshot was made of a sick disk
        ({}, SYSTEM_DISK, False),  # not the disk that is sick
    ],
)
def test_only_the_sick_disk_and_a_snapshot_from_before_its_sickness_cure_it(
    clock: ManualClock, old: dict[str, str], disk: str, cured: bool
) -> None:
    snapshot = {"snapshot_id": "snap-oldoldol", "disk_id": disk, **old}
    sick = {"symptom": "disk_readonly", "cured_by": "rollback"}
    with serve(account(instance=sick, region={"snapshots": [snapshot]}), clock=clock) as server:
        call = Caller(server)
        _stop(call, clock)
        assert _apply(call, "snap-oldoldol", disk) == ""
        clock.advance(61)
        call.instance()
        assert ("symptom_cured" in [entry.name for entry in server.log]) is cured


def test_a_snapshot_made_of_the_sick_disk_cures_nothing_and_brings_the_sickness_back(clock: ManualClock) -> None:
    healthy = {"snapshot_id": "snap-oldoldol", "disk_id": DATA_DISK}
    befalls = {"change": {"symptom": "disk_readonly", "cured_by": "rollback"}, "in_seconds": 30}
    world = account(
        region={"snapshots": [healthy]},
        happenings=[{"region": "ap-guangzhou", "instance": INSTANCE, **befalls}],
        durations={"data_snapshot": 10, "rollback": 10},
    )
    with serve(world, clock=clock) as server:
        call = Caller(server)
        before_onset = call.snapshot(DATA_DISK)
        clock.advance(31)
        while_sick = call.snapshot(DATA_DISK)
        clock.advance(20)
        _stop(call, clock)
        seen = []
        for snapshot_id in (while_sick, before_onset, while_sick, "snap-oldoldol"):
            assert _apply(call, snapshot_id, DATA_DISK) == ""
            clock.advance(11)
            call.instance()
            seen.append(server.cloud.regions["ap-guangzhou"].instances[INSTANCE].symptom)
        assert seen == ["disk_readonly", None, "disk_readonly", None]
