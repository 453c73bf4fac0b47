"""One set of snapshots: of these disks, for this purpose, ready by then."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from remediation.cloud import Disk, ReadySnapshot
    from remediation.report import SnapshotTaken
    from remediation.runbooks import SnapshotPolicy
    from workflows.attempt import Attempt

BEFORE_REPAIR = "before_repair"
Making = asyncio.Task[ReadySnapshot]


@dataclass(frozen=True)
class SnapshotSet:
    """One set of snapshots: of these disks, for this purpose, of an instance in this state, ready by then."""

    attempt: Attempt
    policy: SnapshotPolicy
    disks: tuple[Disk, ...]
    by: datetime
    purpose: str
    state: str

    @property
    def bare(self) -> tuple[Disk, ...]:
        """The disks whose snapshot is not ready."""
        taken = self.attempt.snapshots
        return tuple(disk for disk in self.disks if not _is_ready(taken.get((disk.disk_id, self.purpose))))


def failure(task: Making) -> BaseException | None:
    """Why it came to nothing, if it has."""
    return task.exception() if task.done() and not task.cancelled() else None


def _is_ready(taken: SnapshotTaken | None) -> bool:
    return taken is not None and taken.ready
