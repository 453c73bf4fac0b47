"""Operations on an instance: reboot, stop, start. The cloud tells of each by the request id of the last one."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime, timezone
from typing import Generic, TypeVar

from temporalio import activity

from activities.acting import Act, act_once, look_for
from activities.cloud import Cloud
from activities.polling import Pace
from remediation.cloud import REBOOT, START, STOP, Sighting
from remediation.contract import Lost, OperationSent, RebootInput, StartInput, StopInput
from remediation.guardrails import Verdict, may_interrupt
from remediation.permits import SendPermit
from remediation.rollback_guardrails import may_start

Wanted = TypeVar("Wanted", RebootInput, StopInput, StartInput)


class _Operation(Act[Wanted, OperationSent], Generic[Wanted]):
    """Its effect: the instance's last operation is this one, and not the one that history has as the baseline."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def effect(self, wanted: Wanted, since: datetime) -> OperationSent | None:
        instance = self._cloud.describe_instance(wanted.target.region, wanted.target.instance_id)
        operation = instance.operation if instance else None
        if operation is None or operation.name != self.action:
            return None
        if operation.request_id in ("", wanted.baseline.request_id):
            return None
        return OperationSent(request_id=operation.request_id, sent_at=since, adopted=True)

    def send(self, permit: SendPermit, wanted: Wanted) -> OperationSent:
        sent_at = _now()
        return OperationSent(request_id=self.call(permit, wanted), sent_at=sent_at)

    @abstractmethod
    def call(self, permit: SendPermit, wanted: Wanted) -> str:
        """Send it → the request's id."""


class _Interruption(_Operation[Wanted]):
    """A reboot or a stop: only with a ready snapshot of every disk (P1)."""

    def guard(self, wanted: Wanted) -> Verdict:
        assert isinstance(wanted, RebootInput)
        region, instance_id = wanted.target.region, wanted.target.instance_id
        disks = self._cloud.describe_disks(region, instance_id)
        ids = tuple(one.snapshot_id for one in wanted.ready)
        seen = self._cloud.describe_snapshots(region, ids) if ids else ()
        instance = self._cloud.describe_instance(region, instance_id)
        return may_interrupt(
            Sighting(instance=instance, disks=disks, read_at=_now()),
            wanted.order,
            baseline=wanted.baseline,
            ready=wanted.ready,
            seen=seen,
            alarmed_at=wanted.alarmed_at,
        )


def _now() -> datetime:
    return datetime.now(timezone.utc)
