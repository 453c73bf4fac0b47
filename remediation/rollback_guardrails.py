"""Checks that may forbid a rollback, the start after it, or a command in the guest, each on a fresh reading."""

from __future__ import annotations

from remediation.approvals import Approval
from remediation.cloud import Agent, Disk, Operation, ReadySnapshot, Sighting, Snapshot
from remediation.decisions import Order
from remediation.guardrails import GO, Verdict, may_touch, others_acted, stop, wait
from remediation.reasons import Code


def may_apply(
    sighting: Sighting,
    order: Order,
    *,
    baseline: Operation,
    snapshot: ReadySnapshot,
    seen: Snapshot | None,
    approval: Approval,
) -> Verdict:
    """Whether this disk may be rolled back now: approved, its own ready snapshot, and the instance stopped (P13)."""
    verdict = _is_stopped(sighting, order, baseline)
    if not verdict.allowed:
        return verdict
    disk_id = snapshot.disk_id
    if approval.disks.get(disk_id) != snapshot.snapshot_id:
        return stop(Code.NOT_APPROVED, disk=disk_id, snapshot=snapshot.snapshot_id)
    disk = _disk(sighting, disk_id)
    if disk is None:
        return stop(Code.DISK_GONE, disk=disk_id)
    if disk.rolling_back:
        return wait(Code.ROLLING_BACK, disk=disk_id)
    if seen is None or not seen.is_ready or (seen.disk_id, seen.snapshot_id) != (disk_id, snapshot.snapshot_id):
        return stop(Code.SNAPSHOT_MISSING, disk=disk_id)
    return GO


def may_start(
    sighting: Sighting,
    order: Order,
    *,
    baseline: Operation,
    approval: Approval | None,
    rolled_back: dict[str, str],
) -> Verdict:
    """Whether the stopped instance may be started: never with some of its disks rolled back and others not (P13).

    Args:
        rolled_back: disk id → snapshot id of what was seen to be rolled back.
    """
    verdict = _is_stopped(sighting, order, baseline)
    if not verdict.allowed:
        return verdict
    busy = [disk.disk_id for disk in sighting.disks if disk.rolling_back]
    if busy:
        return wait(Code.ROLLING_BACK, disk=", ".join(busy))
    if rolled_back and (approval is None or rolled_back != approval.disks):
        missing = set(approval.disks if approval else ()) ^ set(rolled_back)
        return stop(Code.PARTLY_ROLLED_BACK, disks=", ".join(sorted(missing or rolled_back)))
    return GO


def may_invoke(sighting: Sighting, order: Order, agent: Agent | None) -> Verdict:
    """Whether a command may be run in the guest: it runs, is ours to touch, and its agent is heard."""
    if sighting.instance is None:
        return stop(Code.INSTANCE_UNKNOWN, instance="")
    verdict = may_touch(sighting.instance, order)
    if not verdict.allowed:
        return verdict
    return GO if agent is not None and agent.online else stop(Code.AGENT_ABSENT)


def _is_stopped(sighting: Sighting, order: Order, baseline: Operation) -> Verdict:
    instance = sighting.instance
    if instance is None:
        return stop(Code.INSTANCE_UNKNOWN, instance="")
    if instance.operation.request_id != baseline.request_id:
        return others_acted(instance.operation)
    return may_touch(instance, order, "STOPPED")


def _disk(sighting: Sighting, disk_id: str) -> Disk | None:
    return next((disk for disk in sighting.disks if disk.disk_id == disk_id), None)
