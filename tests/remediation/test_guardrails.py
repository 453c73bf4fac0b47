"""What may not be touched, and why: each guardrail on a reading of this moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from remediation.approvals import Approval
from remediation.cloud import Disk, Operation, Sighting
from remediation.decisions import Order
from remediation.guardrails import GO, Ruling, Verdict, may_begin, may_interrupt, may_snapshot, protectable
from remediation.reasons import Code
from tests.remediation.facts import BASELINE, DATA, NOW, SYSTEM, a_sighting, an_instance, an_order, ready, seen

OPERATING = Operation(name="ResizeInstance", state="OPERATING", request_id="r-0")
SHARED = Disk(disk_id="disk-shared", usage="DATA_DISK", shared=True)
UNABLE = Disk(disk_id="disk-unable", usage="DATA_DISK", can_snapshot=False)
ALLOWED = an_order(runbook={"unprotected": "allow"})
BARE = an_order(runbook={"snapshot": "none", "unprotected": "allow"})


def reboot_verdict(sighting: Sighting | None = None, order: Order | None = None, **changes: Any) -> Verdict:
    facts: dict[str, Any] = {
        "baseline": BASELINE,
        "ready": (ready(SYSTEM), ready(DATA)),
        "seen": (seen(SYSTEM), seen(DATA)),
        "alarmed_at": NOW - timedelta(minutes=10),
    }
    return may_interrupt(sighting or a_sighting(), order or an_order(), **{**facts, **changes})


def said(verdict: Verdict) -> tuple[Ruling, Code | None]:
    return verdict.ruling, verdict.reason.code if verdict.reason else None


NOT_TO_TOUCH = [
    pytest.param(a_sighting(instance=None), Ruling.STOP, Code.INSTANCE_UNKNOWN, id="unknown"),
    pytest.param(a_sighting(instance=an_instance(tags={})), Ruling.STOP, Code.OUT_OF_SCOPE, id="no tag"),
    pytest.param(
        a_sighting(instance=an_instance(tags={"medic": "off"})), Ruling.STOP, Code.OUT_OF_SCOPE, id="other tag"
    ),
    pytest.param(a_sighting(instance=an_instance(restrict_state="EXPIRED")), Ruling.STOP, Code.ISOLATED, id="expired"),
    pytest.param(
        a_sighting(instance=an_instance(restrict_state="")), Ruling.STOP, Code.ISOLATED, id="isolation not known"
    ),
    pytest.param(
        a_sighting(instance=an_instance(restrict_state="PROTECTIVELY_ISOLATED", operation=OPERATING)),
        Ruling.STOP,
        Code.ISOLATED,
        id="isolated and busy",
    ),
    pytest.param(a_sighting(instance=an_instance(state="STOPPED")), Ruling.STOP, Code.WRONG_STATE, id="stopped"),
    pytest.param(
        a_sighting(instance=an_instance(state="RESCUE_MODE")), Ruling.STOP, Code.WRONG_STATE, id="rescue mode"
    ),
    pytest.param(a_sighting(instance=an_instance(state="")), Ruling.STOP, Code.WRONG_STATE, id="state not known"),
]


@pytest.mark.parametrize(("sighting", "ruling", "code"), NOT_TO_TOUCH)
def test_what_is_not_ours_to_touch_stops_every_step(sighting: Sighting, ruling: Ruling, code: Code) -> None:
    assert said(may_begin(sighting, an_order(), "ins-0abc1234")) == (ruling, code)
    assert said(may_snapshot(sighting, an_order(), "disk-sys")) == (ruling, code)
    assert said(reboot_verdict(sighting)) == (ruling, code)


@pytest.mark.parametrize(
    "instance",
    [
        an_instance(operation=OPERATING),
        an_instance(operation=OPERATING, state="STOPPED"),
        an_instance(state="REBOOTING"),
    ],
)
def test_a_busy_instance_is_waited_for_before_acting_but_may_be_begun_with(instance: Any) -> None:
    sighting = a_sighting(instance=instance)
    assert may_begin(sighting, an_order(), "ins-0abc1234") == GO
    assert said(may_snapshot(sighting, an_order(), "disk-sys")) == (Ruling.WAIT, Code.BUSY)
    assert said(reboot_verdict(sighting)) == (Ruling.WAIT, Code.BUSY)


def test_scope_all_needs_no_tag() -> None:
    sighting = a_sighting(instance=an_instance(tags={}))
    assert may_begin(sighting, an_order(scope="all"), "ins-0abc1234") == GO


def test_a_stopping_verdict_names_what_it_is_about() -> None:
    verdict = may_begin(a_sighting(instance=an_instance(tags={})), an_order(), "ins-0abc1234")
    assert verdict.reason is not None
    assert verdict.reason.facts == {"tag": "medic=on", "rule": "disk-read-only"}
    assert not verdict.allowed


@pytest.mark.parametrize(
    ("instance", "disks", "code"),
    [
        pytest.param(an_instance(local_disks=("disk-local",)), (SYSTEM, DATA), Code.UNPROTECTED, id="a local disk"),
        pytest.param(an_instance(local_disks=("disk-local",)), (), Code.UNPROTECTED, id="only local disks"),
        pytest.param(an_instance(), (SYSTEM, SHARED), Code.UNPROTECTED, id="a shared disk"),
        pytest.param(an_instance(), (SYSTEM, UNABLE), Code.UNPROTECTED, id="a disk without snapshot ability"),
        pytest.param(
            an_instance(disk_ids=("disk-sys", "disk-dat", "disk-unseen")),
            (SYSTEM, DATA),
            Code.UNPROTECTED,
            id="a disk that only the instance names",
        ),
        pytest.param(an_instance(), (), Code.NO_DISKS, id="no disks are seen"),
    ],
)
def test_a_disk_that_can_have_no_snapshot_blocks_unless_that_is_allowed(
    instance: Any, disks: tuple[Disk, ...], code: Code
) -> None:
    sighting = a_sighting(instance=instance, disks=disks)
    assert said(may_begin(sighting, an_order(), "ins-0abc1234")) == (Ruling.STOP, code)
    assert said(reboot_verdict(sighting)) == (Ruling.STOP, code)
    assert may_begin(sighting, ALLOWED, "ins-0abc1234") == GO
    assert may_begin(sighting, BARE, "ins-0abc1234") == GO
    assert reboot_verdict(sighting, BARE, ready=(), seen=()) == GO
    assert reboot_verdict(sighting, ALLOWED) == GO


def test_allowing_unprotected_disks_gives_no_leave_to_skip_the_others() -> None:
    sighting = a_sighting(disks=(SYSTEM, SHARED))
    assert said(reboot_verdict(sighting, ALLOWED, ready=(), seen=())) == (Ruling.STOP, Code.SNAPSHOT_MISSING)


def test_a_snapshot_is_begun_only_of_a_disk_that_is_still_attached() -> None:
    assert may_snapshot(a_sighting(), an_order(), "disk-dat") == GO
    assert said(may_snapshot(a_sighting(disks=(SYSTEM,)), an_order(), "disk-dat")) == (Ruling.STOP, Code.DISK_GONE)


def test_a_reboot_goes_with_a_ready_snapshot_of_every_disk() -> None:
    assert reboot_verdict() == GO


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"ready": (ready(SYSTEM),)}, id="no snapshot of one disk"),
        pytest.param({"ready": ()}, id="no snapshot at all"),
        pytest.param({"seen": (seen(SYSTEM),)}, id="one has vanished"),
        pytest.param({"seen": ()}, id="none is seen"),
        pytest.param({"seen": (seen(SYSTEM), seen(DATA, state="CREATING"))}, id="100 % but still being made"),
        pytest.param({"seen": (seen(SYSTEM), seen(DATA, percent=99))}, id="not at 100 %"),
        pytest.param({"seen": (seen(SYSTEM), seen(DATA, state="TORECYCLE"))}, id="on its way to the bin"),
        pytest.param({"seen": (seen(SYSTEM), seen(DATA, state="ROLLBACKING"))}, id="in use"),
        pytest.param({"seen": (seen(SYSTEM), seen(DATA, disk_id="disk-sys"))}, id="of another disk"),
        pytest.param({"seen": (seen(SYSTEM), seen(DATA, name="nightly"))}, id="of another name"),
        pytest.param({"seen": (seen(SYSTEM), seen(DATA, snapshot_id="snap-other"))}, id="another snapshot"),
        pytest.param({"ready": (ready(SYSTEM), ready(SYSTEM))}, id="twice the same disk"),
    ],
)
def test_no_reboot_without_a_snapshot_that_is_ready_at_this_moment(changes: dict[str, Any]) -> None:
    assert said(reboot_verdict(**changes)) == (Ruling.STOP, Code.SNAPSHOT_MISSING)


def test_a_disk_that_was_attached_meanwhile_blocks() -> None:
    verdict = reboot_verdict(a_sighting(disks=(SYSTEM, DATA, Disk(disk_id="disk-new"))))
    assert said(verdict) == (Ruling.STOP, Code.SNAPSHOT_MISSING)
    assert verdict.reason is not None
    assert verdict.reason.facts == {"disk": "disk-new"}


@pytest.mark.parametrize("state", ["SUCCESS", "OPERATING", "FAILED"])
def test_an_instance_on_which_others_acted_is_theirs(state: str) -> None:
    operation = Operation(name="RebootInstances", state=state, request_id="r-theirs")
    verdict = reboot_verdict(a_sighting(instance=an_instance(operation=operation)))
    assert said(verdict) == (Ruling.STOP, Code.OTHERS_ACTED)
    assert verdict.reason is not None
    assert verdict.reason.facts == {"operation": "RebootInstances", "request": "r-theirs"}


@pytest.mark.parametrize(
    ("age", "allowed"),
    [(timedelta(minutes=60), True), (timedelta(minutes=60, seconds=1), False), (timedelta(days=2), False)],
)
def test_accident_a_stale_plan_is_not_carried_out_after_a_pause(age: timedelta, allowed: bool) -> None:
    verdict = reboot_verdict(alarmed_at=NOW - age)
    assert verdict.allowed == allowed
    assert allowed or said(verdict) == (Ruling.STOP, Code.ACT_TOO_LATE)


def test_snapshots_are_made_of_what_can_have_one_the_system_disk_first() -> None:
    assert protectable([DATA, SHARED, SYSTEM, UNABLE]) == (SYSTEM, DATA)


def test_every_verdict_but_go_says_why() -> None:
    assert GO.allowed
    assert GO.reason is None


# --- the rungs after the first, and what people allow ---

OURS = Operation(name="RebootInstances", state="OPERATING", request_id="r-ours")
HANGING = a_sighting(instance=an_instance(state="REBOOTING", operation=OURS))
LATE = NOW - timedelta(hours=3)


@pytest.mark.parametrize(
    ("sighting", "changes", "expected"),
    [
        pytest.param(HANGING, {"baseline": OURS, "replaces": "r-ours"}, (Ruling.GO, None), id="our own that hangs"),
        pytest.param(HANGING, {"baseline": OURS}, (Ruling.WAIT, Code.BUSY), id="it is not to be replaced"),
        pytest.param(
            a_sighting(instance=an_instance(operation=OURS.model_copy(update={"state": "SUCCESS"}))),
            {"baseline": OURS, "replaces": "r-ours"},
            (Ruling.STOP, Code.CAME_BACK),
            id="it has ended after all",
        ),
        pytest.param(
            HANGING,
            {"baseline": BASELINE, "replaces": "r-ours"},
            (Ruling.STOP, Code.OTHERS_ACTED),
            id="somebody else's",
        ),
        pytest.param(
            a_sighting(instance=an_instance(state="REBOOTING", operation=OURS, tags={})),
            {"baseline": OURS, "replaces": "r-ours"},
            (Ruling.STOP, Code.OUT_OF_SCOPE),
            id="out of scope by now",
        ),
    ],
)
def test_only_our_own_reboot_that_hangs_is_replaced(
    sighting: Sighting, changes: dict[str, Any], expected: tuple[Ruling, Code | None]
) -> None:
    assert said(reboot_verdict(sighting, **changes)) == expected


def yes(age: timedelta, *unprotected: str) -> Approval:
    return Approval(by="ada", at=NOW - age, unprotected=unprotected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"alarmed_at": LATE}, (Ruling.STOP, Code.ACT_TOO_LATE), id="nobody said yes"),
        pytest.param({"alarmed_at": LATE, "approval": yes(timedelta(minutes=5))}, (Ruling.GO, None), id="a fresh yes"),
        pytest.param(
            {"alarmed_at": LATE, "approval": yes(timedelta(hours=2))}, (Ruling.STOP, Code.ACT_TOO_LATE), id="an old yes"
        ),
        pytest.param(
            {"ready": (ready(SYSTEM),), "approval": yes(timedelta(), DATA.disk_id)}, (Ruling.GO, None), id="this disk"
        ),
        pytest.param(
            {"ready": (ready(SYSTEM),), "approval": yes(timedelta(), "disk-other")},
            (Ruling.STOP, Code.SNAPSHOT_MISSING),
            id="another disk",
        ),
    ],
)
def test_a_yes_allows_what_it_names_for_as_long_as_an_alarm_is_fresh(
    changes: dict[str, Any], expected: tuple[Ruling, Code | None]
) -> None:
    assert said(reboot_verdict(**changes)) == expected
