"""Pages: twenty unless asked for more, a hundred at most, and nothing is lost at the boundaries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.server import Server, serve
from tests.simulator.calling import Caller, account, machines


@pytest.fixture(scope="module")
def crowd() -> Iterator[Server]:
    """A region of 101 machines with a disk each, beside the one with two."""
    with serve(account(more=machines(100), limits=False)) as running:
        yield running


@pytest.mark.parametrize(
    ("service", "action", "rows", "total"),
    [
        ("cvm", "DescribeInstances", "InstanceSet", 101),
        ("cvm", "DescribeInstancesStatus", "InstanceStatusSet", 101),
        ("cbs", "DescribeDisks", "DiskSet", 102),
        ("tat", "DescribeAutomationAgentStatus", "AutomationAgentSet", 101),
    ],
)
def test_no_row_is_lost_or_given_twice_at_a_boundary(
    crowd: Server, service: str, action: str, rows: str, total: int
) -> None:
    call = getattr(Caller(crowd), service)
    first = call(action)
    assert (first["TotalCount"], len(first[rows])) == (total, 20)
    assert len(call(action, Limit=100)[rows]) == 100
    assert len(call(action, Limit=100, Offset=100)[rows]) == total - 100
    assert call(action, Limit=100, Offset=total)[rows] == []
    key = "DiskId" if action == "DescribeDisks" else "InstanceId"
    seen = [row[key] for offset in range(0, total, 20) for row in call(action, Offset=offset)[rows]]
    assert len(seen) == len(set(seen)) == total


def test_snapshots_are_paged_as_well() -> None:
    old = [
        {"snapshot_id": f"snap-{number:08}", "disk_id": "disk-aaaaasys", "age_seconds": number} for number in range(21)
    ]
    with serve(account(region={"snapshots": old})) as server:
        call = Caller(server)
        first = call.cbs("DescribeSnapshots")
        assert (first["TotalCount"], len(first["SnapshotSet"])) == (21, 20)
        [last] = call.cbs("DescribeSnapshots", Offset=20)["SnapshotSet"]
        assert last["SnapshotId"] == "snap-00000020"
