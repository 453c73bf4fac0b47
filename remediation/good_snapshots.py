"""Which snapshot of a disk is the last good one: ready, from before the alarm, and not of this run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from remediation.cloud import GoodSnapshot, Snapshot, run_prefix
from remediation.contract import GoodSnapshotAsked

# `taken_at` is the latest moment that the cloud's word can mean; the earliest is so much before it.
_ZONE_DOUBT = timedelta(hours=8)


def good_snapshot(snapshots: Iterable[Snapshot], asked: GoodSnapshotAsked) -> GoodSnapshot | None:
    """The newest of one disk that is certainly from before, and, if that is asked, certainly from after."""
    own = run_prefix(asked.run_key)
    found = [
        GoodSnapshot(snapshot_id=one.snapshot_id, disk_id=one.disk_id, name=one.name, taken_at=one.taken_at)
        for one in snapshots
        if one.is_ready
        and one.taken_at is not None
        and one.taken_at < asked.before
        and (asked.after is None or one.taken_at - _ZONE_DOUBT >= asked.after)
        and not one.name.startswith(own)
    ]
    return max(found, key=lambda one: (one.taken_at, one.snapshot_id), default=None)
