"""Facts about instances, disks and snapshots, and the name and expiry that a snapshot of ours is given."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from remediation.cloud import Disk, Snapshot, expiry, local_disk_types, snapshot_name
from tests.remediation.facts import NOW, SYSTEM, a_sighting, an_instance, ready, seen

DISK_IDS = st.from_regex(r"disk-[0-9a-z]{1,32}", fullmatch=True)
RUN_KEYS = st.from_regex(r"[0-9a-f]{10}", fullmatch=True)


@given(RUN_KEYS, RUN_KEYS, DISK_IDS, DISK_IDS)
def test_a_snapshots_name_is_short_and_differs_by_run_disk_and_purpose(
    key: str, other_key: str, disk: str, other_disk: str
) -> None:
    name = snapshot_name(key, disk)
    assert len(name) <= 60
    assert name.isascii()
    assert name == snapshot_name(key, disk)
    assert (name == snapshot_name(other_key, disk)) == (key == other_key)
    assert (name == snapshot_name(key, other_disk)) == (disk == other_disk)
    assert name != snapshot_name(key, disk, "before_rollback")


@pytest.mark.parametrize(("keep", "least"), [(0, 86_400), (3600, 86_400), (86_400, 86_400), (14 * 86_400, 14 * 86_400)])
def test_a_snapshot_is_kept_as_long_as_said_and_a_day_at_least(keep: int, least: int) -> None:
    kept = (expiry(NOW, keep) - NOW).total_seconds()
    # A day to the second would have passed by the time that the call arrives.
    assert least <= kept <= max(keep, 86_400 + 3600)
    assert kept > 86_400 + 300


@pytest.mark.parametrize(
    ("state", "percent", "is_ready", "is_lost"),
    [
        ("NORMAL", 100, True, False),
        ("NORMAL", 99, False, False),
        ("CREATING", 0, False, False),
        ("CREATING", 100, False, False),
        ("", 100, False, False),
        ("TORECYCLE", 100, False, True),
        ("ROLLBACKING", 100, False, True),
        ("COPYING_FROM_REMOTE", 50, False, True),
        ("SOMETHING_NEW", 100, False, True),
    ],
)
def test_a_snapshot_is_ready_when_it_is_normal_and_whole(
    state: str, percent: int, is_ready: bool, is_lost: bool
) -> None:
    snapshot = seen(SYSTEM, state=state, percent=percent)
    assert (snapshot.is_ready, snapshot.is_lost) == (is_ready, is_lost)


@pytest.mark.parametrize(
    "disk_id", ["", "disk-", "ins-0abc", "disk-ABC", "disk-a,disk-b", "disk-a\n", "disk-\u0661", "DISK-a"]
)
def test_accident_an_id_of_the_wrong_kind_makes_no_disk(disk_id: str) -> None:
    with pytest.raises(ValidationError):
        Disk(disk_id=disk_id)


@pytest.mark.parametrize("instance_id", ["", "ins-", "lhins-0abc", "disk-0abc", "ins-ABC", "ins-a/b", "ins-a\n"])
def test_accident_an_id_of_the_wrong_kind_makes_no_instance(instance_id: str) -> None:
    with pytest.raises(ValidationError):
        an_instance(instance_id=instance_id)


@pytest.mark.parametrize("snapshot_id", ["", "snap-", "csnap-0abc", "snap-A", "disk-a"])
def test_accident_an_id_of_the_wrong_kind_makes_no_snapshot(snapshot_id: str) -> None:
    with pytest.raises(ValidationError):
        Snapshot(snapshot_id=snapshot_id, disk_id="disk-sys")


def test_local_disks_are_those_of_the_host() -> None:
    types = {
        "disk-a": "CLOUD_PREMIUM",
        "ldisk-c": "LOCAL_SSD",
        "ldisk-b": "LOCAL_NVME",
        "disk-d": "CLOUD_BSSD",
        "e": "",
    }
    assert local_disk_types(types) == ("ldisk-b", "ldisk-c")


def test_the_right_to_reboot_expires_with_the_snapshot() -> None:
    held = ready(SYSTEM)
    assert held.expires_at == held.seen_ready_at + timedelta(days=14)


def test_a_sighting_survives_its_journey() -> None:
    sighting = a_sighting()
    assert type(sighting).model_validate_json(sighting.model_dump_json()) == sighting
