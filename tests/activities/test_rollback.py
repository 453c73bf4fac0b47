"""The hands that roll a disk back and start the instance after it, on a cloud in memory (P13)."""

from __future__ import annotations

from typing import Any

import pytest

from activities.operations import OperationActivities
from activities.polling import Pace
from activities.snapshots import SnapshotActivities
from remediation.acts import ApplySnapshotInput, StartInput
from remediation.approvals import Approval
from remediation.cloud import APPLY_SNAPSHOT, START, STOP, Operation
from remediation.errors import CloudError, NotYet, Refused
from remediation.report import RolledBack
from remediation.runbooks import Mode
from tests.activities.hands import TARGET, Thawed, attempt, now, protected
from tests.clouds import StagedCloud
from tests.remediation.facts import DATA, RUN_KEY, SYSTEM, an_order, ready
from workflows import acting

STOPPED = Operation(name=STOP, state="SUCCESS", request_id="r-stop")
BOTH = {disk.disk_id: ready(disk).snapshot_id for disk in (SYSTEM, DATA)}


def stopped(cloud: StagedCloud | None = None) -> StagedCloud:
    cloud = cloud or protected()
    cloud.operations[TARGET.instance_id] = STOPPED
    cloud.states[TARGET.instance_id] = "STOPPED"
    return cloud


def an_approval(**disks: str) -> Approval:
    return Approval(by="ada", at=now(), disks=disks or BOTH)


def apply(cloud: StagedCloud, **changes: Any) -> None:
    facts = {"target": TARGET, "order": an_order(), "run_key": RUN_KEY, "baseline": STOPPED}
    wanted = ApplySnapshotInput.model_validate(
        {**facts, "snapshot": ready(SYSTEM), "approval": an_approval(), **changes}
    )
    attempt().run(SnapshotActivities(cloud, Pace(), Thawed()).apply_snapshot, wanted)


def start(cloud: StagedCloud, *rolled_back: RolledBack) -> None:
    wanted = StartInput(
        target=TARGET,
        order=an_order(),
        run_key=RUN_KEY,
        baseline=STOPPED,
        approval=an_approval(),
        rolled_back=rolled_back,
    )
    attempt().run(OperationActivities(cloud, Pace(), Thawed()).start_instance, wanted)


def test_an_approved_disk_of_a_stopped_instance_is_rolled_back_once() -> None:
    cloud = stopped()
    apply(cloud)
    assert cloud.mutating() == [APPLY_SNAPSHOT]
    assert cloud.acted == [f"{APPLY_SNAPSHOT} {SYSTEM.disk_id} {ready(SYSTEM).snapshot_id}"]
    with pytest.raises(NotYet, match="not sent"):
        apply(cloud)
    assert cloud.mutating() == [APPLY_SNAPSHOT]


@pytest.mark.parametrize(
    ("cloud", "changes"),
    [
        pytest.param(protected(), {"order": an_order(mode=Mode.OBSERVE)}, id="observing"),
        pytest.param(protected(), {"approval": Approval(by="ada", at=now(), disks={"disk-dat": "snap-dat"})}, id="no"),
        pytest.param(
            protected(), {"baseline": Operation(name=STOP, request_id="r-before")}, id="somebody else has acted"
        ),
        pytest.param(protected(polls_until_ready=2), {}, id="the snapshot is not ready now"),
        pytest.param(protected(ready(DATA)), {}, id="the snapshot has vanished"),
        pytest.param(protected(disks=(DATA,)), {}, id="the disk is gone"),
    ],
)
def test_a_rollback_is_not_sent(cloud: StagedCloud, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="not sent"):
        apply(stopped(cloud), **changes)
    assert cloud.mutating() == []


def test_a_running_instance_is_not_rolled_back() -> None:
    cloud = stopped()
    cloud.states[TARGET.instance_id] = "RUNNING"
    with pytest.raises(Refused, match="not sent"):
        apply(cloud)
    assert cloud.mutating() == []


ROLLED = [RolledBack(disk_id=disk, snapshot_id=snapshot) for disk, snapshot in BOTH.items()]


@pytest.mark.parametrize("rolled_back", [[], ROLLED], ids=["none of its disks", "all of them"])
def test_an_instance_with_all_of_its_disks_rolled_back_or_none_is_started(rolled_back: list[RolledBack]) -> None:
    cloud = stopped()
    start(cloud, *rolled_back)
    assert cloud.mutating() == [START]


@pytest.mark.parametrize("rolled_back", ROLLED, ids=lambda one: one.disk_id)
def test_a_partly_rolled_back_instance_is_not_started(rolled_back: RolledBack) -> None:
    cloud = stopped()
    with pytest.raises(Refused, match="not sent"):
        start(cloud, rolled_back)
    assert cloud.mutating() == []


def test_a_disk_that_is_still_rolling_back_is_waited_for_before_the_start() -> None:
    cloud = stopped()
    cloud.rolling_back.add(SYSTEM.disk_id)
    with pytest.raises(CloudError) as raised:
        start(cloud, *ROLLED)
    assert type(raised.value) is NotYet
    assert cloud.mutating() == []


def test_what_takes_data_or_service_away_is_never_sent_again_by_its_kind() -> None:
    assert not any(one.resend for one in (acting.REBOOT, acting.STOP, acting.APPLY_SNAPSHOT))
