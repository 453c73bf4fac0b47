"""Which snapshots of before the alarm there are: one reading for each disk, all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.snapshots import SnapshotActivities
    from remediation.cloud import Disk, GoodSnapshot
    from remediation.contract import GoodSnapshotAsked, Queue
    from workflows.attempt import Attempt


async def find_good_snapshots(
    attempt: Attempt, disks: Iterable[Disk], *, after: datetime | None = None, within: float
) -> tuple[GoodSnapshot, ...]:
    """The newest ready one of each disk that has one, from before the alarm.

    Raises:
        Expired, CallFailed, Interrupted
    """

    async def newest(disk: Disk) -> GoodSnapshot | None:
        asked = GoodSnapshotAsked(
            target=attempt.target,
            disk_id=disk.disk_id,
            before=attempt.wanted.alarm.occurred_at,
            after=after,
            run_key=attempt.wanted.run_key,
        )
        return await attempt.calls.read(
            SnapshotActivities.find_good_snapshot,
            asked,
            queue=Queue.SNAPSHOT_WAITS,
            within=within,
            summary=f"which snapshot of {disk.disk_id} is from before the alarm?",
        )

    found = await asyncio.gather(*(newest(disk) for disk in disks))
    return tuple(one for one in found if one is not None)
