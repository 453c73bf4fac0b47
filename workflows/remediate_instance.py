"""RemediateInstance: snapshot the disks, wait until ready, reboot, wait until it is back, verify, tell people."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.instances import InstanceActivities
    from remediation import contract
    from remediation.approvals import Answered, AskedDisk, Matter, Question
    from remediation.cloud import Instance, Sighting
    from remediation.contract import Queue
    from remediation.events import Alarm
    from remediation.guardrails import OPT_TAG, Ruling, may_begin, protectable
    from remediation.models import Fact
    from remediation.notices import (
        OPERATORS,
        Headline,
        Notice,
        Plan,
        PlannedDisk,
        PlannedRung,
        RunRef,
        about,
        headline_of,
    )
    from remediation.reasons import Code, Reason, because
    from remediation.report import Outcome, Phase, RemediationResult
    from remediation.runbooks import Mode
    from remediation.telling import say
    from workflows.asking import Desk, ask
    from workflows.attempt import Attempt, Ended
    from workflows.calls import CallFailed, Calls, Expired, Interrupted, Interruption
    from workflows.climbing import climb
    from workflows.journal import Journal, keyword
    from workflows.looking_inside import look_before
    from workflows.protecting import protect
    from workflows.telling import Teller
    from workflows.turns import wait_for_turn

_NOTHING = RawValue(Payload())
# People are told of an alarm after this long even if the cloud has not answered yet.
_TELL_WITHIN_SECONDS = 10


@workflow.defn(name=contract.REMEDIATE_INSTANCE)
class RemediateInstance:
    """One attempt to heal one instance: one run, one outcome."""

    @workflow.init
    def __init__(self, wanted: RawValue = _NOTHING) -> None:
        self._calls = Calls(self._begin_to_count)
        self._counted: asyncio.Task[None] | None = None
        self._teller = Teller()
        self._attempt: Attempt | None = None
        self._recoveries: list[Alarm] = []
        self._desk = Desk()
        self._plan_asked: Plan | None = None
        self._turns: list[str] = []

    @workflow.run
    async def run(self, wanted: RawValue = _NOTHING) -> RemediationResult:
        """Returns when people have been told how it ended; fails only if it cannot even say that."""
        # Raw, so that what does not decode is said and not tried for ever; and Temporal keeps it as long as the run.
        try:
            order = contract.RemediateInput.model_validate_json(wanted.payload.data)
        except ValidationError as error:
            raise await self._cannot_read(str(error)) from None
        journal = Journal(f"{order.alarm.fault} on {order.alarm.instance_id} ({order.alarm.region})")
        self._attempt = attempt = Attempt(order, self._calls, journal, workflow.now(), self._desk, self._tell_question)
        attempt.permit_key = order.permit_key
        self._hear_recoveries(attempt)
        story = asyncio.create_task(self._told_to_its_end(attempt))
        while not story.done():
            try:
                await asyncio.shield(story)
            except asyncio.CancelledError:
                # A cancel is a wish: the story ends itself, in a state that it knows. (When the worker lets go of this
                # run, the story is cancelled too, and the loop ends.)
                self._calls.interruption = Interruption.CANCELLED
        return story.result()

    @workflow.signal(name=contract.RECOVERED)
    def recovered(self, event: Any = None) -> None:
        """The symptom is gone by itself: before the reboot it ends the run, afterwards it is evidence."""
        try:
            self._recoveries.append(contract.TakenEvent.model_validate(event).alarm)
        except ValidationError:
            workflow.logger.warning("a recovery that could not be read was sent to this run")
            return
        if self._attempt is not None:
            self._hear_recoveries(self._attempt)

    @workflow.signal(name=contract.JOINED)
    def joined(self, event: Any = None) -> None:
        """Another incident of this instance found this run at work: its alarm is evidence here."""
        if self._attempt is None:
            return
        self._attempt.journal.note("another alarm joined this run")
        try:
            alarm = contract.TakenEvent.model_validate(event).alarm
        except ValidationError:
            workflow.logger.warning("an alarm that could not be read joined this run")
            return
        if alarm.fault == self._attempt.wanted.alarm.fault:
            self._attempt.fired_at = max(alarm.occurred_at, self._attempt.fired_at or alarm.occurred_at)

    @workflow.signal(name=contract.TURN_CAME)
    def turn_came(self, turn: Any = None) -> None:
        """The region's guard grants the permit that this run waits for, because people approved it late."""
        try:
            self._turns.append(contract.TurnCame.model_validate(turn).key)
        except ValidationError:
            workflow.logger.warning("a turn that could not be read was sent to this run")

    @workflow.query(name=contract.QUESTION, description="what people are asked now, if anything")
    def question(self) -> Question | None:
        return self._desk.question

    @workflow.update(name=contract.ANSWER, description="answer what is asked now")
    def answer(self, given: Any = None) -> Answered:
        """Takes what the validator let pass, once."""
        return self._desk.take(given)

    @answer.validator
    def check_answer(self, given: Any = None) -> None:
        self._desk.check(given)

    def _hear_recoveries(self, attempt: Attempt) -> None:
        """Those of another fault, or older than the alarm, say nothing about this symptom."""
        for recovery in self._recoveries:
            if not recovery.ends(attempt.wanted.alarm):
                continue
            attempt.recovered = recovery
            if attempt.reboot is None and self._calls.interruption is None:
                self._calls.interruption = Interruption.RECOVERED
        self._recoveries.clear()

    async def _told_to_its_end(self, attempt: Attempt) -> RemediationResult:
        plan: Plan | None = None
        try:
            sighting, instance = await self._look(attempt)
            plan = _plan(attempt, sighting)
            if attempt.order.mode.acts:
                outcome, reason = await self._story(attempt, sighting, instance, plan)
            else:
                outcome, reason = Outcome.WOULD_ACT, because(Code.WOULD_ACT)
        except Ended as ended:
            outcome, reason = ended.outcome, ended.reason
        except Interrupted:
            outcome, reason = self._interrupted(attempt)
        except CallFailed as failed:
            untouched = failed.kind == "Refused" and not attempt.is_touched
            outcome = Outcome.REFUSED if untouched else Outcome.HANDED_OVER
            reason = failed.reason
        except Exception as bug:  # noqa: BLE001  # otherwise the task is tried again for ever, and nobody hears of it
            workflow.logger.exception("an error of ours ended the run")
            outcome, reason = Outcome.FAILED, because(Code.OUR_BUG, error=f"{type(bug).__name__}: {bug}")
        return await self._close(attempt, outcome, reason, plan if outcome is Outcome.WOULD_ACT else None)

    async def _story(
        self, attempt: Attempt, sighting: Sighting, instance: Instance, plan: Plan
    ) -> tuple[Outcome, Reason]:
        """The order that nobody can get wrong: no rung without the snapshots of the step before it."""
        attempt.baseline = instance.operation
        runs = because(Code.RULE_RUNS, rule=attempt.order.rule, runbook=attempt.order.runbook_name)
        if attempt.order.mode is Mode.ASK or instance.tags.get(OPT_TAG) == "ask":
            await self._ask_first(attempt, instance, plan)
        self._tell(attempt, "plan", Headline.ACTING, plan=plan, reason=runs)
        await look_before(attempt)
        ready = await protect(attempt, protectable(sighting.disks))
        return await climb(attempt, ready)

    async def _ask_first(self, attempt: Attempt, instance: Instance, plan: Plan) -> None:
        """Nothing is touched before a person has approved it; then it has to be the region's turn as well."""
        why = because(Code.ASKED_FIRST, rule=attempt.order.rule, runbook=attempt.order.runbook_name)
        if not attempt.may_ask:
            raise Ended(Outcome.HANDED_OVER, why)
        self._plan_asked = plan
        rungs = ", then ".join(rung.words for rung in attempt.ladder)
        disks = tuple(AskedDisk(disk_id=disk.disk_id) for disk in plan.disks)
        action = f"a snapshot of {len(disks)} disks, then {rungs} of {instance.instance_id}"
        attempt.allow(await ask(attempt, Matter.FIRST_ACTION, why, action=action, disks=disks))
        if not attempt.permit_key:
            await wait_for_turn(attempt, self._turns)

    async def _look(self, attempt: Attempt) -> tuple[Sighting, Instance]:
        """Read the instance, and end here if it may not be worked on."""
        target, patience = attempt.target, attempt.order.timing.patience_seconds
        attempt.journal.begin("look", "a first reading of the instance and its disks")
        reading = asyncio.create_task(
            self._calls.read(
                InstanceActivities.inspect_instance,
                target,
                queue=Queue.READINGS,
                within=patience,
                summary=f"look at {target.instance_id}",
            )
        )
        try:
            await workflow.wait_condition(
                reading.done,
                timeout=timedelta(seconds=_TELL_WITHIN_SECONDS),
                timeout_summary="tell people even if the cloud is silent",
            )
        except asyncio.TimeoutError:
            blind = because(Code.CLOUD_SILENT, seconds=_TELL_WITHIN_SECONDS, error="no answer yet, still trying")
            acts = attempt.order.mode.acts
            self._tell(attempt, "alarm", Headline.ACTING if acts else Headline.OBSERVED, reason=blind)
        try:
            attempt.sighting = sighting = await reading
        except Expired as expired:
            silent = because(Code.CLOUD_SILENT, seconds=patience, error=expired.last)
            raise Ended(Outcome.HANDED_OVER, silent) from expired
        verdict = may_begin(sighting, attempt.order, target.instance_id)
        if sighting.instance is None or verdict.ruling is Ruling.STOP:
            raise Ended(Outcome.REFUSED, verdict.reason or because(Code.INSTANCE_UNKNOWN, instance=target.instance_id))
        return sighting, sighting.instance

    def _interrupted(self, attempt: Attempt) -> tuple[Outcome, Reason]:
        if self._calls.interruption is Interruption.RECOVERED and attempt.recovered is not None:
            at = f"{attempt.recovered.occurred_at:%H:%M:%S} UTC"
            return Outcome.RECOVERED_BY_ITSELF, because(Code.RECOVERED_BY_ITSELF, at=at)
        return Outcome.CANCELLED, because(Code.CANCELLED_LATE if attempt.reboot else Code.CANCELLED)

    async def _close(self, attempt: Attempt, outcome: Outcome, reason: Reason, plan: Plan | None) -> RemediationResult:
        """One outcome, told to people, to the incident, and to whoever looks at the run."""
        attempt.journal.begin("tell", "people to be told how it ended")
        workflow.upsert_search_attributes(
            [
                keyword(contract.SearchAttribute.PHASE).value_set(Phase.ENDED.value),
                keyword(contract.SearchAttribute.OUTCOME).value_set(outcome.value),
            ]
        )
        ended_at = workflow.now()
        result = self._result(attempt, outcome, reason, ended_at)
        self._tell(attempt, "end", headline_of(outcome), reason=reason, result=result, plan=plan)
        # The incident first: what fires from here on is no longer this run's to heal.
        await self._report(attempt, outcome)
        await self._teller.finish()
        attempt.journal.close(f"**{outcome.value}**: {say(reason)}")
        return self._result(attempt, outcome, reason, ended_at)

    def _result(self, attempt: Attempt, outcome: Outcome, reason: Reason, ended_at: datetime) -> RemediationResult:
        return RemediationResult(
            run_key=attempt.wanted.run_key,
            outcome=outcome,
            reason=reason,
            instance_id=attempt.target.instance_id,
            region=attempt.target.region,
            name=attempt.name,
            rule=attempt.order.rule,
            mode=attempt.wanted.order.mode,
            snapshots=tuple(attempt.snapshots.values()),
            reboot=attempt.reboot,
            rungs=attempt.rungs,
            rolled_back=attempt.rolled_back,
            answers=attempt.answers,
            proven=attempt.judgement.proven if attempt.judgement else (),
            unproven=attempt.judgement.unproven if attempt.judgement else (),
            steps=attempt.journal.steps,
            undelivered=tuple(self._teller.undelivered),
            started_at=attempt.started_at,
            ended_at=ended_at,
        )

    async def _report(self, attempt: Attempt, outcome: Outcome) -> None:
        """Tell the incident; it may have been ended by hand, and the run's own result stands all the same."""
        if attempt.permit_key:
            await self._give_back(attempt.permit_key)
        ended = contract.RemediationEnded(
            **attempt.told,
            outcome=outcome.value,
            ended_at=workflow.now(),
            reboot_at=attempt.reboot_at,
            back_at=attempt.reboot.back_at if attempt.reboot is not None else None,
            rungs=attempt.order.first_rung + len(attempt.rungs),
        )
        incident = workflow.get_external_workflow_handle(attempt.wanted.incident_id)
        try:
            await incident.signal(contract.REMEDIATION_ENDED, ended.model_dump(mode="json"))
        except FailureError:
            workflow.logger.warning("the incident %s is not there any more", attempt.wanted.incident_id)

    def _begin_to_count(self) -> None:
        """The first mutating call is known to have been sent: until then the permit counts as of now anyway."""
        key = self._attempt.permit_key if self._attempt is not None else ""
        if key:
            used = contract.PermitUsed(key=key, run_id=workflow.info().run_id)
            self._counted = asyncio.create_task(self._tell_guard(contract.SENT, used))

    async def _give_back(self, key: str) -> None:
        if self._counted is not None:
            await self._counted
        ended = contract.PermitEnded(key=key, acted=self._calls.may_have_sent)
        await self._tell_guard(contract.ENDED, ended)

    async def _tell_guard(self, signal: str, told: Fact) -> None:
        """It may have been ended by hand; what it has not heard it finds out by looking at this run."""
        region, _ = contract.parse_incident_id(workflow.info().workflow_id)
        guard = workflow.get_external_workflow_handle(contract.fleet_id(region))
        try:
            await guard.signal(signal, told.model_dump(mode="json"))
        except FailureError:
            workflow.logger.warning("the guard of %s is not there any more", region)

    def _tell(self, attempt: Attempt, occasion: str, headline: Headline, **facts: Any) -> None:
        info = workflow.info()
        notice = Notice(
            id=f"{attempt.wanted.run_key}-{occasion}",
            thread=attempt.wanted.thread,
            headline=headline,
            **about(attempt.wanted.alarm),
            name=attempt.name,
            rule=attempt.order.rule,
            mode=attempt.wanted.order.mode,
            run=RunRef(workflow_id=info.workflow_id, run_id=info.run_id),
            **facts,
        )
        recipients = attempt.wanted.recipients or (OPERATORS,)
        self._teller.tell(notice, recipients, patience_seconds=attempt.order.timing.notice_seconds)

    def _tell_question(self, question: Question, number: int) -> None:
        assert self._attempt is not None  # noqa: S101  # who asks is at work; this tells the type checker
        plan = self._plan_asked if question.matter is Matter.FIRST_ACTION else None
        occasion = f"question-{number}"
        self._tell(self._attempt, occasion, Headline.NEEDS_YOU, reason=question.reason, question=question, plan=plan)

    async def _cannot_read(self, error: str) -> ApplicationError:
        """This worker does not understand its order: people are told, and nothing was touched."""
        info = workflow.info()
        notice = Notice(
            id=f"{info.run_id}-unreadable",
            headline=Headline.NEEDS_YOU,
            reason=because(Code.OUR_BUG, error=f"the order of {info.workflow_id} cannot be read: {error[:300]}"),
            run=RunRef(workflow_id=info.workflow_id, run_id=info.run_id),
        )
        self._teller.tell(notice, (OPERATORS,), patience_seconds=900)
        await self._teller.finish()
        return ApplicationError("the order cannot be read by this worker", type="OurBug", non_retryable=True)


def _plan(attempt: Attempt, sighting: Sighting) -> Plan:
    """What comes next, for people."""
    policy = attempt.runbook.snapshot
    disks = protectable(sighting.disks) if policy else ()
    return Plan(
        disks=tuple(PlannedDisk(disk_id=one.disk_id, usage=one.usage, size_gib=one.size_gib) for one in disks),
        keep_seconds=policy.keep if policy else 0,
        snapshots_by=attempt.snapshots_by(policy) if policy else None,
        rungs=tuple(PlannedRung.of(rung) for rung in attempt.ladder),
    )
