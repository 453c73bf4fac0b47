"""The remediation of an incident: started once, watched to its end, and told of recoveries; at most one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from remediation import contract
    from remediation.contract import RemediateInput, SearchAttribute
    from remediation.decisions import Decision, Order
    from remediation.events import Alarm
    from remediation.incidents import Run
    from remediation.report import Outcome, Phase, RemediationResult
    from remediation.runbooks import Mode
    from workflows.journal import keyword
    from workflows.remembering import Memory


class Repair:
    """The one remediation that may be at work on an instance."""

    def __init__(
        self, memory: Memory, region: str, instance_id: str, on_lost: Callable[[Decision, Alarm], None]
    ) -> None:
        """`on_lost` is called for a run that did not say how it ended."""
        self._memory = memory
        self._id = contract.remediation_of(workflow.info().workflow_id)
        self._on_lost = on_lost
        self._watching: asyncio.Task[None] | None = None
        self._healing: Alarm | None = None
        self._recovery_passed = False

    @property
    def is_running(self) -> bool:
        return self._watching is not None and not self._watching.done()

    @property
    def is_ending(self) -> bool:
        """Whether the remediation at work heals nothing any more: it has ended and tells, or its symptom was over."""
        last = self._memory.state.last_run
        return self.is_running and (self._recovery_passed or bool(last and last.ended_at))

    async def start(self, decision: Decision, order: Order, alarm: Alarm, run_key: str) -> Run | None:
        """Start the remediation, or None if one is at work that this incident did not start."""
        run = Run(
            run_key=run_key,
            rule=order.rule,
            fault=alarm.fault,
            started_at=workflow.now(),
            watch_seconds=order.runbook.watch,
        )
        wanted = RemediateInput(
            run_key=run_key,
            alarm=alarm,
            order=order,
            recipients=decision.recipients,
            incident_id=workflow.info().workflow_id,
            config_sha256=decision.config_sha256,
            permit_key=run_key if order.mode is Mode.ACT else "",
            thread=thread(),
        )
        try:
            child = await workflow.start_child_workflow(
                contract.REMEDIATE_INSTANCE,
                wanted,
                id=self._id,
                # Nobody's click on the incident may kill it between two actions.
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
                search_attributes=_attributes(alarm, order.rule),
                static_summary=f"{alarm.fault} on {alarm.instance_id}: {order.mode.value}, run {run_key}",
            )
        except WorkflowAlreadyStartedError:
            return None
        run = run.model_copy(update={"run_id": child.first_execution_run_id or ""})
        self._memory.state = self._memory.state.with_run(run)
        self._healing, self._recovery_passed = alarm, False
        self._watching = asyncio.create_task(self._watch(child, run, alarm, decision))
        self._memory.show(f"remediation {run_key} is at work", "repairing")
        return run

    async def join(self, alarm: Alarm) -> bool:
        """Tell the remediation that is at work, whoever started it, of one more alarm. Returns whether there is one."""
        child = workflow.get_external_workflow_handle(self._id)
        try:
            await child.signal(contract.JOINED, contract.TakenEvent(alarm=alarm).model_dump(mode="json"))
        except FailureError:
            return False
        return True

    async def pass_on(self, recovery: Alarm) -> None:
        """A recovery goes to the remediation that is at work, if there is one."""
        if self._healing is not None and recovery.ends(self._healing):
            self._recovery_passed = True
        child = workflow.get_external_workflow_handle(self._id)
        try:
            await child.signal(contract.RECOVERED, contract.TakenEvent(alarm=recovery).model_dump(mode="json"))
        except FailureError:
            workflow.logger.info("no remediation is at work that a recovery would end")

    async def _give_back(self, key: str, region: str) -> None:
        """The run gave its permit back to nobody; whether it had sent anything is not known."""
        guard = workflow.get_external_workflow_handle(contract.fleet_id(region))
        try:
            await guard.signal(contract.ENDED, contract.PermitEnded(key=key, acted=None).model_dump(mode="json"))
        except FailureError:
            workflow.logger.info("the guard of %s is not there any more", region)

    async def _watch(self, child: Any, run: Run, alarm: Alarm, decision: Decision) -> None:
        try:
            # Read here and not by the SDK, which would fail this workflow's task for ever over a newer worker's result.
            result = RemediationResult.model_validate(await child)
        except Exception as error:  # noqa: BLE001  # whatever it is, the run did not say how it ended
            # Terminated, timed out, or unable to say how it ended: people hear of it all the same.
            workflow.logger.warning("a remediation did not say how it ended: %s", error)
            self._memory.ended(run.run_key, Outcome.FAILED)
            self._on_lost(decision, alarm)
            if decision.order is not None and decision.order.mode.acts:
                await workflow.sleep(contract.IN_FLIGHT_SECONDS, summary="a call of it may still be on its way")
                await self._give_back(run.run_key, alarm.region)
            return
        self._memory.ended(run.run_key, result.outcome)


def thread() -> str:
    """Of all notices of one incident, from its first run to its last."""
    return f"incident-{workflow.info().first_execution_run_id}"


def _attributes(alarm: Alarm, rule: str) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(keyword(SearchAttribute.INSTANCE), alarm.instance_id),
            SearchAttributePair(keyword(SearchAttribute.REGION), alarm.region),
            SearchAttributePair(keyword(SearchAttribute.RULE), rule),
            SearchAttributePair(keyword(SearchAttribute.PHASE), Phase.LOOKING.value),
        ]
    )
