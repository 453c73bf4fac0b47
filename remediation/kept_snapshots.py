"""The snapshots that we made and that are still there: whose they are, how old, and how near the quota is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from remediation.cloud import OUR_PREFIX, Snapshot
from remediation.models import Fact

NEAR_PERCENT = 80


class Kept(Fact):
    """One snapshot of ours.

    Attributes:
        purpose: before_repair or before_rollback, by its name.
        taken_at: the latest moment that the cloud's word for it can mean.
        cost: what makes it cost: `permanent`, or `until ` its deadline.
        in_use: a run of its instance is at work: it is never to be deleted now.
    """

    snapshot_id: str
    disk_id: str
    instance_id: str
    usage: str
    size_gib: int
    state: str
    purpose: str
    run_key: str
    taken_at: datetime | None
    age_days: float | None
    cost: str
    in_use: bool


class Quota(Fact):
    """A region's snapshots, of 64 and 64 more for each of its disks (Tencent's documentation of CBS, limits)."""

    count: int
    limit: int

    @property
    def is_near(self) -> bool:
        return self.count * 100 >= self.limit * NEAR_PERCENT


def kept_snapshots(snapshots: Iterable[Snapshot], at_work: Collection[str], now: datetime) -> tuple[Kept, ...]:
    """Those of ours, the oldest first.

    Args:
        at_work: the instances that have a run at work.
    """
    ours = [
        _kept(one, at_work, now) for one in snapshots if one.name.startswith(OUR_PREFIX) and "medic-run" in one.tags
    ]
    return tuple(sorted(ours, key=lambda one: (one.taken_at is None, one.taken_at or now, one.snapshot_id)))


def quota_of(snapshots: int, disks: int) -> Quota:
    """How many there are, and how many there may be."""
    return Quota(count=snapshots, limit=64 + 64 * disks)


def _kept(one: Snapshot, at_work: Collection[str], now: datetime) -> Kept:
    instance_id = one.tags.get("medic-instance", "")
    age = (now - one.taken_at).total_seconds() / 86_400 if one.taken_at is not None else None
    return Kept(
        snapshot_id=one.snapshot_id,
        disk_id=one.disk_id,
        instance_id=instance_id,
        usage=one.usage,
        size_gib=one.size_gib,
        state=one.state,
        purpose=one.name.rpartition("-")[2],
        run_key=one.tags["medic-run"],
        taken_at=one.taken_at,
        age_days=round(age, 1) if age is not None else None,
        cost="permanent" if one.permanent or not one.expires else f"until {one.expires}",
        in_use=instance_id in at_work,
    )
