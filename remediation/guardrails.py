"""Checks that may forbid acting, each on a fresh reading; each says why, with its numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

from remediation.approvals import Approval
from remediation.cloud import REBOOT, Disk, Instance, Operation, ReadySnapshot, Sighting, Snapshot
from remediation.config import TagScope
from remediation.decisions import Order
from remediation.durations import write_duration
from remediation.freezes import Freeze, frozen
from remediation.models import Fact
from remediation.reasons import Code, Reason, because


class Ruling(str, Enum):
    """What a guardrail says."""

    GO = "go"
    WAIT = "wait"
    STOP = "stop"


class Verdict(Fact):
    """A guardrail's answer; `reason` is there unless it is GO."""

    ruling: Ruling
    reason: Reason | None = None

    @property
    def allowed(self) -> bool:
        return self.ruling is Ruling.GO


GO = Verdict(ruling=Ruling.GO)

# An instance's own word on it, above any rule: medic=off is left alone, medic=ask is asked about.
OPT_TAG = "medic"


def may_begin(sighting: Sighting, order: Order, asked_for: str) -> Verdict:
    """Whether this instance may be worked on at all: it exists, is in scope, runs, and can be protected."""
    instance = sighting.instance
    if instance is None:
        return stop(Code.INSTANCE_UNKNOWN, instance=asked_for)
    operation = instance.operation
    if operation.name == REBOOT and operation.in_progress:
        # It may heal it; ours after it would be a second outage.
        return others_acted(operation)
    verdict = may_touch(instance, order)
    if verdict.ruling is Ruling.STOP:
        return verdict
    return may_protect(instance, sighting.disks, order)


def may_touch(instance: Instance, order: Order, state: str = "RUNNING") -> Verdict:
    """Whether the instance is ours to touch and in the state that an action needs (P9, P14)."""
    if isinstance(order.scope, TagScope) and not order.scope.holds(instance.tags):
        return stop(Code.OUT_OF_SCOPE, tag=order.scope.tag, rule=order.rule)
    if instance.tags.get(OPT_TAG) == "off":
        return stop(Code.OPTED_OUT, tag=f"{OPT_TAG}=off")
    if instance.is_isolated:
        return stop(Code.ISOLATED, state=instance.restrict_state)
    if _is_under_way(instance):
        operation = instance.operation
        return wait(Code.BUSY, operation=operation.name or instance.state, request=operation.request_id or "-")
    if "LIVE_MIGRATE" in instance.state:
        return wait(Code.BUSY, operation=instance.state, request=instance.operation.request_id or "-")
    if instance.state != state:
        return stop(Code.WRONG_STATE, state=instance.state)
    return GO


def may_send(freeze: Freeze | None) -> Verdict:
    """Whether anything may be changed at all: not while people have frozen it (P14)."""
    return GO if freeze is None else Verdict(ruling=Ruling.STOP, reason=frozen(freeze))


def others_acted(operation: Operation) -> Verdict:
    """Somebody else has worked on the instance since it was looked at first."""
    return stop(Code.OTHERS_ACTED, operation=operation.name, request=operation.request_id)


def may_snapshot(sighting: Sighting, order: Order, disk_id: str, state: str = "RUNNING") -> Verdict:
    """Whether a snapshot of this disk may be begun now: it is still a disk of an instance that is ours to touch."""
    if sighting.instance is None:
        return stop(Code.INSTANCE_UNKNOWN, instance="")
    verdict = may_touch(sighting.instance, order, state)
    if not verdict.allowed:
        return verdict
    if disk_id not in {disk.disk_id for disk in sighting.disks}:
        return stop(Code.DISK_GONE, disk=disk_id)
    return GO


def may_protect(instance: Instance, disks: Iterable[Disk], order: Order) -> Verdict:
    """Whether every disk can have a snapshot; `unprotected: allow` is the one exception (P1)."""
    if order.runbook.unprotected == "allow":
        return GO
    disks = tuple(disks)
    bare = [*instance.local_disks, *(disk.disk_id for disk in disks if disk.shared or not disk.can_snapshot)]
    # A disk that the instance has and DescribeDisks does not show must not be overlooked.
    bare += sorted(set(instance.disk_ids) - {disk.disk_id for disk in disks} - set(bare))
    if bare:
        return stop(Code.UNPROTECTED, disks=", ".join(bare))
    if not disks:
        return stop(Code.NO_DISKS)
    return GO


