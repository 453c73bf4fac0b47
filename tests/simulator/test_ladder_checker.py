"""Nothing twice on any rung of the ladder (P2), and a rollback only as it was approved (P13)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.checker import Earlier, check
from tests.simulator.calling import DATA_DISK, INSTANCE, SYSTEM_DISK
from tests.simulator.logs import (
    ROLLBACK,
    SNAPSHOTS,
    Told,
    a_good_rollback,
    a_good_run,
    a_plan,
    broken,
    facts,
    start,
    stop,
)

# --- P2 ---


@pytest.mark.parametrize(
    ("steps", "known"),
    [
        ([lambda told: told.begin(SYSTEM_DISK, snapshot_id="snap-again")], {}),
        ([Told.look, Told.reboot], {}),
        ([Told.look, lambda told: told.reboot("HARD")], {}),
        ([Told.look, lambda told: told.reboot("HARD"), Told.look, Told.reboot], {"rungs": ("SOFT", "HARD")}),
        ([Told.look, Told.reboot], {"rungs": ("SOFT", "SOFT_FIRST", "rollback")}),
        ([stop], {"rungs": ("SOFT", "SOFT_FIRST")}),
        ([stop, start, stop], ROLLBACK),
        ([Told.look, lambda told: told.reboot("HARD"), stop, start], {"rungs": ("SOFT", "HARD")}),
        ([stop, start, start], ROLLBACK),
        ([Told.secure, stop, *2 * [lambda told: told.roll_back(SYSTEM_DISK)]], ROLLBACK),
    ],
)
def test_the_same_effect_twice_in_a_run_breaks_p2(steps: list[Callable[[Told], Any]], known: dict[str, Any]) -> None:
    told = a_plan(Told.protect, Told.look, lambda told: told.come_back(told.reboot()))
    for step in steps:
        step(told)
    assert broken(told, **known) - {"P3"} == {"P2"}


@pytest.mark.parametrize(
    ("steps", "rungs"),
    [
        ([lambda told: told.reboot("HARD")], ("SOFT", "HARD")),
        ([stop, start], ("SOFT", "HARD")),  # what a HARD rung does where the cloud refuses a HARD reboot
        ([stop, start, stop, start], ("SOFT", "HARD", "rollback")),
        ([lambda told: told.come_back(told.reboot("HARD")), stop, start], ("SOFT", "HARD", "rollback")),
        ([stop, start], ("SOFT", "rollback")),
    ],
)
def test_each_rung_of_the_ladder_may_be_climbed_once(steps: list[Callable[[Told], Any]], rungs: Any) -> None:
    told = a_plan(Told.protect, Told.look, lambda told: told.come_back(told.reboot()), Told.look, *steps)
    assert broken(told, rungs=rungs) == set()


def test_an_effect_that_came_late_counts_as_one_and_with_the_resent_one_as_two() -> None:
    told = Told()
    told.look()
    told.protect()
    told.look()
    lost = told.call("RebootInstances", INSTANCE, error="(late)")
    told.effect("reboot_accepted", INSTANCE, request_id=lost)
    told.come_back(lost)
    assert broken(told) == set()
    told.look()
    told.reboot()
    assert broken(told) == {"P2"}


def test_the_second_purpose_the_next_run_and_the_next_rung_are_no_repetition() -> None:
    told = a_good_run()
    told.secure(SYSTEM_DISK)
    told.look()
    told.reboot("HARD")
    assert broken(told, rungs=("SOFT", "HARD")) == set()
    told.protect(run="run-2")
    told.look()
    told.reboot()
    assert broken(told, rungs=("SOFT", "HARD")) == set()


# --- P13 ---


def stopped() -> Told:
    told = a_good_run()
    told.secure()
    told.operate("stop", "stopped")
    return told


@pytest.mark.parametrize(
    ("apply", "said"),
    [
        (lambda told: told.roll_back(SYSTEM_DISK, SNAPSHOTS[DATA_DISK]), "no snapshot of this disk"),
        (lambda told: told.roll_back(SYSTEM_DISK, "snap-unknown"), "no snapshot of this disk"),
        (lambda told: (told.operate("start", "running"), told.roll_back(SYSTEM_DISK)), "was RUNNING"),
        (lambda told: (told.roll_back(SYSTEM_DISK), told.operate("start", "running")), DATA_DISK),
        (lambda told: told.roll_back(SYSTEM_DISK, AutoStopInstance=True, AutoStartInstance=True), DATA_DISK),
    ],
)
def test_an_unsafe_rollback_breaks_p13(apply: Callable[[Told], Any], said: str) -> None:
    told = stopped()
    apply(told)
    wrong = [one.said for one in check(told.entries, facts(**ROLLBACK)) if one.promise == "P13"]
    assert any(said in one for one in wrong)


def test_a_rollback_that_nobody_approved_breaks_p13() -> None:
    never = {**ROLLBACK, "rollback_approved_at": None}
    assert broken(a_good_rollback(), **never) == {"P13"}
    late = a_good_rollback()
    assert broken(late, **{**ROLLBACK, "rollback_approved_at": late.now}) == {"P13"}


@pytest.mark.parametrize(
    "approved", [{}, {SYSTEM_DISK: SNAPSHOTS[SYSTEM_DISK]}, {**SNAPSHOTS, DATA_DISK: "snap-other"}]
)
def test_an_approval_covers_only_the_disks_and_snapshots_that_it_names(approved: dict[str, str]) -> None:
    assert broken(a_good_rollback(), **{**ROLLBACK, "approved": approved}) == {"P13"}


def test_an_older_snapshot_of_a_policy_may_be_rolled_back_to_if_it_is_the_disks_own() -> None:
    old = {SYSTEM_DISK: "snap-oldsyssy", DATA_DISK: "snap-olddatda"}
    told = stopped()
    for disk_id, snapshot_id in old.items():
        told.roll_back(disk_id, snapshot_id)
    told.operate("start", "running")
    earlier = tuple(Earlier(snapshot_id, disk_id, 3600) for disk_id, snapshot_id in old.items())
    known = {**ROLLBACK, "approved": old, "alarmed_at": Told().now}
    assert broken(told, **known, earlier=earlier) == set()
    assert "P13" in broken(told, **known)


@pytest.mark.parametrize("secured", [(), (SYSTEM_DISK,)])
def test_a_rollback_that_cannot_be_undone_breaks_p13(secured: tuple[str, ...]) -> None:
    told = a_good_run()
    if secured:
        told.secure(*secured)
    told.operate("stop", "stopped")
    told.roll_back(SYSTEM_DISK)
    missing = [disk_id for disk_id in SNAPSHOTS if disk_id not in secured]
    found = [one.said for one in check(told.entries, facts(**ROLLBACK)) if one.promise == "P13"]
    assert [
        disk_id for disk_id in missing if any(f"{disk_id} had no ready snapshot" in one for one in found)
    ] == missing
    assert len(found) == len(missing)


def test_a_way_back_that_was_made_after_the_first_rollback_came_too_late() -> None:
    told = a_good_run()
    told.operate("stop", "stopped")
    told.roll_back(SYSTEM_DISK)
    told.secure()
    told.roll_back(DATA_DISK)
    assert broken(told, **ROLLBACK) == {"P13"}


def test_a_start_after_a_rollback_that_failed_breaks_p13() -> None:
    told = stopped()
    told.roll_back(SYSTEM_DISK)
    told.roll_back(DATA_DISK)
    told.effect("rollback_failed", DATA_DISK, SNAPSHOTS[DATA_DISK])
    assert broken(told, **ROLLBACK) == set()
    told.operate("start", "running")
    assert broken(told, **ROLLBACK) == {"P13"}


def test_a_rollback_to_a_snapshot_that_is_not_ready_breaks_p13() -> None:
    told = stopped()
    told.begin(SYSTEM_DISK, snapshot_id="snap-unready", purpose="by_hand")
    told.roll_back(SYSTEM_DISK, "snap-unready")
    known = {**ROLLBACK, "approved": {SYSTEM_DISK: "snap-unready"}}
    [breach] = [one for one in check(told.entries, facts(**known)) if one.promise == "P13"]
    assert "became NORMAL never" in breach.said
