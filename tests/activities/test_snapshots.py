"""A snapshot is begun once, found again by its name, and ready only when it really is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.polling import Pace
from activities.snapshots import SnapshotActivities
from remediation.acts import SnapshotMade
from remediation.cloud import REBOOT, Disk, Instance, Snapshot
from remediation.contract import WaitForSnapshotInput
from remediation.errors import AlreadySo, NotYet, OutcomeUnknown, Refused, Throttled
from remediation.runbooks import Mode
from tests.activities.hands import TARGET, Thawed, a_snapshot_input, attempt, lost, now, protected
from tests.clouds import StagedCloud
from tests.remediation.facts import DATA, SYSTEM, an_instance, an_order, ready

MINE = ready(SYSTEM)
THEIRS = Snapshot(snapshot_id="snap-nightly", disk_id="disk-sys", name="nightly", state="CREATING")


def hands(cloud: StagedCloud) -> SnapshotActivities:
    return SnapshotActivities(cloud, Pace(), Thawed())


def made(disk: Disk = SYSTEM) -> SnapshotMade:
    return SnapshotMade(snapshot_id=ready(disk).snapshot_id, disk_id=disk.disk_id, name=ready(disk).name)


def a_wait(disk: Disk = SYSTEM) -> WaitForSnapshotInput:
    return WaitForSnapshotInput(target=TARGET, snapshot=made(disk), expires_at=now() + timedelta(days=14))


def failing_at(action: str, error: Exception) -> Callable[[str], None]:
    def on_call(called: str) -> None:
        if called == action:
            raise error

    return on_call


# --- create_snapshot ---


def test_a_snapshot_is_begun_once_after_looking() -> None:
    cloud = StagedCloud()
    wanted = a_snapshot_input()
    done = attempt().run(hands(cloud).create_snapshot, wanted)
    assert cloud.calls == ["DescribeInstances", "DescribeDisks", "DescribeSnapshots", "CreateSnapshot"]
    assert (done.snapshot_id, done.disk_id, done.name, done.adopted) == ("snap-1", "disk-sys", wanted.name, False)


def test_a_snapshot_that_is_there_already_is_adopted_and_not_made_again() -> None:
    cloud = StagedCloud()
    wanted = a_snapshot_input()
    first = attempt().run(hands(cloud).create_snapshot, wanted)
    again = attempt().run(hands(cloud).create_snapshot, wanted)
    assert (again.snapshot_id, again.adopted) == (first.snapshot_id, True)
    assert cloud.mutating() == ["CreateSnapshot"]


def test_another_runs_snapshot_of_the_same_disk_is_not_adopted() -> None:
    cloud = protected()
    done = attempt().run(hands(cloud).create_snapshot, a_snapshot_input(name="medic-next-sys-before_repair"))
    assert not done.adopted
    assert cloud.mutating() == ["CreateSnapshot"]


def test_observing_sends_nothing() -> None:
    cloud = StagedCloud()
    with pytest.raises(Refused, match="observe"):
        attempt().run(hands(cloud).create_snapshot, a_snapshot_input(order=an_order(mode=Mode.OBSERVE)))
    assert cloud.mutating() == []


@pytest.mark.parametrize(
    ("instance", "disks", "kind"),
    [
        pytest.param(None, (SYSTEM,), Refused, id="unknown"),
        pytest.param(an_instance(tags={}), (SYSTEM,), Refused, id="out of scope"),
        pytest.param(an_instance(state="STOPPED"), (SYSTEM,), Refused, id="stopped"),
        pytest.param(an_instance(state="REBOOTING"), (SYSTEM,), NotYet, id="busy"),
        pytest.param(an_instance(), (DATA,), Refused, id="the disk is gone"),
    ],
)
def test_what_a_guardrail_forbids_is_not_sent(
    instance: Instance | None, disks: tuple[Disk, ...], kind: type[Exception]
) -> None:
    cloud = StagedCloud(instance=lambda _: instance, disks=disks)
    with pytest.raises(kind, match="not sent"):
        attempt().run(hands(cloud).create_snapshot, a_snapshot_input())
    assert cloud.mutating() == []


def test_the_disks_other_snapshot_is_waited_for() -> None:
    cloud = StagedCloud(on_call=failing_at("CreateSnapshot", AlreadySo("busy", code="InvalidDisk.SnapshotCreating")))
    cloud.snapshots[THEIRS.snapshot_id] = THEIRS
    with pytest.raises(NotYet, match=r"busy \[InvalidDisk.SnapshotCreating\]"):
        attempt().run(hands(cloud).create_snapshot, a_snapshot_input())


def test_a_snapshot_of_ours_that_shows_only_after_the_refusal_is_adopted() -> None:
    cloud = StagedCloud()
    mine = Snapshot(snapshot_id=MINE.snapshot_id, disk_id="disk-sys", name=MINE.name, state="CREATING")

    def refuse(action: str) -> None:
        if action == "CreateSnapshot":
            cloud.snapshots[mine.snapshot_id] = mine
            raise AlreadySo("busy", code="InvalidDisk.SnapshotCreating")

    cloud.on_call = refuse
    done = attempt().run(hands(cloud).create_snapshot, a_snapshot_input())
    assert (done.snapshot_id, done.adopted) == (MINE.snapshot_id, True)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OutcomeUnknown("lost"), OutcomeUnknown),
        (Throttled("slower"), Throttled),
        (ValueError("our bug"), OutcomeUnknown),
    ],
)
def test_a_failure_of_the_call_keeps_its_class_and_a_bug_of_ours_is_unknown(
    error: Exception, kind: type[Exception]
) -> None:
    cloud = StagedCloud(on_call=failing_at("CreateSnapshot", error))
    with pytest.raises(kind):
        attempt().run(hands(cloud).create_snapshot, a_snapshot_input())


def test_a_bug_of_ours_after_the_effect_is_unknown() -> None:
    cloud = StagedCloud(after_effect=failing_at("CreateSnapshot", KeyError("SnapshotId")))
    with pytest.raises(OutcomeUnknown):
        attempt().run(hands(cloud).create_snapshot, a_snapshot_input())
    found = attempt().run(hands(cloud).find_snapshot, lost(60, a_snapshot_input()))
    assert found is not None
    assert (found.snapshot_id, found.adopted) == ("snap-1", True)


# --- find_snapshot ---


def test_an_effect_that_shows_is_found_by_name_and_disk() -> None:
    found = attempt().run(hands(protected()).find_snapshot, lost(-1, a_snapshot_input()))
    assert found is not None
    assert found.snapshot_id == MINE.snapshot_id


@pytest.mark.parametrize(("disk", "name"), [(DATA, MINE.name), (SYSTEM, "nightly")])
def test_what_is_not_ours_is_no_effect(disk: Disk, name: str) -> None:
    wanted = a_snapshot_input(disk, name=name)
    with pytest.raises(ApplicationError, match="whether CreateSnapshot was carried out shows until"):
        attempt().run(hands(protected()).find_snapshot, lost(60, wanted))
    assert attempt().run(hands(protected()).find_snapshot, lost(-1, wanted)) is None


# --- wait_until_ready ---


def test_a_snapshot_at_100_percent_that_is_still_being_made_is_not_ready() -> None:
    cloud = protected(polls_until_ready=3)
    seen: list[str] = []
    for _ in range(2):
        with pytest.raises(ApplicationError) as raised:
            attempt().run(hands(cloud).wait_until_ready, a_wait())
        seen.append(raised.value.message)
    assert seen == ["snap-sys of disk-sys is CREATING, 50 %", "snap-sys of disk-sys is CREATING, 100 %"]
    wait = a_wait()
    got = attempt().run(hands(cloud).wait_until_ready, wait)
    assert (got.snapshot_id, got.disk_id, got.name) == (MINE.snapshot_id, "disk-sys", MINE.name)
    assert got.expires_at == wait.expires_at
    assert abs(got.seen_ready_at - now()) < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("percent", "minutes_ago", "gives_up"),
    [(50, 31, True), (50, 29, False), (49, 31, False), (51, 300, False)],
)
def test_a_snapshot_that_makes_no_progress_for_too_long_is_given_up(
    percent: int, minutes_ago: float, gives_up: bool
) -> None:
    environment = attempt()
    since = (now() - timedelta(minutes=minutes_ago)).isoformat()
    environment.info = dataclasses.replace(environment.info, heartbeat_details=[[percent, since]])
    kept: list[Any] = []
    environment.on_heartbeat = lambda *details: kept.extend(details)
    with pytest.raises(Exception, match="stood at 50 % for 30m" if gives_up else "CREATING, 50 %") as raised:
        environment.run(hands(protected(polls_until_ready=3)).wait_until_ready, a_wait())
    assert isinstance(raised.value, Refused) is gives_up
    [(noted, noted_since)] = kept
    assert noted == 50
    assert (noted_since == since) is (percent == 50)


def test_a_snapshot_that_was_just_made_may_not_be_listed_yet() -> None:
    with pytest.raises(ApplicationError, match="snap-sys is not listed yet") as raised:
        attempt(scheduled_ago=100).run(hands(StagedCloud()).wait_until_ready, a_wait())
    assert raised.value.type == "NotYet"


def test_a_snapshot_that_has_vanished_ends_the_wait() -> None:
    with pytest.raises(Refused, match="SnapshotLost"):
        attempt(scheduled_ago=200).run(hands(StagedCloud()).wait_until_ready, a_wait())


@pytest.mark.parametrize("change", [{"state": "TORECYCLE"}, {"state": "ROLLBACKING"}, {"disk_id": "disk-dat"}])
def test_a_snapshot_that_will_not_become_ready_ends_the_wait(change: dict[str, str]) -> None:
    cloud = protected(polls_until_ready=9)
    cloud.snapshots[MINE.snapshot_id] = cloud.snapshots[MINE.snapshot_id].model_copy(update=change)
    with pytest.raises(Refused, match="SnapshotLost"):
        attempt().run(hands(cloud).wait_until_ready, a_wait())


def test_nothing_here_ever_reboots() -> None:
    cloud = StagedCloud()
    attempt().run(hands(cloud).create_snapshot, a_snapshot_input())
    assert REBOOT not in cloud.calls