def may_interrupt(
    sighting: Sighting,
    order: Order,
    *,
    baseline: Operation,
    ready: tuple[ReadySnapshot, ...],
    seen: tuple[Snapshot, ...],
    alarmed_at: datetime,
    approval: Approval | None = None,
    replaces: str = "",
) -> Verdict:
    """Whether the reboot or stop of this rung may be sent now, on a reading of this moment (P1, P9).

    Args:
        baseline: the instance's last operation before the send, as history has it.
        ready: the snapshots that this run holds.
        seen: the same snapshots as read a moment ago.
        alarmed_at: when the fault happened.
        approval: what a person has allowed; with it the alarm is as old as the yes.
        replaces: our own reboot, the baseline, which had not ended: this may take its place, unless it has ended since.
    """
    instance = sighting.instance
    if instance is None:
        return stop(Code.INSTANCE_UNKNOWN, instance="")
    if instance.operation.request_id != baseline.request_id:
        return others_acted(instance.operation)
    if replaces and not _is_under_way(instance):
        return stop(Code.CAME_BACK, request=replaces)
    verdict = _may_replace(instance, order) if replaces else may_touch(instance, order)
    if not verdict.allowed:
        return verdict
    age = sighting.read_at - (max(alarmed_at, approval.at) if approval is not None else alarmed_at)
    if age > timedelta(seconds=order.act_within_seconds):
        limit = write_duration(order.act_within_seconds)
        return stop(Code.ACT_TOO_LATE, age=f"{int(age.total_seconds() // 60)} min", limit=limit)
    bare = approval.unprotected if approval is not None else ()
    return _all_protected(instance, sighting.disks, order, ready, seen, bare)


def _is_under_way(instance: Instance) -> bool:
    return instance.operation.in_progress or instance.state == "REBOOTING"


def _may_replace(instance: Instance, order: Order) -> Verdict:
    """As `may_touch`, of an instance that our own reboot has in its hands."""
    at_rest = instance.operation.model_copy(update={"state": "SUCCESS"})
    return may_touch(instance.model_copy(update={"operation": at_rest, "state": "RUNNING"}), order)


def _all_protected(
    instance: Instance,
    disks: tuple[Disk, ...],
    order: Order,
    ready: tuple[ReadySnapshot, ...],
    seen: tuple[Snapshot, ...],
    bare: tuple[str, ...],
) -> Verdict:
    """`bare` are the disks that a person lets go without a snapshot."""
    verdict = may_protect(instance, disks, order)
    if not verdict.allowed or order.runbook.snapshot is None:
        return verdict
    held = {one.disk_id: one for one in ready}
    now_ready = {one.snapshot_id: one for one in seen if one.is_ready}
    for disk in disks:
        if disk.shared or not disk.can_snapshot or disk.disk_id in bare:
            continue  # the first two only reached under `unprotected: allow`
        mine = held.get(disk.disk_id)
        found = now_ready.get(mine.snapshot_id) if mine else None
        if mine is None or found is None or found.disk_id != disk.disk_id or found.name != mine.name:
            return stop(Code.SNAPSHOT_MISSING, disk=disk.disk_id)
    return GO


def protectable(disks: Iterable[Disk]) -> tuple[Disk, ...]:
    """The disks that a snapshot is made of, the system disk first."""
    able = [disk for disk in disks if disk.can_snapshot and not disk.shared]
    return tuple(sorted(able, key=lambda disk: (not disk.is_system_disk, disk.disk_id)))


def stop(code: Code, **facts: object) -> Verdict:
    """No, and no later either."""
    return Verdict(ruling=Ruling.STOP, reason=because(code, **facts))


def wait(code: Code, **facts: object) -> Verdict:
    """Not now."""
    return Verdict(ruling=Ruling.WAIT, reason=because(code, **facts))
