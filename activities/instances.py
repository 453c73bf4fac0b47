"""Instances: look at one, wait until the cloud reports it back, and collect the proof that it is well."""

from __future__ import annotations

from datetime import datetime, timezone

from temporalio import activity

from activities.cloud import Cloud
from activities.polling import Pace, not_yet
from activities.probes import Prober
from remediation.acts import Target
from remediation.addresses import probed_address
from remediation.cloud import Agent, Instance, Sighting
from remediation.contract import VerifyInput, WaitForOperationInput
from remediation.errors import NeedsPeople
from remediation.health import Health, Judgement, Reading, judge, read_health
from remediation.incidents import Reading as ScopeReading
from remediation.reasons import Code, because
from remediation.runbooks import Verify
from remediation.telling import say


class InstanceActivities:
    """The eyes on one instance."""

    def __init__(self, cloud: Cloud, pace: Pace, prober: Prober) -> None:
        self._cloud = cloud
        self._pace = pace
        self._prober = prober

    @activity.defn
    def inspect_instance(self, target: Target) -> Sighting:
        """One fresh reading of the instance, its disks and its agent."""
        instance = self._cloud.describe_instance(target.region, target.instance_id)
        if instance is None:
            return Sighting(instance=None, read_at=_now())
        disks = self._cloud.describe_disks(target.region, target.instance_id)
        agent, agent_error = self._agent(target)
        return Sighting(instance=instance, disks=disks, agent=agent, agent_error=agent_error, read_at=_now())

    @activity.defn
    def read_instance(self, target: Target) -> ScopeReading:
        """Whether the cloud knows the instance, and its tags: what a rule's scope is held against."""
        instance = self._cloud.describe_instance(target.region, target.instance_id)
        tags = dict(instance.tags) if instance is not None else {}
        return ScopeReading(exists=instance is not None, tags=tags, read_at=_now())

    @activity.defn
    def wait_until_done(self, wait: WaitForOperationInput) -> Sighting:
        """Until *our* request is reported as SUCCESS and the instance in its state; FAILED ends the wait too."""
        instance = self._cloud.describe_instance(wait.target.region, wait.target.instance_id)
        if instance is not None and _is_over(instance, wait):
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
            fired_at=wanted.fired_at,
            require=wanted.policy.require,
        )
        judgement = judge((*readings, *self._probe(instance, wanted.policy)))
        if judgement.health is Health.HEALTHY or wanted.last_look:
            return judgement
        missing = [say(one.why) for one in judgement.readings if one.required and one.health is not Health.HEALTHY]
        raise not_yet(self._pace, "not proven yet: " + "; ".join(missing))

    def _probe(self, instance: Instance | None, policy: Verify) -> tuple[Reading, ...]:
        """What answers at the address that the cloud gives of the instance, and at none that an event names."""
        if instance is None or not (policy.tcp or policy.http):
            return ()
        address = probed_address(instance.addresses)
        if address is None:
            why = because(Code.NO_ADDRESS, addresses=", ".join(instance.addresses) or "-")
            return (Reading(probe="port", health=Health.UNKNOWN, why=why),)
        return self._prober.probe(address, policy)

    def _agent(self, target: Target) -> tuple[Agent | None, str]:
        """The agent, and why it could not be read: a missing permission must not look like a missing agent."""
        try:
            return self._cloud.describe_agent(target.region, target.instance_id), ""
        except NeedsPeople as error:
            return None, str(error)


def _is_over(instance: Instance, wait: WaitForOperationInput) -> bool:
    operation = instance.operation
    if operation.request_id != wait.request_id:
        return False
    return operation.state == "FAILED" or (operation.state == "SUCCESS" and instance.state == wait.state)


def _now() -> datetime:
    return datetime.now(timezone.utc)
