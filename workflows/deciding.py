"""One event's decision: the pure `decide`, on a fresh reading of the instance, and with the region's permit to act."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.decisions import DecisionActivities
    from activities.fleet import FleetActivities
    from activities.instances import InstanceActivities
    from remediation import contract
    from remediation.acts import Target
    from remediation.contract import PermitAnswer, PermitAsked, Queue
    from remediation.decisions import Decision, Order, Recipient
    from remediation.events import Alarm
    from remediation.incidents import IncidentState, Reading
    from remediation.reasons import Code, because
    from remediation.runbooks import Mode

# People hear of an alarm even if the cloud is silent: the run looks again, and longer.
_READ_WITHIN_SECONDS = 8
_ASK_WITHIN_SECONDS = 20


async def decide(alarm: Alarm, state: IncidentState) -> Decision:
    """What becomes of the alarm; a repair only if the instance is in the rule's reach, as far as the cloud answers.

    Raises:
        ActivityError: no worker could decide.
    """
    decision = await _decide(alarm, state.with_reading(None))
    if decision.needs_reading:
        reading = await _read(Target(region=alarm.region, instance_id=alarm.instance_id))
        if reading is not None:
            decision = await _decide(alarm, state.with_reading(reading))
    return decision


async def ask_permit(decision: Decision, order: Order, alarm: Alarm, key: str) -> PermitAnswer:
    """Whether a run may begin to change its instance now. One that only observes, or asks people first, asks nobody."""
    if order.mode is not Mode.ACT:
        return PermitAnswer(granted=True)
    return await request_permit(order, alarm, key, decision.recipients)


async def request_permit(order: Order, alarm: Alarm, key: str, recipients: tuple[Recipient, ...]) -> PermitAnswer:
    """Ask the region's guard; its turn is signalled to the workflow that asks here."""
    asked = PermitAsked(
        key=key,
        instance_id=alarm.instance_id,
        region=alarm.region,
        rule=order.rule,
        incident_id=workflow.info().workflow_id,
        recipients=recipients,
        max_acting=order.max_acting,
        max_actions_per_hour=order.max_actions_per_hour,
    )
    try:
        return await workflow.execute_activity_method(
            FleetActivities.ask_permit,
            asked,
            task_queue=Queue.FLEET.of(workflow.info().task_queue),
            summary=f"ask the region for a permit to repair {alarm.instance_id}",
            start_to_close_timeout=timedelta(seconds=15),
            schedule_to_close_timeout=timedelta(seconds=_ASK_WITHIN_SECONDS),
            retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=10)),
        )
    except ActivityError as error:
        silent = because(Code.GUARD_SILENT, error=error.cause or error)
        return PermitAnswer(granted=False, reason=silent, ask_again_seconds=60)


async def give_back(region: str, key: str) -> None:
    """The permit, or the place in the queue, is not needed: nothing was sent under it."""
    guard = workflow.get_external_workflow_handle(contract.fleet_id(region))
    try:
        await guard.signal(contract.WITHDRAW, contract.PermitWithdrawn(key=key).model_dump(mode="json"))
    except FailureError:
        workflow.logger.info("the guard of %s is not there any more", region)


async def _decide(alarm: Alarm, state: IncidentState) -> Decision:
    return await workflow.execute_local_activity_method(
        DecisionActivities.decide_event,
        contract.DecideInput(alarm=alarm, incident=state, now=workflow.now()),
        start_to_close_timeout=timedelta(seconds=10),
        schedule_to_close_timeout=timedelta(minutes=2),
        retry_policy=RetryPolicy(maximum_attempts=3),
        summary=f"decide {alarm.fault} {alarm.status.value}",
    )


async def _read(target: Target) -> Reading | None:
    """What the cloud says of the instance, or None if it does not answer: then the run itself will find out."""
    handle: Any = workflow.start_activity_method(
        InstanceActivities.read_instance,
        target,
        task_queue=Queue.READINGS.of(workflow.info().task_queue),
        summary=f"read whether {target.instance_id} is in scope",
        start_to_close_timeout=timedelta(seconds=_READ_WITHIN_SECONDS),
        schedule_to_close_timeout=timedelta(seconds=_READ_WITHIN_SECONDS),
    )
    try:
        reading: Reading = await handle
    except ActivityError as error:
        workflow.logger.info("the instance could not be read before deciding: %s", error.cause or error)
        return None
    return reading
