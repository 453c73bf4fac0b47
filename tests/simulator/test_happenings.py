"""What befalls machines, disks and the account: from the start, at a moment, at a certain call, or by the admin API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from simulator.checker import Facts, check
from simulator.clock import ManualClock
from simulator.happenings import Happening
from simulator.server import Server, serve
from simulator.world import load_world
from tests.simulator.calling import DATA_DISK, INSTANCE, REGION, SYSTEM_DISK, Caller, account, refusal

STOPPED = {"instance": INSTANCE, "change": {"state": "STOPPED"}}
REBOOTED_BY_HAND = {"instance": INSTANCE, "operate": "RebootInstances"}
SNAPSHOT_BY_HAND = {"disk": SYSTEM_DISK, "snapshot": "begin"}


def at_call(action: str, do: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": "befall", "action": action, "do": do, **more}


def effects(server: Server) -> list[str]:
    return [entry.name for entry in server.log if entry.kind == "effect"]


@pytest.mark.parametrize(
    ("do", "code"),
    [
        (STOPPED, "UnsupportedOperation.InstanceStateStopped"),
        ({**STOPPED, "change": {"state": "ENTER_SERVICE_LIVE_MIGRATE"}}, "UnsupportedOperation.InstanceStateEnter"),
        ({**STOPPED, "change": {"restrict_state": "EXPIRED"}}, "UnsupportedOperation.InstanceStateIsolating"),
        (REBOOTED_BY_HAND, "OperationDenied.InstanceOperationInProgress"),
        ({"instance": INSTANCE, "delete": True}, "InvalidInstanceId.NotFound"),
        ({"account": {"deny": ["RebootInstances"]}}, "UnauthorizedOperation"),
        ({"account": {"clock_skew_seconds": -400}}, "AuthFailure.SignatureExpire"),
    ],
)
def test_it_befalls_a_machine_just_as_the_reboot_arrives(
    server: Server, call: Caller, do: dict[str, Any], code: str
) -> None:
    server.faults.add(at_call("RebootInstances", do))
    assert refusal(call.reboot).startswith(code)
    [told] = [entry for entry in server.log if entry.name == "RebootInstances"]
    assert told.faults == ("befall",)
    assert [entry.seq < told.seq for entry in server.log if entry.kind == "effect"] == [True]


def test_it_befalls_a_machine_just_after_a_call_took_effect_and_not_after_one_that_did_not(
    server: Server, call: Caller
) -> None:
    server.faults.add(at_call("DescribeInstances", STOPPED, at="effect", skip=1))
    assert refusal(lambda: call.instance("disk-aaaaaaaa")) == "InvalidInstanceId.Malformed"
    assert [call.instance()["InstanceState"] for _ in range(3)] == ["RUNNING", "RUNNING", "STOPPED"]


def test_an_operation_of_somebody_else_has_a_request_id_that_no_call_has(
    server: Server, call: Caller, clock: ManualClock
) -> None:
    server.faults.add(at_call("DescribeInstances", REBOOTED_BY_HAND, at="effect"))
    call.instance()
    clock.advance(1)
    row = call.instance()
    assert (row["LatestOperation"], row["LatestOperationState"]) == ("RebootInstances", "OPERATING")
    assert row["LatestOperationRequestId"] not in {entry.request_id for entry in server.log if entry.kind == "call"}
    assert len(row["LatestOperationRequestId"]) == 36


def test_a_snapshot_by_somebody_else_is_in_the_way_until_it_is_done(
    server: Server, call: Caller, clock: ManualClock
) -> None:
    server.faults.add(at_call("CreateSnapshot", SNAPSHOT_BY_HAND))
    assert refusal(call.snapshot) == "InvalidDisk.SnapshotCreating"
    clock.advance(66)
    [row] = call.cbs("DescribeSnapshots", Filters=[{"Name": "disk-id", "Values": [SYSTEM_DISK]}])["SnapshotSet"]
    assert (row["SnapshotName"], row["SnapshotState"], row["Tags"]) == ("by-hand", "NORMAL", [])
    assert refusal(call.snapshot) == ""


@pytest.mark.parametrize(("snapshot", "seen"), [("stall", 50), ("vanish", None)])
def test_the_snapshots_of_a_disk_stall_or_vanish_at_a_certain_read(
    server: Server, call: Caller, clock: ManualClock, snapshot: str, seen: int | None
) -> None:
    server.faults.add(at_call("DescribeSnapshots", {"disk": SYSTEM_DISK, "snapshot": snapshot}, skip=1))
    snapshot_id = call.snapshot()
    clock.advance(30)
    assert call.look_at(snapshot_id) is not None
    row = call.look_at(snapshot_id)
    clock.advance(60)
    assert (row and row["Percent"], bool(call.look_at(snapshot_id))) == (seen, seen is not None)


def test_a_scenario_file_says_what_happens_at_the_start_and_later(tmp_path: Path, clock: ManualClock) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(f"""
happenings:
  - {{region: {REGION}, disk: {SYSTEM_DISK}, snapshot: begin}}
  - {{region: {REGION}, instance: {INSTANCE}, change: {{state: STOPPED}}, in_seconds: 40}}
faults:
  - {{kind: befall, action: StartInstances, do: {{instance: {INSTANCE}, delete: true, in_seconds: 5}}}}
