"""A rollback, the start after it, and a command in the guest: what forbids each on a fresh reading (P9, P13)."""

from __future__ import annotations

from typing import Any

import pytest

from remediation.approvals import Approval
from remediation.cloud import APPLY_SNAPSHOT, STOP, Agent, Disk, Operation, ReadySnapshot, Sighting, Snapshot
from remediation.guardrails import Ruling, Verdict
from remediation.reasons import Code
from remediation.rollback_guardrails import may_apply, may_invoke, may_start
from tests.remediation.facts import DATA, NOW, SYSTEM, an_instance, an_order, ready

STOPPED = Operation(name=STOP, state="SUCCESS", request_id="r-stop")
MINE = ready(SYSTEM)
SEEN = Snapshot(snapshot_id=MINE.snapshot_id, disk_id=MINE.disk_id, name=MINE.name, state="NORMAL", percent=100)
APPROVAL = Approval(by="ada", at=NOW, disks={SYSTEM.disk_id: MINE.snapshot_id})
BOTH = Approval(by="ada", at=NOW, disks={SYSTEM.disk_id: "snap-1", DATA.disk_id: "snap-2"})


def sighting(disks: tuple[Disk, ...] = (SYSTEM, DATA), **facts: Any) -> Sighting:
    stopped: dict[str, Any] = {"state": "STOPPED", "operation": STOPPED}
    return Sighting(instance=an_instance(**{**stopped, **facts}), disks=disks, read_at=NOW)


def applied(
    at: Sighting | None = None,
    *,
    snapshot: ReadySnapshot = MINE,
    seen: Snapshot | None = SEEN,
    approval: Approval = APPROVAL,
) -> Verdict:
    return may_apply(at or sighting(), an_order(), baseline=STOPPED, snapshot=snapshot, seen=seen, approval=approval)


def code(verdict: Verdict) -> Code | None:
    return verdict.reason.code if verdict.reason else None


def test_an_approved_disk_of_a_stopped_instance_goes_back_to_its_own_ready_snapshot() -> None:
    assert applied().allowed


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (applied(sighting(state="RUNNING")), Code.WRONG_STATE),
        (applied(sighting(state="STOPPING")), Code.WRONG_STATE),
        (applied(sighting(restrict_state="EXPIRED")), Code.ISOLATED),
        (applied(sighting(tags={})), Code.OUT_OF_SCOPE),
        (applied(sighting(operation=Operation(name="StartInstances", request_id="r-theirs"))), Code.OTHERS_ACTED),
        (applied(Sighting(instance=None, read_at=NOW)), Code.INSTANCE_UNKNOWN),
        (applied(sighting((DATA,))), Code.DISK_GONE),
        (applied(seen=None), Code.SNAPSHOT_MISSING),
        (applied(seen=SEEN.model_copy(update={"percent": 99})), Code.SNAPSHOT_MISSING),
        (applied(seen=SEEN.model_copy(update={"disk_id": DATA.disk_id})), Code.SNAPSHOT_MISSING),
        (applied(approval=Approval(by="ada", at=NOW, disks={DATA.disk_id: "snap-2"})), Code.NOT_APPROVED),
        (applied(approval=Approval(by="ada", at=NOW, disks={SYSTEM.disk_id: "snap-other"})), Code.NOT_APPROVED),
    ],
)
def test_anything_else_stops_a_rollback(verdict: Verdict, why: Code) -> None:
    assert (verdict.ruling, code(verdict)) == (Ruling.STOP, why)


def test_a_disk_that_is_being_rolled_back_is_waited_for() -> None:
    busy = SYSTEM.model_copy(update={"rolling_back": True})
    assert applied(sighting((busy, DATA))).ruling is Ruling.WAIT
    assert may_start(sighting((busy, DATA)), an_order(), baseline=STOPPED, approval=None, rolled_back={}).ruling is (
        Ruling.WAIT
    )


@pytest.mark.parametrize(
    ("approval", "rolled_back", "why"),
    [
        (None, {}, None),
        (BOTH, {}, None),
        (BOTH, dict(BOTH.disks), None),
        (BOTH, {SYSTEM.disk_id: "snap-1"}, Code.PARTLY_ROLLED_BACK),
        (BOTH, {SYSTEM.disk_id: "snap-1", DATA.disk_id: "snap-other"}, Code.PARTLY_ROLLED_BACK),
        (None, {SYSTEM.disk_id: "snap-1"}, Code.PARTLY_ROLLED_BACK),
    ],
)
def test_an_instance_is_started_with_all_of_its_disks_rolled_back_or_none(
    approval: Approval | None, rolled_back: dict[str, str], why: Code | None
) -> None:
    verdict = may_start(sighting(), an_order(), baseline=STOPPED, approval=approval, rolled_back=rolled_back)
    assert code(verdict) is why


def test_what_somebody_else_has_started_or_stopped_is_not_started() -> None:
    theirs = sighting(operation=Operation(name=APPLY_SNAPSHOT, request_id="r-theirs"))
    verdict = may_start(theirs, an_order(), baseline=STOPPED, approval=None, rolled_back={})
    assert code(verdict) is Code.OTHERS_ACTED
    running = may_start(sighting(state="RUNNING"), an_order(), baseline=STOPPED, approval=None, rolled_back={})
    assert code(running) is Code.WRONG_STATE


@pytest.mark.parametrize(
    ("facts", "agent", "why"),
    [
        ({"state": "RUNNING"}, Agent(online=True), None),
        ({"state": "RUNNING"}, Agent(online=False), Code.AGENT_ABSENT),
        ({"state": "RUNNING"}, None, Code.AGENT_ABSENT),
        ({"state": "STOPPED"}, Agent(online=True), Code.WRONG_STATE),
        ({"state": "RUNNING", "tags": {}}, Agent(online=True), Code.OUT_OF_SCOPE),
    ],
)
def test_a_command_is_run_only_in_a_guest_that_is_ours_to_touch_and_heard(
    facts: dict[str, Any], agent: Agent | None, why: Code | None
) -> None:
    assert code(may_invoke(sighting(**facts), an_order(), agent)) is why


def test_an_instance_that_is_not_there_runs_no_command() -> None:
    nowhere = Sighting(instance=None, read_at=NOW)
    assert code(may_invoke(nowhere, an_order(), Agent(online=True))) is Code.INSTANCE_UNKNOWN
