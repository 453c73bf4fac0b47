"""Instances: look at one, reboot it once, and wait until the cloud reports it back."""

from __future__ import annotations

from datetime import datetime, timezone

from temporalio import activity

from activities.acting import begin_permit, obey, only_proven_failures_return
from activities.cloud import Cloud
from activities.polling import Pace, not_yet
from remediation.cloud import REBOOT, Agent, Instance, Sighting
from remediation.contract import (
    Effect,
    FindEffectInput,
    RebootDone,
    RebootInput,
    Target,
    VerifyInput,
    WaitForRebootInput,
)
from remediation.errors import AlreadySo, NeedsPeople, NotYet
from remediation.guardrails import may_reboot
from remediation.health import Health, Judgement, judge, read_health
from remediation.telling import say


class InstanceActivities:
    """The hands on one instance."""

    def __init__(self, cloud: Cloud, pace: Pace) -> None:
        self._cloud = cloud
        self._pace = pace

    @activity.defn
    def inspect_instance(self, target: Target) -> Sighting:
        """One fresh reading of the instance, its disks and its agent."""
        instance = self._cloud.describe_instance(target.region, target.instance_id)
        if instance is None:
            return Sighting(instance=None, read_at=_now())
        disks = self._cloud.describe_disks(target.region, target.instance_id)
        agent, agent_error = self._agent(target)
        return Sighting(instance=instance, disks=disks, agent=agent, agent_error=agent_error, read_at=_now())

    @activity.defn(no_thread_cancel_exception=True)
    def reboot_instance(self, wanted: RebootInput) -> RebootDone:
        """Send the one reboot, if a reading of this moment allows it (P1, P8, P9)."""
        region, instance_id = wanted.target.region, wanted.target.instance_id
        with only_proven_failures_return(REBOOT, region):
            permit = begin_permit(wanted.order.mode)
            disks = self._cloud.describe_disks(region, instance_id)
            ids = tuple(one.snapshot_id for one in wanted.ready)
            seen = self._cloud.describe_snapshots(region, ids) if ids else ()
            instance = self._cloud.describe_instance(region, instance_id)
            verdict = may_reboot(
                Sighting(instance=instance, disks=disks, read_at=_now()),
                wanted.order,
                baseline=wanted.baseline,
                ready=wanted.ready,
                seen=seen,
                alarmed_at=wanted.alarmed_at,
            )
            obey(verdict, REBOOT, region)
            sent_at = _now()
            stop_type = wanted.order.runbook.reboot.stop_type
            try:
                request_id = self._cloud.reboot_instance(permit, region, instance_id, stop_type=stop_type)
            except AlreadySo as error:
                # Refused because another operation runs. The next attempt reads whose it is, and stops if not ours.
                raise NotYet(error.message, action=error.action, code=error.code, region=region) from None
            return RebootDone(request_id=request_id, sent_at=sent_at)

    @activity.defn
    def find_reboot(self, lost: FindEffectInput) -> Effect:
        """After an unknown outcome: the reboot's request id once it shows, or nothing once it can no longer come."""
        instance = self._cloud.describe_instance(lost.target.region, lost.target.instance_id)
        operation = instance.operation if instance else None
        if operation and operation.name == REBOOT and operation.request_id not in ("", lost.baseline.request_id):
            return Effect(id=operation.request_id)
        if _now() >= lost.settled_at:
            return Effect()
        raise not_yet(self._pace, f"whether the reboot was carried out shows until {lost.settled_at:%H:%M:%S} UTC")

    @activity.defn
    def wait_until_back(self, wait: WaitForRebootInput) -> Sighting:
        """Until *our* request is reported as SUCCESS and the instance as RUNNING; FAILED ends the wait too."""
        instance = self._cloud.describe_instance(wait.target.region, wait.target.instance_id)
        if instance is not None and _is_over(instance, wait.request_id):
            return Sighting(instance=instance, read_at=_now())
        state = f"{instance.state}, {instance.operation.name} {instance.operation.state}" if instance else "not found"
        raise not_yet(self._pace, f"{wait.target.instance_id} is {state}")

    @activity.defn
    def verify_instance(self, wanted: VerifyInput) -> Judgement:
        """The proof that it is well, once there is enough of it; the last look returns whatever there is."""
        target = wanted.target
        instance = self._cloud.describe_instance(target.region, target.instance_id)
        agent, agent_error = self._agent(target)
        readings = read_health(
            Sighting(instance=instance, agent=agent, agent_error=agent_error, read_at=_now()),
            request_id=wanted.request_id,
            back_at=wanted.back_at,
            recovered_at=wanted.recovered_at,
        )
        judgement = judge(readings)
        if judgement.health is Health.HEALTHY or wanted.last_look:
            return judgement
        missing = [say(one.why) for one in readings if one.required and one.health is not Health.HEALTHY]
        raise not_yet(self._pace, "not proven yet: " + "; ".join(missing))

    def _agent(self, target: Target) -> tuple[Agent | None, str]:
        """The agent, and why it could not be read: a missing permission must not look like a missing agent."""
        try:
            return self._cloud.describe_agent(target.region, target.instance_id), ""
        except NeedsPeople as error:
            return None, str(error)


def _is_over(instance: Instance, request_id: str) -> bool:
    operation = instance.operation
    if operation.request_id != request_id:
        return False
    return operation.state == "FAILED" or (operation.state == "SUCCESS" and instance.is_running)


def _now() -> datetime:
    return datetime.now(timezone.utc)