regions:
  {REGION}:
    instances: [{{instance_id: {INSTANCE}, system_disk: {{disk_id: {SYSTEM_DISK}}}}}]
""")
    with serve(load_world(scenario), clock=clock) as server:
        call = Caller(server)
        assert refusal(call.snapshot) == "InvalidDisk.SnapshotCreating"
        clock.advance(39)
        assert call.instance()["InstanceState"] == "RUNNING"
        clock.advance(2)
        assert call.instance()["InstanceState"] == "STOPPED"
        call.cvm("StartInstances", InstanceIds=[INSTANCE])
        clock.advance(6)
        assert call.cvm("DescribeInstances", InstanceIds=[INSTANCE])["InstanceSet"] == []


def test_what_is_impossible_when_its_time_comes_is_told_in_the_log(server: Server, call: Caller) -> None:
    server.faults.add(at_call("DescribeInstances", {"instance": "ins-zzzzzzzz", "delete": True}))
    server.faults.add(at_call("DescribeInstances", {"instance": INSTANCE, "operate": "StartInstances"}))
    server.faults.add(at_call("DescribeInstances", {"disk": SYSTEM_DISK, "snapshot": "vanish"}))
    call.instance()
    reasons = [entry.params["reason"] for entry in server.log if entry.name == "nothing_befell"]
    assert [word in reason for word, reason in zip(("has no", "RUNNING", "no snapshot"), reasons, strict=True)] == (
        [True] * 3
    )


def test_the_admin_api_lets_things_happen_and_says_what_cannot(server: Server, call: Caller) -> None:
    def post(path: str, body: Any) -> int:
        return httpx2.post(f"{server.url}/_admin/{path}", json=body).status_code

    assert post("happenings", {"region": REGION, **SNAPSHOT_BY_HAND}) == 200
    assert post("happenings", {"region": REGION, **SNAPSHOT_BY_HAND}) == 409
    assert refusal(call.snapshot) == "InvalidDisk.SnapshotCreating"
    assert post("happenings", {"region": REGION, **REBOOTED_BY_HAND, "in_seconds": 5}) == 200
    assert post("account", {"deny": ["DescribeInstances"]}) == 200
    assert refusal(call.instance) == "UnauthorizedOperation"
    assert post("account", {"deny": [], "clock_skew_seconds": 400}) == 200
    assert refusal(call.instance) == "AuthFailure.SignatureExpire"
    assert post("account", {"clock_skew_seconds": 0}) == 200
    assert refusal(call.instance) == ""
    assert post("account", {"colour": "blue"}) == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"instance": INSTANCE},
        {"instance": INSTANCE, "delete": True, "operate": "RebootInstances"},
        {"disk": SYSTEM_DISK, "delete": True},
        {"instance": INSTANCE, "snapshot": "begin"},
    ],
)
def test_a_happening_is_exactly_one_thing(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"give one of|are of an instance"):
        Happening.model_validate(wrong)


def test_a_happening_of_a_world_needs_a_region_of_it() -> None:
    with pytest.raises(ValueError, match="no region"):
        account(happenings=[STOPPED])


def test_a_snapshot_can_be_stuck_at_99_percent(clock: ManualClock) -> None:
    with serve(account(system_disk={"snapshots": "stall", "trouble_at_percent": 99}), clock=clock) as server:
        call = Caller(server)
        snapshot_id = call.snapshot()
        clock.advance(290)
        row = call.look_at(snapshot_id)
        assert row is not None
        assert (row["SnapshotState"], row["Percent"]) == ("CREATING", 99)


def test_a_machine_can_come_back_from_a_reboot_without_its_agent(clock: ManualClock) -> None:
    sick = {"agent_after_reboot": "offline", "symptom": "disk_readonly", "cured_by": "nothing"}
    with serve(account(instance=sick), clock=clock) as server:
        call = Caller(server)
        before = call.agent()
        call.reboot()
        clock.advance(60)
        after = call.agent()
        assert call.instance()["LatestOperationState"] == "SUCCESS"
        assert before is not None
        assert after is not None
        assert (before["AgentStatus"], after["AgentStatus"]) == ("Online", "Offline")


def test_a_machine_can_stay_running_for_long_after_its_reboot_was_accepted(clock: ManualClock) -> None:
    with serve(account(durations={"linger": 20}), clock=clock) as server:
        call = Caller(server)
        call.reboot()
        seen = []
        for seconds in (19, 2, 24, 5):
            clock.advance(seconds)
            row = call.instance()
            seen.append((row["InstanceState"], row["LatestOperationState"]))
        assert seen == [
            ("RUNNING", "OPERATING"),
            ("REBOOTING", "OPERATING"),
            ("RUNNING", "OPERATING"),
            ("RUNNING", "SUCCESS"),
        ]


def test_the_checker_tells_the_gap_from_what_could_have_been_read(server: Server, call: Caller) -> None:
    facts = Facts.of(server.cloud.world, REGION, INSTANCE, unprotected=frozenset([SYSTEM_DISK, DATA_DISK]))
    server.faults.add(at_call("RebootInstances", STOPPED))
    call.instance()
    refusal(call.reboot)
    assert check(server.log, facts) == []  # it was stopped between the look and the act
    call.instance()
    refusal(call.reboot)
    assert [breach.promise for breach in check(server.log, facts)] == ["P9"]
