"""The checker names each broken promise, and is silent about a run that kept them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simulator.checker import Earlier, Facts, check
from simulator.clock import ManualClock
from simulator.server import Server, serve
from tests.simulator.calling import DATA_DISK, INSTANCE, REGION, SYSTEM_DISK, Caller, account, refusal
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

OTHER = "ins-bbbbbbbb"


def test_a_run_that_kept_its_promises_breaks_none() -> None:
    begun = Told().now
    assert check(a_good_run().entries, facts(alarmed_at=begun, act_within=60, recovered_at=begun + 30)) == []
    assert check(a_good_rollback().entries, facts(**{**ROLLBACK, "rollback_approved_at": begun})) == []
    assert check([], facts(mode="observe")) == []


# --- P1 ---


def vanished(told: Told) -> None:
    told.effect("snapshot_vanished", SNAPSHOTS[DATA_DISK], DATA_DISK)


def attached(told: Told) -> None:
    told.effect("instance_changed", INSTANCE, attach="disk-newnewne")


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([Told.look, Told.reboot], "had made no snapshot"),
        ([lambda told: told.protect(SYSTEM_DISK), Told.look, Told.reboot], DATA_DISK),
        ([lambda told: told.protect(SYSTEM_DISK), lambda told: told.begin(DATA_DISK), Told.reboot], "NORMAL never"),
        ([Told.protect, vanished, Told.look, Told.reboot], "snapshot_vanished"),
        ([Told.protect, attached, Told.look, Told.reboot], "disk-newnewne"),
        (
            # Another run's snapshots protect nothing.
            [lambda told: told.protect(run="run-0"), lambda told: told.begin(SYSTEM_DISK), Told.look, Told.reboot],
            "NORMAL never",
        ),
    ],
)
def test_a_reboot_without_a_ready_snapshot_of_each_disk_breaks_p1(
    steps: list[Callable[[Told], Any]], said: str
) -> None:
    [breach, *_] = [one for one in check(a_plan(*steps).entries, facts()) if one.promise == "P1"]
    assert said in breach.said
    assert INSTANCE in breach.said


@pytest.mark.parametrize("error", [None, "UnsupportedOperation"])
def test_a_stop_without_a_ready_snapshot_of_each_disk_breaks_p1(error: str | None) -> None:
    told = a_plan(lambda told: told.protect(SYSTEM_DISK), Told.look)
    request_id = told.call("StopInstances", INSTANCE, error=error)
    if not error:
        told.effect("stop_accepted", INSTANCE, request_id=request_id)
    [breach] = check(told.entries, facts(**ROLLBACK))
    assert (breach.promise, breach.said.startswith("stop of")) == ("P3" if error else "P1", True)


@pytest.mark.parametrize(("age", "reuse", "breaks"), [(100, 0, True), (100, 3600, False), (7200, 3600, True)])
def test_a_snapshot_from_before_the_alarm_protects_only_within_the_reuse(
    age: float, reuse: float, breaks: bool
) -> None:
    told = a_plan(lambda told: told.protect(SYSTEM_DISK), Told.look, Told.reboot)
    earlier = (Earlier("snap-oldoldol", DATA_DISK, age),)
    assert broken(told, earlier=earlier, reuse_seconds=reuse) == ({"P1"} if breaks else set())


def test_a_snapshot_that_became_ready_while_the_reboot_was_held_back_came_too_late() -> None:
    told = a_good_run()
    sent_early = [replace(one, arrived=one.at - 7) if one.name == "RebootInstances" else one for one in told.entries]
    assert [one.promise for one in check(sent_early, facts())] == ["P1"]


def test_a_snapshot_older_than_the_alarm_protects_nothing() -> None:
    told = a_good_run()
    assert broken(told, alarmed_at=told.now) == {"P1"}


def test_a_local_disk_is_a_breach_unless_it_was_allowed() -> None:
    disks = (SYSTEM_DISK, DATA_DISK, "ldisk-aaaaaaaa")
    assert broken(a_good_run(), disks=disks) == {"P1"}
    assert broken(a_good_run(), disks=disks, unprotected=frozenset(["ldisk-aaaaaaaa"])) == set()


@pytest.mark.parametrize("befalls", [vanished, attached])
def test_what_befalls_after_the_last_look_is_the_gap_and_can_be_counted(befalls: Callable[[Told], None]) -> None:
    told = a_plan(Told.protect, Told.look, befalls, Told.reboot)
    assert broken(told) == set()
    assert broken(told, gap=False) == {"P1"}


# --- P3 ---


def test_a_run_that_goes_on_after_a_later_one_has_begun_breaks_p3() -> None:
    told = a_plan(lambda told: told.begin(SYSTEM_DISK), lambda told: told.begin(SYSTEM_DISK, run="run-2"))
    told.begin(DATA_DISK)
    assert broken(told) == {"P3"}


def test_a_snapshot_after_its_own_reboot_breaks_p3() -> None:
    told = a_plan(lambda told: told.begin(SYSTEM_DISK), Told.look, Told.reboot, lambda told: told.begin(DATA_DISK))
    assert broken(told, unprotected=frozenset(SNAPSHOTS)) == {"P3"}


def test_a_reboot_that_was_refused_before_the_snapshots_breaks_p3_only() -> None:
    told = a_plan(lambda told: told.reboot(error="UnsupportedOperation.InstanceStateStopped"))
    assert broken(told) == {"P3"}


# --- P5 ---


@pytest.mark.parametrize("name", ["CreateSnapshot", "RebootInstances", "TerminateInstances", "InvokeCommand"])
@pytest.mark.parametrize("error", [None, "UnauthorizedOperation", "InvalidAction"])
def test_a_mutating_call_of_an_observer_breaks_p5_even_if_refused(name: str, error: str | None) -> None:
    told = a_plan(lambda told: told.call(name, INSTANCE, error=error))
    assert "P5" in broken(told, mode="observe")


def test_reads_are_no_breach_for_an_observer() -> None:
    assert broken(a_plan(Told.look), mode="observe") == set()


# --- P8 ---


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("RebootInstances", {"InstanceIds": []}),
        ("RebootInstances", {"InstanceIds": [INSTANCE, OTHER]}),
        ("RebootInstances", {"InstanceIds": [SYSTEM_DISK]}),
        ("StopInstances", {"InstanceIds": ["lhins-aaaaaaaa"]}),
        ("StartInstances", {}),
        ("CreateSnapshot", {"DiskId": ""}),
        ("CreateSnapshot", {"DiskId": "disk-AAAA"}),
        ("ApplySnapshot", {"DiskId": SYSTEM_DISK, "SnapshotId": None}),
        ("DeleteSnapshots", {"SnapshotIds": list(SNAPSHOTS.values())}),
        ("InvokeCommand", {"InstanceIds": [INSTANCE, OTHER], "CommandId": "cmd-guestpr0"}),
        ("InvokeCommand", {"InstanceIds": [INSTANCE], "CommandId": ""}),
        ("TerminateInstances", {}),
        ("DescribeInstances", {"InstanceIds": []}),
        ("DescribeSnapshots", {"SnapshotIds": None}),
        ("DescribeDisks", {"Filters": []}),
        ("DescribeDisks", {"Filters": [{"Name": "instance-id", "Values": []}]}),
    ],
)
def test_a_call_that_names_not_exactly_one_id_breaks_p8(name: str, params: dict[str, Any]) -> None:
    assert "P8" in broken(a_plan(lambda told: told.call(name, params=params, error="Whatever")))


# --- P9 ---


def foreign(told: Told) -> None:
    told.effect("reboot_accepted", INSTANCE, request_id="of-somebody-else")


@pytest.mark.parametrize(
    ("befalls", "said"),
    [
        (lambda told: told.effect("instance_changed", INSTANCE, state="SERVICE_LIVE_MIGRATE"), "SERVICE_LIVE_MIGRATE"),
        (lambda told: told.effect("instance_changed", INSTANCE, restrict_state="EXPIRED"), "EXPIRED"),
        (lambda told: told.effect("instance_deleted", INSTANCE), "DELETED"),
        (foreign, "of-somebody-else"),
    ],
)
def test_a_reboot_of_a_machine_that_was_read_unfit_breaks_p9(befalls: Callable[[Told], None], said: str) -> None:
    [breach] = check(a_plan(Told.protect, befalls, Told.look, Told.reboot).entries, facts())
    assert (breach.promise, said in breach.said) == ("P9", True)
    in_the_gap = a_plan(Told.protect, Told.look, befalls, Told.reboot)
    assert broken(in_the_gap) == set()
    assert broken(in_the_gap, gap=False) == {"P9"}


def test_what_was_so_from_the_beginning_is_known_without_an_effect() -> None:
    assert broken(a_good_run(), state="STOPPED") == {"P9"}
    assert broken(a_good_run(), restrict_state="EXPIRED") == {"P9"}


def test_an_operation_that_ended_or_is_still_invisible_is_no_breach() -> None:
    over = a_plan(Told.protect, foreign, lambda told: told.come_back("of-somebody-else"), Told.look, Told.reboot)
    assert broken(over) == set()
    assert broken(a_plan(Told.protect, foreign, Told.look, Told.reboot), operation_lag=60) == set()


@pytest.mark.parametrize("reading", [{"error": "InternalError"}, {"faults": ("lose_answer",)}])
def test_a_reboot_without_a_fresh_reading_breaks_p9(reading: dict[str, Any]) -> None:
    unread = Told()
    unread.protect()
    unread.look(**reading)
    unread.reboot()
    assert broken(unread) == {"P9"}
    old = a_plan(Told.protect)
    old.now += 600
    old.reboot()
    assert broken(old) == {"P9"}


def test_a_reboot_on_an_old_alarm_or_after_a_recovery_breaks_p9() -> None:
    told = a_good_run()
    begun = Told().now
    assert broken(told, alarmed_at=begun, act_within=3) == {"P9"}
    assert broken(told, recovered_at=begun + 2) == {"P9"}


def hanging(told: Told) -> None:
    told.effect("reboot_started", INSTANCE, request_id=told.reboot())
    told.look()


def test_a_hard_rung_may_follow_our_own_reboot_that_hangs_and_no_other() -> None:
    ladder = {"rungs": ("SOFT", "HARD")}
    harder = a_plan(Told.protect, Told.look, hanging, lambda told: told.reboot("HARD"))
    assert broken(harder, **ladder) == set()
    stopped = a_plan(Told.protect, Told.look, hanging, stop, start)
    assert broken(stopped, **ladder) == set()
    again = a_plan(Told.protect, Told.look, hanging, lambda told: told.reboot(error="UnsupportedOperation"))
    assert broken(again, **ladder) == {"P9"}
    of_somebody = [replace(one, request_id="theirs") if one.name == "reboot_started" else one for one in harder.entries]
    assert [one.promise for one in check(of_somebody, facts(**ladder))] == ["P9"]


def test_a_stop_of_a_machine_that_is_not_running_breaks_p9() -> None:
    told = a_plan(Told.protect, lambda told: told.effect("instance_changed", INSTANCE, state="STOPPED"), Told.look)
    told.call("StopInstances", INSTANCE, error="UnsupportedOperation.InstanceStateStopped")
    assert broken(told) == {"P9"}


# --- P14 ---


@pytest.mark.parametrize(
    ("name", "target", "region"),
    [
        ("RebootInstances", OTHER, REGION),
        ("CreateSnapshot", "disk-bbbbbsys", REGION),
        ("StopInstances", INSTANCE, "ap-shanghai"),
    ],
)
def test_acting_on_anything_else_breaks_p14(name: str, target: str, region: str) -> None:
    told = a_plan(lambda told: told.call(name, target, region=region))
    assert "P14" in broken(told)


def test_what_other_people_or_runs_for_other_instances_did_is_not_held_against_this_one() -> None:
    told = a_good_run()
    of_a_person = told.call("RebootInstances", OTHER)
    assert broken(told, foreign=frozenset([of_a_person])) == set()
    assert broken(told, others=frozenset([OTHER])) == set()
    assert broken(told) == {"P14"}


# --- a log of the real simulator ---


def _protect(call: Caller, clock: ManualClock) -> None:
    for disk_id in (SYSTEM_DISK, DATA_DISK):
        call.snapshot(disk_id, Tags=[{"Key": "medic-run", "Value": "run-1"}])
    clock.advance(100)


def _look(call: Caller) -> None:
    call.instance()
    call.cbs("DescribeDisks", Filters=[{"Name": "instance-id", "Values": [INSTANCE]}])


def _facts(server: Server, **known: Any) -> Facts:
    return Facts.of(server.cloud.world, REGION, INSTANCE, **known)


def test_a_real_log_of_a_good_run_breaks_nothing_whatever_answers_were_lost(clock: ManualClock) -> None:
    with serve(account(faults=[{"action": "RebootInstances", "kind": "lose_answer"}]), clock=clock) as server:
        call = Caller(server)
        _protect(call, clock)
        _look(call)
        assert refusal(call.reboot) == "ClientNetworkError"
        clock.advance(60)
        _look(call)
        assert check(server.log, _facts(server)) == []


def test_a_real_log_of_a_bad_run_is_named(server: Server, call: Caller, clock: ManualClock) -> None:
    _look(call)
    call.reboot()
    clock.advance(60)
    _protect(call, clock)
    call.reboot()
    assert {one.promise for one in check(server.log, _facts(server))} == {"P1", "P9"}
    assert {one.promise for one in check(server.log, _facts(server, mode="observe"))} >= {"P5"}
    clock.advance(60)
    call.cvm("RebootInstances", InstanceIds=[])
    assert {one.promise for one in check(server.log, _facts(server))} >= {"P2", "P8"}
