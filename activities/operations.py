"""Operations on an instance: reboot, stop, start. The cloud tells of each by the request id of the last one."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime, timezone
from typing import TypeVar

from temporalio import activity

from activities.acting import Act, act_once, look_for
from activities.cloud import Cloud
from activities.fleet import Freezes
from activities.polling import Pace
from remediation.acts import InterruptInput, Lost, OperationInput, OperationSent, RebootInput, StartInput, StopInput
from remediation.cloud import REBOOT, START, STOP, Sighting
from remediation.guardrails import Verdict, may_interrupt
from remediation.permits import SendPermit
from remediation.rollback_guardrails import may_start

Any_ = TypeVar("Any_", bound=OperationInput)
Interrupting = TypeVar("Interrupting", bound=InterruptInput)


class _Operation(Act[Any_, OperationSent]):
    """Its effect: the instance's last operation is of this kind, and not the one that history has as the baseline."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def effect(self, wanted: Any_, since: datetime) -> OperationSent | None:
        instance = self._cloud.describe_instance(wanted.target.region, wanted.target.instance_id)
        operation = instance.operation if instance else None
        if operation is None or operation.name != self.action:
            return None
        if operation.request_id in ("", wanted.baseline.request_id):
            return None
        return OperationSent(request_id=operation.request_id, sent_at=since, adopted=True)

    def send(self, permit: SendPermit, wanted: Any_) -> OperationSent:
        sent_at = _now()
        return OperationSent(request_id=self.call(permit, wanted), sent_at=sent_at)

    @abstractmethod
    def call(self, permit: SendPermit, wanted: Any_) -> str:
        """Send it → the request's id."""

    def look(self, wanted: Any_) -> Sighting:
        region, instance_id = wanted.target.region, wanted.target.instance_id
        disks = self._cloud.describe_disks(region, instance_id)
        instance = self._cloud.describe_instance(region, instance_id)
        return Sighting(instance=instance, disks=disks, read_at=_now())


class _Interruption(_Operation[Interrupting]):
    """What takes the instance away for a while: only with a ready snapshot of every disk (P1)."""

    def takes_no(self, wanted: Interrupting) -> bool:
        """What is under way is our own reboot, which may hang for ever."""
        return bool(wanted.replaces)

    def guard(self, wanted: Interrupting) -> Verdict:
        ids = tuple(one.snapshot_id for one in wanted.ready)
        seen = self._cloud.describe_snapshots(wanted.target.region, ids) if ids else ()
        return may_interrupt(
            self.look(wanted),
            wanted.order,
            baseline=wanted.baseline,
            ready=wanted.ready,
            seen=seen,
            alarmed_at=wanted.alarmed_at,
            approval=wanted.approval,
            replaces=wanted.replaces,
        )


class _Reboot(_Interruption[RebootInput]):
    action = REBOOT

    def call(self, permit: SendPermit, wanted: RebootInput) -> str:
        region, instance_id = wanted.target.region, wanted.target.instance_id
        return self._cloud.reboot_instance(permit, region, instance_id, stop_type=wanted.stop_type)


class _Stop(_Interruption[StopInput]):
    action = STOP

    def call(self, permit: SendPermit, wanted: StopInput) -> str:
        region, instance_id = wanted.target.region, wanted.target.instance_id
        return self._cloud.stop_instance(permit, region, instance_id, stop_type=wanted.stop_type)


class _Start(_Operation[StartInput]):
    action = START

    def guard(self, wanted: StartInput) -> Verdict:
        return may_start(
            self.look(wanted),
            wanted.order,
            baseline=wanted.baseline,
            approval=wanted.approval,
            rolled_back={one.disk_id: one.snapshot_id for one in wanted.rolled_back},
        )

    def call(self, permit: SendPermit, wanted: StartInput) -> str:
        return self._cloud.start_instance(permit, wanted.target.region, wanted.target.instance_id)


class OperationActivities:
    """The hands that reboot, stop and start an instance, each with the eyes that find out whether it was done."""

    def __init__(self, cloud: Cloud, pace: Pace, freezes: Freezes) -> None:
        self._reboot, self._stop, self._start = _Reboot(cloud), _Stop(cloud), _Start(cloud)
        self._pace, self._freezes = pace, freezes

    @activity.defn(no_thread_cancel_exception=True)
    def reboot_instance(self, wanted: RebootInput) -> OperationSent:
        """Send the one reboot, if a reading of this moment allows it (P1, P8, P9)."""
        return act_once(self._reboot, wanted, self._freezes)

    @activity.defn
    def find_reboot(self, lost: Lost[RebootInput]) -> OperationSent | None:
        """After an unknown outcome: the reboot once it shows, or nothing once it can no longer come."""
        return look_for(self._reboot, lost, self._pace)

    @activity.defn(no_thread_cancel_exception=True)
    def stop_instance(self, wanted: StopInput) -> OperationSent:
        """Stop the instance, under the same conditions as a reboot."""
        return act_once(self._stop, wanted, self._freezes)

    @activity.defn
    def find_stop(self, lost: Lost[StopInput]) -> OperationSent | None:
        """After an unknown outcome: the stop once it shows, or nothing once it can no longer come."""
        return look_for(self._stop, lost, self._pace)

    @activity.defn(no_thread_cancel_exception=True)
    def start_instance(self, wanted: StartInput) -> OperationSent:
        """Start the stopped instance, never with some of its disks rolled back and others not (P13)."""
        return act_once(self._start, wanted, self._freezes)

    @activity.defn
    def find_start(self, lost: Lost[StartInput]) -> OperationSent | None:
        """After an unknown outcome: the start once it shows, or nothing once it can no longer come."""
        return look_for(self._start, lost, self._pace)


def _now() -> datetime:
    return datetime.now(timezone.utc)
