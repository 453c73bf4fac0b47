"""What the activities' tests share: an attempt as the server would have begun it, and the inputs of each activity."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from temporalio.testing import ActivityEnvironment

from remediation.acts import CreateSnapshotInput, Lost, RebootInput, Target, Wanted
from remediation.cloud import Disk, Operation, ReadySnapshot, Snapshot
from remediation.freezes import Freeze
from tests.clouds import StagedCloud
from tests.remediation.facts import BASELINE, DATA, RUN_KEY, SYSTEM, an_order, ready

TARGET = Target(region="ap-guangzhou", instance_id="ins-0abc1234")


@dataclass
class Thawed:
    """Says of every region that it is not frozen, or what a test wants to be said."""

    freeze: Freeze | None = None
    asked: list[str] = field(default_factory=list)

    def in_force(self, region: str) -> Freeze | None:
        self.asked.append(region)
        return self.freeze


def now() -> datetime:
    return datetime.now(timezone.utc)


def attempt(*, begun_ago: float = 0.0, scheduled_ago: float = 0.0, allowed: float | None = 30.0) -> ActivityEnvironment:
    """An attempt that began and was scheduled so many seconds ago, with `allowed` seconds to its end."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info,
        started_time=now() - timedelta(seconds=begun_ago),
        scheduled_time=now() - timedelta(seconds=max(scheduled_ago, begun_ago)),
        start_to_close_timeout=None if allowed is None else timedelta(seconds=allowed),
    )
    return environment


def a_snapshot_input(disk: Disk = SYSTEM, **changes: Any) -> CreateSnapshotInput:
    facts: dict[str, Any] = {
        "target": TARGET,
        "order": an_order(),
        "run_key": RUN_KEY,
        "disk": disk,
        "name": ready(disk).name,
        "expires_at": now() + timedelta(days=14),
    }
    return CreateSnapshotInput(**{**facts, **changes})


def a_reboot_input(**changes: Any) -> RebootInput:
    facts: dict[str, Any] = {
        "target": TARGET,
        "order": an_order(),
        "run_key": RUN_KEY,
        "baseline": BASELINE,
        "ready": (ready(SYSTEM), ready(DATA)),
        "alarmed_at": now() - timedelta(minutes=5),
    }
    return RebootInput(**{**facts, **changes})


def lost(settled_in: float, wanted: Wanted) -> Lost[Wanted]:
    """This call, whose outcome is unknown until so many seconds from now."""
    return Lost(wanted=wanted, since=now(), settled_at=now() + timedelta(seconds=settled_in))


def protected(*ready_ones: ReadySnapshot, **staging: Any) -> StagedCloud:
    """A cloud that holds these snapshots, ready."""
    cloud = StagedCloud(**staging)
    for one in ready_ones or (ready(SYSTEM), ready(DATA)):
        cloud.snapshots[one.snapshot_id] = Snapshot(
            snapshot_id=one.snapshot_id, disk_id=one.disk_id, name=one.name, state="CREATING"
        )
    return cloud


def raising(action: str, error: Exception, cloud: StagedCloud) -> StagedCloud:
    """A cloud whose every call of this action ends so."""

    def on_call(called: str) -> None:
        if called == action:
            raise error

    cloud.on_call = on_call
    return cloud


def operation(cloud: StagedCloud, **facts: str) -> StagedCloud:
    """A cloud that knows this as the instance's last operation."""
    cloud.operations[TARGET.instance_id] = Operation(**facts)
    return cloud
