"""A whole ladder climbed by the real SDK, every rung of it in vain but the last; and what the checker says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulator.checker import Facts, check
from simulator.clock import ManualClock
from simulator.server import Server, serve
from tests.simulator.calling import DATA_DISK, INSTANCE, REGION, SYSTEM_DISK, Caller, account
from tests.simulator.test_guests import options

LAST_GOOD = {SYSTEM_DISK: "snap-goodsyst", DATA_DISK: "snap-gooddata"}
SICK = {"symptom": "disk_readonly", "cured_by": "rollback", "soft_reboot": "hangs"}


class Climber:
    """Does what a run would do."""

    def __init__(self, server: Server, clock: ManualClock) -> None:
        self.call, self.clock, self.server = Caller(server), clock, server
        self.approved_at = clock.now()

    def look(self) -> None:
        self.call.instance()
        self.call.cbs("DescribeDisks", Filters=[{"Name": "instance-id", "Values": [INSTANCE]}])

    def snapshots(self, purpose: str) -> None:
        for disk_id in (SYSTEM_DISK, DATA_DISK):
            name = f"medic-run-1-{disk_id.removeprefix('disk-')}-{purpose}"
            self.call.snapshot(disk_id, SnapshotName=name, Tags=[{"Key": "medic-run", "Value": "run-1"}])
        self.clock.advance(11)

    def operate(self, action: str, **how: str) -> None:
        self.look()
        self.call.cvm(action, InstanceIds=[INSTANCE], **how)
        self.clock.advance(25)

    def roll_back(self) -> None:
        for disk_id, snapshot_id in LAST_GOOD.items():
            self.call.cbs("ApplySnapshot", SnapshotId=snapshot_id, DiskId=disk_id)
        self.clock.advance(11)

    def climb(self) -> None:
        self.snapshots("before_repair")
        self.operate("RebootInstances", StopType="SOFT")
        self.operate("StopInstances", StopType="HARD")
        self.operate("StartInstances")
        assert options(self.call, self.clock)["/data1"] == "ro"
        self.snapshots("before_rollback")
        self.operate("StopInstances", StopType="SOFT")
        self.roll_back()
        self.operate("StartInstances")

    def wrongs(self, **known: Any) -> list[tuple[str, str]]:
        facts = Facts.of(
            self.server.cloud.world,
            REGION,
            INSTANCE,
            **{
                "rungs": ("SOFT", "HARD", "rollback"),
                "approved": LAST_GOOD,
                "rollback_approved_at": self.approved_at,
                "alarmed_at": self.approved_at - 1,
                **known,
            },
        )
        return [(one.promise, one.said) for one in check(self.server.log, facts)]


@pytest.fixture
def climber(clock: ManualClock) -> Iterator[Climber]:
    snapshots = [{"snapshot_id": one, "disk_id": disk} for disk, one in LAST_GOOD.items()]
    durations = {"system_snapshot": 5, "data_snapshot": 5, "reboot": 15, "rollback": 10}
    with serve(account(instance=SICK, region={"snapshots": snapshots}, durations=durations), clock=clock) as server:
        yield Climber(server, clock)


def test_a_climb_that_heals_by_a_rollback_keeps_every_promise(climber: Climber) -> None:
    climber.climb()
    climber.look()
    assert options(climber.call, climber.clock) == {"/": "rw", "/data1": "rw"}
    assert climber.wrongs(said_recovered_at=climber.clock.now()) == []


def test_the_same_climb_without_these_rungs_or_this_approval_is_named(climber: Climber) -> None:
    climber.climb()
    assert {promise for promise, _ in climber.wrongs(rungs=("SOFT", "rollback"))} == {"P2"}
    assert {promise for promise, _ in climber.wrongs(rollback_approved_at=None)} == {"P13"}
    assert {promise for promise, _ in climber.wrongs(approved={})} == {"P13"}
    assert {promise for promise, _ in climber.wrongs(mode="observe")} == {"P5"}


def test_recovered_before_the_last_rung_was_not_true(climber: Climber) -> None:
    climber.snapshots("before_repair")
    climber.operate("RebootInstances", StopType="SOFT")
    climber.operate("StopInstances", StopType="HARD")
    climber.operate("StartInstances")
    climber.look()
    assert climber.call.agent() is not None
    [(promise, said)] = climber.wrongs(said_recovered_at=climber.clock.now())
    assert (promise, "disk_readonly was still there" in said) == ("P10", True)


@pytest.mark.parametrize(
    ("manners", "said"),
    [
        ({"fstab_broken": True}, "its last boot had not come to its end"),
        ({"reboots_for_real": False}, "it had not gone down in its last reboot"),
        ({"agent_after_reboot": "offline"}, "its agent was not heard after its last boot"),
    ],
)
def test_a_guest_that_only_seems_to_be_back_is_not_recovered(
    clock: ManualClock, manners: dict[str, Any], said: str
) -> None:
    with serve(account(instance=manners, durations={"data_snapshot": 5, "system_snapshot": 5}), clock=clock) as server:
        climber = Climber(server, clock)
        climber.snapshots("before_repair")
        climber.operate("RebootInstances", StopType="SOFT")
        clock.advance(20)
        climber.look()
        climber.call.agent()
        [(promise, found)] = climber.wrongs(said_recovered_at=clock.now())
        assert (promise, said in found) == ("P10", True)


def test_a_rollback_that_failed_on_one_disk_leaves_a_machine_that_must_not_be_started(climber: Climber) -> None:
    disk = climber.server.cloud.regions[REGION].disks[DATA_DISK]
    disk.spec = disk.spec.model_copy(update={"rollback": "fails"})
    climber.climb()
    [(promise, said)] = climber.wrongs()
    assert (promise, f"while {DATA_DISK} is not rolled back" in said) == ("P13", True)
