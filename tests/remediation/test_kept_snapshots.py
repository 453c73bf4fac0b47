"""Which snapshots are ours, whether a run needs them, and how near the quota is."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from remediation.cloud import Snapshot, snapshot_name
from remediation.kept_snapshots import kept_snapshots, quota_of

NOW = datetime(2026, 11, 23, tzinfo=timezone.utc)


def made(number: int, *, days: float, name: str = "", tags: dict[str, str] | None = None) -> Snapshot:
    ours = {"medic-run": "k", "medic-instance": f"ins-{number}"}
    return Snapshot(
        snapshot_id=f"snap-{number}",
        disk_id="disk-sys",
        name=name or snapshot_name("k", "disk-sys", "before_rollback"),
        state="NORMAL",
        size_gib=50,
        taken_at=NOW - timedelta(days=days),
        expires="2026-12-01 00:00:00",
        tags=ours if tags is None else tags,
    )


def test_only_ours_are_listed_the_oldest_first_and_those_in_use_are_marked() -> None:
    found = [made(1, days=1), made(2, days=3), made(3, days=9, name="nightly"), made(4, days=9, tags={})]
    kept = kept_snapshots(found, {"ins-1"}, NOW)
    assert [(one.snapshot_id, one.age_days, one.in_use) for one in kept] == [
        ("snap-2", 3.0, False),
        ("snap-1", 1.0, True),
    ]
    assert (kept[0].purpose, kept[0].cost) == ("before_rollback", "until 2026-12-01 00:00:00")


@pytest.mark.parametrize(("count", "disks", "near"), [(0, 0, False), (51, 0, False), (52, 0, True), (102, 1, False)])
def test_the_quota_is_near_at_four_fifths_of_it(count: int, disks: int, near: bool) -> None:
    assert quota_of(count, disks).is_near is near
