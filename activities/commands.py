"""Commands in the guest: a registered one, by its id, so that the permission to run it can name it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from temporalio import activity

from activities.acting import Act, act_once, look_for
from activities.cloud import Cloud
from activities.fleet import Freezes
from activities.polling import Pace
from remediation.acts import CommandSent, InvokeCommandInput, Lost
from remediation.cloud import INVOKE_COMMAND, Sighting
from remediation.guardrails import Verdict
from remediation.permits import SendPermit
from remediation.rollback_guardrails import may_invoke

# The cloud tells the time of an invocation and of its own clock in whole seconds.
_WHOLE_SECONDS = timedelta(seconds=2)


class _Invoke(Act[InvokeCommandInput, CommandSent]):
    """Its effect: an invocation of this command in this guest that is newer than the call. It only reads: another's
    of that moment will do as well."""

    action = INVOKE_COMMAND

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def guard(self, wanted: InvokeCommandInput) -> Verdict:
        region, instance_id = wanted.target.region, wanted.target.instance_id
        agent = self._cloud.describe_agent(region, instance_id)
        instance = self._cloud.describe_instance(region, instance_id)
        return may_invoke(Sighting(instance=instance, read_at=datetime.now(timezone.utc)), wanted.order, agent)

    def effect(self, wanted: InvokeCommandInput, since: datetime) -> CommandSent | None:
        region, instance_id = wanted.target.region, wanted.target.instance_id
        for one in self._cloud.find_invocations(region, instance_id, wanted.command_id):
            if one.created_at is not None and one.created_at >= since - _WHOLE_SECONDS:
                return CommandSent(invocation_id=one.invocation_id, adopted=True)
        return None

    def send(self, permit: SendPermit, wanted: InvokeCommandInput) -> CommandSent:
        region, instance_id = wanted.target.region, wanted.target.instance_id
        sent = self._cloud.invoke_command(permit, region, instance_id, command_id=wanted.command_id)
        return CommandSent(invocation_id=sent)


class CommandActivities:
    """The hands inside the guest."""

    def __init__(self, cloud: Cloud, pace: Pace, freezes: Freezes) -> None:
        self._invoke = _Invoke(cloud)
        self._pace, self._freezes = pace, freezes

    @activity.defn(no_thread_cancel_exception=True)
    def invoke_command(self, wanted: InvokeCommandInput) -> CommandSent:
        """Run the command once, in a guest whose agent is heard."""
        return act_once(self._invoke, wanted, self._freezes)

    @activity.defn
    def find_invocation(self, lost: Lost[InvokeCommandInput]) -> CommandSent | None:
        """After an unknown outcome: the invocation once it shows, or nothing once it can no longer come."""
        return look_for(self._invoke, lost, self._pace)
