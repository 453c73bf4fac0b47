"""Logs made by hand, a line a call or an effect, as the simulator would have written them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.checker import Facts, check
from simulator.log import Entry
from tests.simulator.calling import DATA_DISK, INSTANCE, REGION, SYSTEM_DISK

SNAPSHOTS = {SYSTEM_DISK: "snap-aaaaasys", DATA_DISK: "snap-aaaaadat"}


ROLLBACK: dict[str, Any] = {"rungs": ("SOFT", "rollback"), "approved": SNAPSHOTS, "rollback_approved_at": 0}


def facts(**known: Any) -> Facts:
    return Facts(REGION, INSTANCE, **{"disks": (SYSTEM_DISK, DATA_DISK), **known})


class Told:
    """A log that grows; every line comes a second after the one before it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.now = 1_800_000_000.0

    def call(self, name: str, *targets: str, request_id: str = "", error: str | None = None, **more: Any) -> str:
        """A call with the parameters that this action has; returns its request id."""
        params = more.pop("params", None)
        if params is None:
            params = {"CreateSnapshot": {"DiskId": targets[0] if targets else None}}.get(
                name, {"InstanceIds": list(targets)}
            )
        request_id = request_id or f"request-{len(self.entries) + 1}"
        self._add("call", name, params=params, request_id=request_id, error=error, targets=targets, **more)
        return request_id

    def effect(self, name: str, *targets: str, request_id: str | None = None, **params: Any) -> None:
        self._add("effect", name, params=params, request_id=request_id, targets=targets)

    def look(self, **more: Any) -> None:
        """The reads of a guard."""
        self.call("DescribeInstances", INSTANCE, **more)
        self.call("DescribeDisks", INSTANCE, params={"Filters": [{"Name": "instance-id", "Values": [INSTANCE]}]})
        self.call("DescribeSnapshots", *SNAPSHOTS.values(), params={"SnapshotIds": list(SNAPSHOTS.values())})

    def begin(self, disk_id: str, run: str = "run-1", snapshot_id: str = "", purpose: str = "before_repair") -> str:
        snapshot_id = snapshot_id or _snapshot_of(disk_id, run)
        params = {
            "DiskId": disk_id,
            "SnapshotName": f"medic-{run}-{disk_id.removeprefix('disk-')}-{purpose}",
            "Tags": [{"Key": "medic-run", "Value": run}, {"Key": "medic-instance", "Value": INSTANCE}],
        }
        request_id = self.call("CreateSnapshot", disk_id, params=params)
        self.effect("snapshot_begun", snapshot_id, disk_id, request_id=request_id)
        return request_id

    def protect(self, *disks: str, run: str = "run-1", **more: Any) -> None:
        """Ready snapshots of these disks, or of both."""
        for disk_id in disks or SNAPSHOTS:
            self.begin(disk_id, run, **more)
            self.effect("snapshot_normal", more.get("snapshot_id") or _snapshot_of(disk_id, run), disk_id)

    def secure(self, *disks: str, run: str = "run-1") -> None:
        """Ready snapshots by which a rollback can be undone."""
        for disk_id in disks or SNAPSHOTS:
            self.protect(disk_id, run=run, snapshot_id=f"snap-secure{disk_id[-3:]}", purpose="before_rollback")

    def reboot(self, stop_type: str = "SOFT", **more: Any) -> str:
        params = {"InstanceIds": [INSTANCE], "StopType": stop_type}
        request_id = self.call("RebootInstances", INSTANCE, params=params, **more)
        if not more.get("error"):
            self.effect("reboot_accepted", INSTANCE, request_id=request_id)
        return request_id

    def come_back(self, request_id: str | None, what: str = "reboot", end: str = "running") -> None:
        self.effect(f"{what}_started", INSTANCE, request_id=request_id)
        self.effect(f"instance_{end}", INSTANCE)
        self.effect(f"{what}_done", INSTANCE, request_id=request_id)

    def operate(self, what: str, end: str, **params: str) -> None:
        """A StopInstances or StartInstances, to its end; before a stop somebody looks."""
        if what == "stop":
            self.look()
        request_id = self.call(f"{what.title()}Instances", INSTANCE, params={"InstanceIds": [INSTANCE], **params})
        self.effect(f"{what}_accepted", INSTANCE, request_id=request_id)
        self.come_back(request_id, what, end)

    def roll_back(self, disk_id: str, snapshot_id: str = "", **params: Any) -> None:
        snapshot_id = snapshot_id or SNAPSHOTS[disk_id]
        params = {"DiskId": disk_id, "SnapshotId": snapshot_id, **params}
        request_id = self.call("ApplySnapshot", snapshot_id, disk_id, params=params)
        self.effect("rollback_started", disk_id, snapshot_id, request_id=request_id)
        self.effect("rollback_done", disk_id, snapshot_id, request_id=request_id)

    def _add(self, kind: Any, name: str, *, targets: tuple[str, ...], **more: Any) -> None:
        self.now += 1
        region = more.pop("region", REGION)
        at = more.pop("at", self.now)
        self.entries.append(Entry(len(self.entries) + 1, at, kind, name, region, targets=targets, **more))


def _snapshot_of(disk_id: str, run: str) -> str:
    return SNAPSHOTS[disk_id] if run == "run-1" else f"snap-{run.replace('-', '')}{disk_id[-3:]}"


def a_good_run() -> Told:
    told = Told()
    told.look()
    told.protect()
    told.look()
    told.come_back(told.reboot())
    told.look()
    return told


def a_good_rollback() -> Told:
    told = a_good_run()
    told.secure()
    told.operate("stop", "stopped")
    told.roll_back(SYSTEM_DISK)
    told.roll_back(DATA_DISK)
    told.operate("start", "running")
    return told


def a_plan(*steps: Callable[[Told], Any]) -> Told:
    told = Told()
    told.look()
    for step in steps:
        step(told)
    return told


def broken(told: Told, **known: Any) -> set[str]:
    return {breach.promise for breach in check(told.entries, facts(**known))}


def stop(told: Told) -> None:
    told.operate("stop", "stopped", StopType="HARD")


def start(told: Told) -> None:
    told.operate("start", "running")
