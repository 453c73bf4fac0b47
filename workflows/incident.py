"""Incident: one for each sick instance; takes its alarms in, has them decided, starts and watches its remediations."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.decisions import DecisionActivities
    from remediation import contract
    from remediation.contract import IncidentMemory, Record, SearchAttribute
    from remediation.decisions import Decision, IncidentState, Kind, Order, Run
    from remediation.events import Alarm
    from remediation.notices import OPERATORS, Headline, Notice, RunRef, about
    from remediation.reasons import Code, Reason, because
    from remediation.report import Outcome, Phase, RemediationResult
    from remediation.telling import say
    from workflows.journal import keyword
    from workflows.telling import Teller

# Longer than any redelivery, the watch, and the window of max_per_day.
MEMORY = timedelta(hours=24)
_NOTICE_SECONDS = 900
_MOST_REMEMBERED = 500
# Past this many events further alarms are only counted: the run must stay able to end.
_FOLD_BEYOND = 20_000


@workflow.defn(name=contract.INCIDENT)
class Incident:
    """At most one open per instance, by its id; every event that reaches it gets exactly one recorded decision."""

    @workflow.init
    def __init__(self, memory: Any = None) -> None:
        self._region, self._instance_id = contract.parse_incident_id(workflow.info().workflow_id)
        self._arrived: deque[Any] = deque()
        self._teller = Teller()
        self._watching: asyncio.Task[None] | None = None
        self._healing: Alarm | None = None
        self._recovery_passed = False
        self._told_of_folding = False
        try:
            self._memory = IncidentMemory.model_validate(memory or {})
        except ValidationError:
            # A newer worker wrote it. What was decided stays in the earlier run's history.
            self._memory = IncidentMemory()

    @workflow.run
    async def run(self, memory: Any = None) -> dict[str, int]:
        """Returns how many events had which decision, when its memory has passed since the last of them.

        A cancel is not obeyed: it would forget what was repaired, and lose what has been accepted.
        """
        if not self._instance_id:
            raise ApplicationError("this is no id of an incident", type="WrongId", non_retryable=True)
        workflow.upsert_search_attributes(
            [
                keyword(SearchAttribute.INSTANCE).value_set(self._instance_id),
                keyword(SearchAttribute.REGION).value_set(self._region),
            ]
        )
        life = asyncio.create_task(self._live())
        while not life.done():
            try:
                await asyncio.shield(life)
            except asyncio.CancelledError:
                self._show("a cancel was asked for: cancel the remediation instead, an incident only remembers")
        if not life.result():
            workflow.continue_as_new(self._memory.model_dump(mode="json"))
        counts: dict[str, int] = {}
        for record in self._memory.decisions:
            counts[record.kind] = counts.get(record.kind, 0) + 1
        if self._teller.undelivered:
            counts["notices undelivered"] = len(self._teller.undelivered)
        return counts

    async def _live(self) -> bool:
        """Take events until there is nothing left to remember (true), or the history has grown too long (false)."""
        while True:
            try:
                await workflow.wait_condition(
                    lambda: bool(self._arrived), timeout=self._until_forgotten(), timeout_summary="forget, and close"
                )
            except asyncio.TimeoutError:
                if not self._arrived and not self._is_running and self._teller.is_idle and self._is_forgotten:
                    return True
            while self._arrived:
                await self._take(self._arrived.popleft())
            if self._may_continue_as_new:
                return False

    @workflow.signal(name=contract.TAKE_EVENT)
    def take_event(self, event: Any = None) -> None:
        """An alarm from the door. Whatever comes is taken: a signal that does not decode would be lost in silence."""
        self._arrived.append(event)

    @workflow.signal(name=contract.REMEDIATION_ENDED)
    def remediation_ended(self, ended: Any = None) -> None:
        """A remediation tells its end, also one that an earlier incident started."""
        try:
            told = contract.RemediationEnded.model_validate(ended)
            outcome = Outcome(told.outcome)
        except ValueError:  # pydantic's ValidationError is one too
            workflow.logger.warning("an ending that could not be read was sent to this incident")
            return
        if told.started_at is not None and all(run.run_key != told.run_key for run in self._memory.state.runs):
            # Started by an incident that was ended by hand: it counts all the same.
            foreign = Run(
                run_key=told.run_key,
                rule=told.rule,
                started_at=told.started_at,
                watch_seconds=told.watch_seconds,
            )
            self._memory = self._memory.model_copy(update={"state": self._with_run(foreign)})
        self._record_end(told.run_key, outcome)

    @workflow.query(name=contract.DECISIONS, description="what was decided about each event of this instance")
    def decisions(self) -> list[Record]:
        return list(self._memory.decisions)

    @property
    def _is_running(self) -> bool:
        return self._watching is not None and not self._watching.done()

    @property
    def _may_continue_as_new(self) -> bool:
        # A parent's continue-as-new would cut the child's result off; notices under way would be lost.
        suggested = workflow.info().is_continue_as_new_suggested()
        return suggested and not self._is_running and self._teller.is_idle and not self._arrived

    @property
    def _is_forgotten(self) -> bool:
        last = self._memory.last_event_at
        return last is None or workflow.now() - last >= MEMORY

    def _until_forgotten(self) -> timedelta:
        last = self._memory.last_event_at or workflow.now()
        # A minute at least, so that a wait for the last notice does not spin.
        return max(MEMORY - (workflow.now() - last), timedelta(minutes=1))

    async def _take(self, event: Any) -> None:
        """One event, one decision, whatever happens: recorded, and acted upon."""
        try:
            await self._decide(event)
        except Exception as bug:  # noqa: BLE001  # otherwise the task is tried again for ever, and nobody hears of it
            workflow.logger.exception("an error of ours kept an event from being decided")
            self._undecided("undecided", because(Code.OUR_BUG, error=f"{type(bug).__name__}: {bug}"))

    async def _decide(self, event: Any) -> None:
        now = workflow.now()
        self._memory = self._memory.model_copy(update={"last_event_at": now})
        if workflow.info().get_current_history_length() > _FOLD_BEYOND:
            self._memory = self._memory.model_copy(update={"folded": self._memory.folded + 1})
            if not self._told_of_folding:
                self._told_of_folding = True
                self._undecided("folded", because(Code.FOLDED, count="all further"))
            return
        try:
            alarm = contract.TakenEvent.model_validate(event).alarm
        except ValidationError as error:
            first = error.errors()[0]
            unreadable = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            self._undecided("unreadable", because(Code.UNREADABLE, error=unreadable))
            return
        if (alarm.region, alarm.instance_id) != (self._region, self._instance_id):
            wrong = because(Code.UNREADABLE, error=f"it is about {alarm.instance_id} in {alarm.region}")
            self._undecided(alarm.event_id, wrong)
            return
        if not alarm.is_recovery and self._is_ending:
            # It would join a run that heals nothing any more: it is decided when that one is over.
            await workflow.wait_condition(lambda: not self._is_running)
        try:
            decision = await workflow.execute_local_activity_method(
                DecisionActivities.decide_event,
                contract.DecideInput(alarm=alarm, incident=self._state(), now=workflow.now()),
                start_to_close_timeout=timedelta(seconds=10),
                schedule_to_close_timeout=timedelta(minutes=2),
                retry_policy=RetryPolicy(maximum_attempts=3),
                summary=f"decide {alarm.fault} {alarm.status.value}",
            )
        except ActivityError as error:
            self._undecided(alarm.event_id, because(Code.UNDECIDED, error=error.cause or error), alarm)
            return
        await self._carry_out(decision, alarm)

    async def _carry_out(self, decision: Decision, alarm: Alarm) -> None:
        run: Run | None = None
        if decision.kind is Kind.REMEDIATE and decision.order is not None:
            run = await self._start(decision, decision.order, alarm)
            if run is None:
                decision = decision.model_copy(update={"kind": Kind.JOIN, "reason": because(Code.JOINED)})
        elif decision.kind is Kind.RECOVERED:
            self._note_recovery(alarm)
            await self._pass_on(alarm)
        must_be_heard = decision.needs_people or decision.kind is Kind.EXPIRE
        if decision.kind not in (Kind.REMEDIATE, Kind.JOIN) and (decision.recipients or must_be_heard):
            self._tell(decision, alarm)  # to the operators, if the rules name nobody
        self._remember(decision, run)

    async def _start(self, decision: Decision, order: Order, alarm: Alarm) -> Run | None:
        """Start the remediation, or None if one is at work that this incident did not start."""
        run = Run(
            run_key=workflow.uuid4().hex[:10],
            rule=order.rule,
            started_at=workflow.now(),
            watch_seconds=order.runbook.watch,
        )
        wanted = contract.RemediateInput(
            run_key=run.run_key,
            alarm=alarm,
            order=order,
            recipients=decision.recipients,
            incident_id=workflow.info().workflow_id,
            config_sha256=decision.config_sha256,
        )
        try:
            child = await workflow.start_child_workflow(
                contract.REMEDIATE_INSTANCE,
                wanted,
                id=contract.remediation_id(self._region, self._instance_id),
                # Nobody's click on the incident may kill it between two actions.
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
                search_attributes=_attributes(alarm, order.rule),
                static_summary=f"{alarm.fault} on {self._instance_id}: {order.mode.value}, run {run.run_key}",
            )
        except WorkflowAlreadyStartedError:
            return None
        run = run.model_copy(update={"run_id": child.first_execution_run_id or ""})
        self._memory = self._memory.model_copy(update={"state": self._with_run(run)})
        self._healing, self._recovery_passed = alarm, False
        self._watching = asyncio.create_task(self._watch(child, run, alarm, decision))
        self._show(f"remediation {run.run_key} is at work", "repairing")
        return run

    async def _watch(self, child: Any, run: Run, alarm: Alarm, decision: Decision) -> None:
        try:
            # Read here and not by the SDK, which would fail this workflow's task for ever over a newer worker's result.
            result = RemediationResult.model_validate(await child)
        except Exception as error:  # noqa: BLE001  # whatever it is, the run did not say how it ended
            # Terminated, timed out, or unable to say how it ended: people hear of it all the same.
            workflow.logger.warning("a remediation did not say how it ended: %s", error)
            self._record_end(run.run_key, Outcome.FAILED)
            reason = because(Code.RUN_ENDED_FROM_OUTSIDE)
            self._tell(decision.model_copy(update={"reason": reason, "needs_people": True}), alarm, "ended")
            return
        self._record_end(run.run_key, result.outcome)

    @property
    def _is_ending(self) -> bool:
        """Whether the remediation at work heals nothing any more: it has ended and tells, or its symptom was over."""
        runs = self._memory.state.runs
        return self._is_running and (self._recovery_passed or bool(runs and runs[-1].ended_at))

    def _note_recovery(self, recovery: Alarm) -> None:
        state = self._memory.state
        newest = max(recovery.occurred_at, state.recovered.get(recovery.fault, recovery.occurred_at))
        recovered = {**state.recovered, recovery.fault: newest}
        self._memory = self._memory.model_copy(update={"state": state.model_copy(update={"recovered": recovered})})
        if self._healing is not None and recovery.ends(self._healing):
            self._recovery_passed = True

    async def _pass_on(self, alarm: Alarm) -> None:
        """A recovery goes to the remediation that is at work, if there is one."""
        child = workflow.get_external_workflow_handle(contract.remediation_id(self._region, self._instance_id))
        try:
            await child.signal(contract.RECOVERED, contract.TakenEvent(alarm=alarm).model_dump(mode="json"))
        except FailureError:
            workflow.logger.info("no remediation is at work that a recovery would end")

    def _state(self) -> IncidentState:
        return self._memory.state.model_copy(update={"running": self._is_running})

    def _with_run(self, run: Run) -> IncidentState:
        others = tuple(one for one in self._memory.state.runs if one.run_key != run.run_key)
        return self._memory.state.model_copy(update={"runs": (*others, run)[-_MOST_REMEMBERED:]})

    def _record_end(self, run_key: str, outcome: Outcome) -> None:
        run = next((one for one in self._memory.state.runs if one.run_key == run_key), None)
        if run is None or run.ended_at is not None:
            return
        ended = run.model_copy(update={"outcome": outcome, "ended_at": workflow.now()})
        decisions = tuple(
            record.model_copy(update={"run": ended}) if record.run and record.run.run_key == run_key else record
            for record in self._memory.decisions
        )
        self._memory = self._memory.model_copy(
            update={
                "state": self._with_run(ended),
                "decisions": decisions,
                # The watch counts from here, and memory has to outlast it.
                "last_event_at": workflow.now(),
            }
        )
        self._show(f"remediation {run_key} ended: **{outcome.value}**", "watching")

    def _remember(self, decision: Decision, run: Run | None) -> None:
        record = Record(
            event_id=decision.event_id,
            kind=decision.kind.value,
            rule=decision.rule,
            said=say(decision.reason),
            needs_people=decision.needs_people,
            decided_at=decision.decided_at,
            run=run or self._last_run(decision.kind),
        )
        seen = (*self._memory.state.seen, decision.event_id)[-_MOST_REMEMBERED:]
        self._memory = self._memory.model_copy(
            update={
                "state": self._memory.state.model_copy(update={"seen": seen}),
                "decisions": (*self._memory.decisions, record)[-_MOST_REMEMBERED:],
            }
        )
        if decision.kind is not Kind.REMEDIATE:
            self._show(f"{decision.kind.value}: {record.said}")

    def _last_run(self, kind: Kind) -> Run | None:
        runs = self._memory.state.runs
        return runs[-1] if kind in (Kind.JOIN, Kind.DUPLICATE) and runs else None

    def _undecided(self, event_id: str, reason: Reason, alarm: Alarm | None = None) -> None:
        """What cannot be decided is recorded and told to the operators; it is never silently dropped."""
        decision = Decision(
            kind=Kind.UNDECIDED, event_id=event_id, reason=reason, needs_people=True, decided_at=workflow.now()
        )
        self._tell(decision, alarm)
        self._remember(decision, None)

    def _tell(self, decision: Decision, alarm: Alarm | None, occasion: str = "decision") -> None:
        info = workflow.info()
        facts: dict[str, Any] = about(alarm) if alarm else {"instance_id": self._instance_id, "region": self._region}
        headline = Headline.RECOVERED if decision.kind is Kind.RECOVERED else Headline.OBSERVED
        notice = Notice(
            id=f"{workflow.uuid4().hex[:10]}-{occasion}",
            headline=Headline.NEEDS_YOU if decision.needs_people else headline,
            rule=decision.rule,
            reason=decision.reason,
            run=RunRef(workflow_id=info.workflow_id, run_id=info.run_id),
            **facts,
        )
        self._teller.tell(notice, decision.recipients or (OPERATORS,), patience_seconds=_NOTICE_SECONDS)

    def _show(self, now: str, phase: str | None = None) -> None:
        rows = [
            f"| {record.decided_at:%m-%d %H:%M:%S} | {record.kind} | {record.rule} | {record.said} |"
            for record in self._memory.decisions[-20:]
        ]
        head = ["| decided (UTC) | decision | rule | why |", "|---|---|---|---|"] if rows else []
        workflow.set_current_details("\n".join([f"**Now:** {now}", "", *head, *rows]))
        if phase is not None:
            workflow.upsert_search_attributes([keyword(SearchAttribute.PHASE).value_set(phase)])


def _attributes(alarm: Alarm, rule: str) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(keyword(SearchAttribute.INSTANCE), alarm.instance_id),
            SearchAttributePair(keyword(SearchAttribute.REGION), alarm.region),
            SearchAttributePair(keyword(SearchAttribute.RULE), rule),
            SearchAttributePair(keyword(SearchAttribute.PHASE), Phase.LOOKING.value),
        ]
    )
