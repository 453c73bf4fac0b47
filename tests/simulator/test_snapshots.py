"""The life of a snapshot, and every reason why there is none."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from simulator.clock import ManualClock
from simulator.cloud import Cloud
from simulator.server import Server, serve
from tests.simulator.calling import DATA_DISK, INSTANCE, REGION, SYSTEM_DISK, Caller, account, refusal


def _progress(call: Caller, snapshot_id: str) -> tuple[str, int]:
    row = call.look_at(snapshot_id)
    assert row is not None
    return row["SnapshotState"], row["Percent"]


def _in(seconds: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def test_a_snapshot_grows_stays_creating_at_a_hundred_and_is_then_normal(call: Caller, clock: ManualClock) -> None:
    snapshot_id = call.snapshot(SnapshotName="medic-1")
    assert snapshot_id.startswith("snap-")
    seen = [_progress(call, snapshot_id)]
    for seconds in (30, 31, 5):
        clock.advance(seconds)
        seen.append(_progress(call, snapshot_id))
    assert seen == [("CREATING", 0), ("CREATING", 50), ("CREATING", 100), ("NORMAL", 100)]


def test_a_disk_makes_one_snapshot_at_a_time(call: Caller, clock: ManualClock) -> None:
    first = call.snapshot()
    assert refusal(call.snapshot) == "InvalidDisk.SnapshotCreating"
    call.snapshot(DATA_DISK)
    clock.advance(66)
    assert _progress(call, first) == ("NORMAL", 100)
    assert refusal(call.snapshot) == ""


@pytest.mark.parametrize(
    ("disk", "code"),
    [
        ({"snapshot_ability": False}, "InvalidDisk.NotSupportSnapshot"),
        ({"shareable": True}, "UnsupportedOperation.ShareDiskNotSupportSnap"),
        ({"type": "LOCAL_BASIC"}, "InvalidDiskId.NotFound"),
        ({"migrating": True}, "ResourceInUse.DiskMigrating"),
    ],
)
def test_a_disk_that_cannot_be_snapshotted_says_why(disk: dict[str, Any], code: str) -> None:
    with serve(account(system_disk=disk)) as server:
        assert refusal(Caller(server).snapshot) == code


def test_a_full_quota_refuses_more(clock: ManualClock) -> None:
    with serve(account(region={"snapshot_quota": 1}), clock=clock) as server:
        call = Caller(server)
        snapshot_id = call.snapshot()
        assert refusal(lambda: call.snapshot(DATA_DISK)) == "InsufficientSnapshotQuota"
        assert refusal(lambda: call.cbs("DeleteSnapshots", SnapshotIds=[snapshot_id])) == (
            "ResourceUnavailable.SnapshotCreating"
        )
        clock.advance(66)
        call.cbs("DeleteSnapshots", SnapshotIds=[snapshot_id])
        assert call.look_at(snapshot_id) is None
        assert refusal(lambda: call.snapshot(DATA_DISK)) == ""


def test_the_quota_of_tencent_is_64_and_64_for_each_disk(server: Server) -> None:
    assert server.cloud.regions["ap-guangzhou"].snapshot_quota == 64 + 2 * 64


def test_what_was_given_is_kept_and_times_are_written_as_china_writes_them(call: Caller) -> None:
    expires = datetime.now(timezone.utc) + timedelta(days=14)
    snapshot_id = call.snapshot(
        DATA_DISK, SnapshotName="medic-1", Deadline=_in(14 * 86_400), Tags=[{"Key": "medic", "Value": "run-1"}]
    )
    row = call.look_at(snapshot_id)
    assert row is not None
    wanted = {"SnapshotName": "medic-1", "DiskId": DATA_DISK, "DiskUsage": "DATA_DISK", "DiskSize": 200}
    assert {name: row[name] for name in wanted} == wanted
    assert (row["Tags"], row["IsPermanent"]) == ([{"Key": "medic", "Value": "run-1"}], False)
    written = datetime.strptime(row["DeadlineTime"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone(timedelta(hours=8)))
    assert abs((written - expires).total_seconds()) < 5


@pytest.mark.parametrize(
    "deadline", [_in(3600), "tomorrow", "2099-01-01T00:00:00"], ids=["in an hour", "no date", "without a zone"]
)
def test_a_deadline_is_a_moment_at_least_a_day_ahead(still: Server, deadline: str) -> None:
    assert refusal(lambda: Caller(still).snapshot(Deadline=deadline)) == "InvalidParameterValue"


def test_a_snapshot_is_gone_after_its_deadline(call: Caller, server: Server, clock: ManualClock) -> None:
    snapshot_id = call.snapshot(Deadline=_in(2 * 86_400))
    clock.advance(2 * 86_400 + 10)
    assert [(entry.name, entry.targets[0]) for entry in server.log if entry.kind == "effect"] == [
        ("snapshot_begun", snapshot_id),
        ("snapshot_normal", snapshot_id),
        ("snapshot_expired", snapshot_id),
    ]


@pytest.mark.parametrize(("trouble", "seen"), [("stall", ("CREATING", 50)), ("vanish", None)])
def test_a_snapshot_can_stall_or_vanish_without_a_word(
    clock: ManualClock, trouble: str, seen: tuple[str, int] | None
) -> None:
    with serve(account(system_disk={"snapshots": trouble}), clock=clock) as server:
        call = Caller(server)
        snapshot_id = call.snapshot()
        clock.advance(120)
        row = call.look_at(snapshot_id)
        assert (row and (row["SnapshotState"], row["Percent"])) == seen


def test_a_new_snapshot_can_be_listed_late(clock: ManualClock) -> None:
    with serve(account(durations={"listing_lag": 5}), clock=clock) as server:
        call = Caller(server)
        snapshot_id = call.snapshot()
        assert call.look_at(snapshot_id) is None
        clock.advance(5)
        assert call.look_at(snapshot_id) is not None


def test_snapshots_are_found_by_filters_newest_first(call: Caller, clock: ManualClock) -> None:
    old = call.snapshot(SnapshotName="one")
    clock.advance(70)
    new = call.snapshot(SnapshotName="two")
    of_disk = [{"Name": "disk-id", "Values": [SYSTEM_DISK]}]
    found = call.cbs("DescribeSnapshots", Filters=of_disk)["SnapshotSet"]
    assert [row["SnapshotId"] for row in found] == [new, old]
    found = call.cbs("DescribeSnapshots", Filters=of_disk, OrderField="CREATE_TIME", Order="ASC")["SnapshotSet"]
    assert [row["SnapshotId"] for row in found] == [old, new]
    ready = [{"Name": "snapshot-state", "Values": ["NORMAL"]}, {"Name": "snapshot-name", "Values": ["one", "two"]}]
    assert [row["SnapshotId"] for row in call.cbs("DescribeSnapshots", Filters=ready)["SnapshotSet"]] == [old]


def test_disks_are_found_by_their_machine_and_local_ones_are_none_of_cbs(server: Server, call: Caller) -> None:
    of_instance = [{"Name": "instance-id", "Values": [INSTANCE]}]
    found = call.cbs("DescribeDisks", Filters=of_instance)["DiskSet"]
    assert [(row["DiskId"], row["DiskUsage"], row["SnapshotAbility"], row["Attached"]) for row in found] == [
        (SYSTEM_DISK, "SYSTEM_DISK", True, True),
        (DATA_DISK, "DATA_DISK", True, True),
    ]
    assert call.cbs("DescribeDisks", DiskIds=["disk-zzzzzzzz"])["DiskSet"] == []
    with serve(account(system_disk={"type": "LOCAL_SSD"})) as other:
        rows = Caller(other).cbs("DescribeDisks", Filters=of_instance)["DiskSet"]
        assert [row["DiskId"] for row in rows] == [DATA_DISK]
        assert Caller(other).instance()["SystemDisk"]["DiskType"] == "LOCAL_SSD"


def test_the_ids_are_the_same_in_every_run_of_the_same_seed() -> None:
    def ids(seed: int) -> list[str]:
        cloud = Cloud(account(seed=seed))
        return [cloud.new_id(cloud.regions[REGION].snapshots, "snap-") for _ in range(3)]

    assert ids(7) == ids(7)
    assert ids(7) != ids(8)


def test_those_that_were_there_before_are_shown_with_who_made_them_and_until_when(clock: ManualClock) -> None:
    ours = {"snapshot_id": "snap-ours0000", "disk_id": DATA_DISK, "age_seconds": 7200, "keep_seconds": 100}
    ours["tags"] = {"medic-run": "run-0"}
    of_policy = {"snapshot_id": "snap-policy00", "disk_id": DATA_DISK, "age_seconds": 3600, "policy_id": "asp-daily000"}
    with serve(account(region={"snapshots": [ours, of_policy]}), clock=clock) as server:
        call = Caller(server)
        rows = call.cbs("DescribeSnapshots", OrderField="CREATE_TIME", Order="ASC")["SnapshotSet"]
        assert [(row["SnapshotId"], row["AutoSnapshotPolicyId"], row["DiskSize"]) for row in rows] == [
            ("snap-ours0000", None, 200),
            ("snap-policy00", "asp-daily000", 200),
        ]
        assert rows[0]["Tags"] == [{"Key": "medic-run", "Value": "run-0"}]
        assert [(row["IsPermanent"], row["DeadlineTime"] == "") for row in rows] == [(False, False), (True, True)]
        created = [datetime.fromisoformat(row["CreateTime"] + "+08:00").timestamp() for row in rows]
        assert created == pytest.approx([clock.now() - 7200, clock.now() - 3600], abs=1)
        newest, *_ = call.cbs("DescribeSnapshots", Filters=[{"Name": "disk-id", "Values": [DATA_DISK]}])["SnapshotSet"]
        assert newest["SnapshotId"] == "snap-policy00"
        clock.advance(101)
        assert call.look_at("snap-ours0000") is None
        assert [entry.name for entry in server.log if entry.kind == "effect"] == ["snapshot_expired"]


def test_the_overview_counts_snapshots_and_their_size(clock: ManualClock) -> None:
    old = {"snapshot_id": "snap-oldoldol", "disk_id": DATA_DISK}
    with serve(account(region={"snapshots": [old]}), clock=clock) as server:
        call = Caller(server)
        call.snapshot()
        told = call.cbs("DescribeSnapshotOverview")
        assert {name: told[name] for name in ("TotalNums", "TotalSize", "FreeQuota", "RealTradeSize")} == {
            "TotalNums": 2,
            "TotalSize": 250.0,
            "FreeQuota": 80.0,
            "RealTradeSize": 170.0,
        }
        empty = Caller(server, region="ap-shanghai").cbs("DescribeSnapshotOverview")
        assert (empty["TotalNums"], empty["RealTradeSize"]) == (0, 0.0)
