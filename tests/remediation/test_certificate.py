"""Each assumption holds, does not, or was not seen, by what one instance has shown."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from remediation.certificate import (
    Holds,
    Looks,
    OperationWatched,
    RebootWatched,
    RestoreWatched,
    RollbackWatched,
    SnapshotWatched,
    certificate,
)
from remediation.cloud import Agent, Disk, Instance, Operation, Snapshot
from remediation.guest import read_report
from tests.guests import output

T = datetime(2026, 11, 23, 6, 0, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
READY = Snapshot(snapshot_id="snap-1", disk_id="disk-1", state="NORMAL", percent=100, taken_at=T + 8 * 3600 * SECOND)
WELL = Instance(
    instance_id="ins-1", region="r", state="RUNNING", operation=Operation(state="SUCCESS", request_id="r-1")
)


def snapshot(**changes: Any) -> SnapshotWatched:
    return SnapshotWatched.model_validate(
        {"asked_at": T, "named": True, "listed_after": SECOND, "last": READY, **changes}
    )


def reboot(**changes: Any) -> RebootWatched:
    facts = {"request_id": "r-1", "sent_at": T, "shown_after": SECOND, "last": WELL, "done_at": T + 30 * SECOND}
    beat = Agent(online=True, last_heartbeat=T + 40 * SECOND)
    return RebootWatched.model_validate({**facts, "agent": beat, **changes})


LOOKS = Looks(before=read_report(output("a")), after=read_report(output("b")))


def holding(snapshots: Any = None, watched: Any = None, looks: Looks = LOOKS) -> list[Holds]:
    return [one.holds for one in certificate(snapshots or (snapshot(),), watched or reboot(), looks)]


def test_all_that_was_seen_as_assumed_holds() -> None:
    assert holding()[:9] == [Holds.YES] * 9
    assert set(holding()[9:]) == {Holds.UNSEEN}


def operation(action: str, wanted: str, **seen: Any) -> OperationWatched:
    facts = {
        "instance_id": "ins-1",
        "region": "r",
        "state": wanted,
        "operation": {"state": "SUCCESS", "request_id": action},
    }
    return OperationWatched(action=action, request_id=action, state=wanted, last=Instance.model_validate(facts | seen))


BACK = RollbackWatched(disk_id="disk-1", shown=True, last=Disk(disk_id="disk-1"))
STOPPED, STARTED = operation("stop", "STOPPED"), operation("start", "RUNNING")
BROKEN = BACK.model_copy(update={"last": Disk(disk_id="disk-1", error="lost")})


@pytest.mark.parametrize(
    ("restore", "operations", "rollbacks"),
    [
        (None, Holds.UNSEEN, Holds.UNSEEN),
        (RestoreWatched(stopped=STOPPED, disks=(BACK,), started=STARTED), Holds.YES, Holds.YES),
        (RestoreWatched(stopped=operation("stop", "STOPPED", state="STOPPING")), Holds.NO, Holds.UNSEEN),
        (
            RestoreWatched(stopped=STOPPED, disks=(BACK,), started=STARTED.model_copy(update={"request_id": "other"})),
            Holds.NO,
            Holds.YES,
        ),
        (RestoreWatched(stopped=STOPPED, disks=(BACK, BROKEN)), Holds.YES, Holds.NO),
        (RestoreWatched(stopped=STOPPED, disks=(RollbackWatched(disk_id="disk-1"),)), Holds.YES, Holds.NO),
        (RestoreWatched(stopped=STOPPED, disks=(BACK.model_copy(update={"shown": False}),)), Holds.YES, Holds.NO),
    ],
)
def test_a_rollback_shows_two_assumptions_more(
    restore: RestoreWatched | None, operations: Holds, rollbacks: Holds
) -> None:
    found = [one.holds for one in certificate((snapshot(),), reboot(), LOOKS, restore)]
    assert found[9:11] == [operations, rollbacks]


@pytest.mark.parametrize(
    ("number", "facts", "holds"),
    [
        (0, {"snapshots": (snapshot(), snapshot(named=False))}, Holds.NO),
        (1, {"snapshots": (snapshot(listed_after=130 * SECOND),)}, Holds.NO),
        (1, {"snapshots": (snapshot(listed_after=None),)}, Holds.NO),
        (2, {"snapshots": (snapshot(last=READY.model_copy(update={"percent": 99})),)}, Holds.NO),
        (3, {"snapshots": (snapshot(last=READY.model_copy(update={"taken_at": T - 3600 * SECOND})),)}, Holds.NO),
        (3, {"snapshots": (snapshot(last=None),)}, Holds.UNSEEN),
        (4, {"watched": reboot(request_id="r-2")}, Holds.NO),
        (5, {"watched": reboot(shown_after=None)}, Holds.NO),
        (5, {"watched": reboot(shown_after=61 * SECOND)}, Holds.NO),
        (6, {"watched": reboot(last=None)}, Holds.NO),
        (7, {"watched": reboot(agent=None)}, Holds.UNSEEN),
        (7, {"watched": reboot(agent=Agent(online=True, last_heartbeat=T + 8 * 3600 * SECOND))}, Holds.NO),
        (8, {"looks": Looks(before=LOOKS.before, after=LOOKS.before)}, Holds.NO),
        (8, {"looks": Looks()}, Holds.UNSEEN),
    ],
)
def test_what_was_seen_otherwise_does_not_hold_and_what_was_not_seen_is_not_called_true(
    number: int, facts: dict[str, Any], holds: Holds
) -> None:
    assert holding(**facts)[number] is holds
