"""Incident: one for each sick instance; takes its alarms in, has them decided, starts and watches its remediations."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from remediation import contract
    from remediation.contract import Record, SearchAttribute
    from remediation.decisions import Decision, Kind, Order
    from remediation.events import Alarm
    from remediation.incidents import Held, IncidentState, Run
    from remediation.notices import OPERATORS, Headline, Notice, RunRef, about
    from remediation.reasons import Code, Reason, because
    from remediation.report import Outcome
    from remediation.runbooks import Mode
    from workflows.deciding import ask_permit, decide, give_back
    from workflows.journal import keyword
    from workflows.remembering import Memory
    from workflows.repairing import Repair, thread
    from workflows.telling import Teller

_NOTICE_SECONDS = 900
_AFTER_A_RUN_THAT_TELLS = timedelta(seconds=15)
# Past this many events further alarms are only counted: the run must stay able to end.
_FOLD_BEYOND = 20_000


@workflow.defn(name=contract.INCIDENT)
class Incident:
    """At most one open per instance, by its id; every event that reaches it gets exactly one recorded decision."""

    @workflow.init
    def __init__(self, memory: Any = None) -> None:
        self._region, self._instance_id = contract.parse_incident_id(workflow.info().workflow_id)
        self._is_dry = contract.is_dry_run(workflow.info().workflow_id)
        self._arrived: deque[Any] = deque()
        self._turns: deque[str] = deque()
        self._has_grown_long, self._length = False, 0
        self._teller = Teller()
        self._memory = Memory(memory)
        self._repair = Repair(self._memory, self._region, self._instance_id, self._tell_lost)

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
        if self._memory.unreadable:
            forgotten = because(Code.MEMORY_UNREADABLE, error=self._memory.unreadable)
            self._undecided("memory", forgotten)
        life = asyncio.create_task(self._live())
        while not life.done():
            try:
                await asyncio.shield(life)
            except asyncio.CancelledError:
                self._memory.show("a cancel was asked for: cancel the remediation instead, an incident only remembers")
        if not life.result():
            workflow.continue_as_new(self._memory.carried())
        counts = self._memory.counts()
        if self._teller.undelivered:
            counts["notices undelivered"] = len(self._teller.undelivered)
        return counts

    async def _live(self) -> bool:
        """Take events until there is nothing left to remember (true), or the history has grown too long (false)."""
        while True:
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(
                    lambda: bool(self._arrived or self._turns or self._reopened) or self._may_end,
                    timeout=self._until_due(),
                    timeout_summary="what waits, or forget and close",
                )
            while self._arrived:
                await self._take(self._arrived.popleft())
            await self._attend()
            if self._may_end:
                return True
            if self._may_continue_as_new:
                return False

    @workflow.signal(name=contract.TAKE_EVENT)
    def take_event(self, event: Any = None) -> None:
        """An alarm from the door. Whatever comes is taken: a signal that does not decode would be lost in silence."""
        self._arrived.append(event)
        self._measure()

    @workflow.signal(name=contract.TURN_CAME)
    def turn_came(self, turn: Any = None) -> None:
        """The region's guard grants the permit that was waited for."""
        try:
            self._turns.append(contract.TurnCame.model_validate(turn).key)
        except ValidationError:
            workflow.logger.warning("a turn that could not be read was sent to this incident")

    @workflow.signal(name=contract.REBOOTING)
    def rebooting(self, begun: Any = None) -> None:
        """A remediation is about to reboot: alarms from here on may be caused by it."""
        try:
            told = contract.RebootBegun.model_validate(begun)
        except ValidationError:
            workflow.logger.warning("a reboot that could not be read was sent to this incident")
            return
        self._memory.get_to_know(told)
        self._memory.rebooting(told)

    @workflow.signal(name=contract.REMEDIATION_ENDED)
    def remediation_ended(self, ended: Any = None) -> None:
        """A remediation tells its end, also one that an earlier incident started."""
        try:
            told = contract.RemediationEnded.model_validate(ended)
            outcome = Outcome(told.outcome)
        except ValueError:  # pydantic's ValidationError is one too
            workflow.logger.warning("an ending that could not be read was sent to this incident")
            return
        self._memory.get_to_know(told)
        self._memory.ended(told.run_key, outcome, told)

    def _measure(self) -> None:
        """How long the history is, as of the task that brought a signal.

        Not read later: deciding is a local activity, and what the server says with the task in which that ends may be
        said with another task when the history is replayed.
        """
        self._has_grown_long = workflow.info().is_continue_as_new_suggested()
        self._length = workflow.info().get_current_history_length()

    @workflow.query(name=contract.DECISIONS, description="what was decided about each event of this instance")
    def decisions(self) -> list[Record]:
        return list(self._memory.records)

    @property
    def _is_idle(self) -> bool:
        waiting = self._arrived or self._turns or self._reopened
        return not (waiting or self._repair.is_running) and self._teller.is_idle

    @property
    def _reopened(self) -> tuple[Alarm, ...]:
        """What had joined, and is free to be decided once more."""
        state = self._memory.state
        return state.reopened if state.held is None and not self._repair.is_running else ()

    @property
    def _may_end(self) -> bool:
        return self._is_idle and self._memory.state.held is None and self._memory.is_over

    @property
    def _may_continue_as_new(self) -> bool:
        # A parent's continue-as-new would cut the child's result off; notices under way would be lost.
        return self._has_grown_long and self._is_idle

    def _until_due(self) -> timedelta | None:
        """Until something has to be done without being told; None: whatever is at work wakes it up."""
        state = self._memory.state
        due: list[datetime] = []
        if state.held is not None:
            due.append(min(state.held.until, state.held.ask_at or state.held.until))
        if state.echoes and state.echo_until is not None:
            due.append(state.echo_until)
        left = self._memory.left
        if left > timedelta():
            due.append(workflow.now() + left)
        return max(min(due) - workflow.now(), timedelta(seconds=1)) if due else None

    async def _take(self, event: Any) -> None:
        """One event, one decision, whatever happens: recorded, and acted upon."""
        try:
            await self._read(event)
        except Exception as bug:  # noqa: BLE001  # otherwise the task is tried again for ever, and nobody hears of it
            workflow.logger.exception("an error of ours kept an event from being decided")
            self._undecided("undecided", because(Code.UNDECIDED, error=f"{type(bug).__name__}: {bug}"))

    async def _read(self, event: Any) -> None:
        self._memory.event_came()
        if self._length > _FOLD_BEYOND:
            if self._memory.fold():
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
        if not alarm.is_recovery and self._repair.is_ending:
            # It would join a run that heals nothing any more: it is decided when that one is over.
            await workflow.wait_condition(lambda: not self._repair.is_running)
        await self._decide(alarm)

    async def _decide(self, alarm: Alarm, held: Held | None = None, *, again: bool = False) -> None:
        """Decide and carry out; `again` if it was decided before, and `held` if it waited for its turn."""
        key, asked = held.key if held is not None else workflow.uuid4().hex[:10], held is not None
        try:
            decision = await decide(alarm, self._state(alarm if again or held is not None else None))
            asks_first = decision.kind is Kind.REMEDIATE and held is None
            if asks_first or (decision.kind is Kind.HOLD and self._is_asked_again(held)):
                asked = True
                decision = await self._in_its_turn(decision, alarm, key)
            self._refresh(decision, held)
            decision = await self._carry_out(decision, alarm, key)
        except ActivityError as error:
            self._undecided(alarm.event_id, because(Code.UNDECIDED, error=error.cause or error), alarm)
            await self._let_go(key)
        except Exception:
            await self._let_go(key)  # a permit that nobody uses would be missed by others
            raise
        else:
            if asked and decision.kind is not Kind.HOLD:
                await self._let_go(key, used=decision.kind is Kind.REMEDIATE)

    def _refresh(self, decision: Decision, held: Held | None) -> None:
        """How long it may wait is the page's to say, which may have changed meanwhile."""
        now_held = self._memory.state.held
        if decision.kind is Kind.HOLD and decision.order is not None and held is not None and now_held is not None:
            until = held.alarm.occurred_at + timedelta(seconds=decision.order.act_within_seconds)
            self._memory.state = self._memory.state.with_held(now_held.model_copy(update={"until": until}))

    async def _in_its_turn(self, decision: Decision, alarm: Alarm, key: str) -> Decision:
        """The decision if the region lets it act now, or that it is held."""
        assert decision.order is not None  # noqa: S101  # it has one; this tells the type checker
        answer = await ask_permit(decision, decision.order, alarm, key)
        held = self._memory.state.held
        if answer.granted and held is None:
            return decision
        is_held_by_run = answer.reason is not None and answer.reason.code is Code.STILL_HELD
        if is_held_by_run and held is None and await self._repair.join(alarm):
            return decision.model_copy(update={"kind": Kind.JOIN, "reason": because(Code.JOINED), "order": None})
        reason = answer.reason or because(Code.GUARD_SILENT, error=answer.error or "no reason given")
        again = timedelta(seconds=answer.ask_again_seconds)
        return await self._hold(decision.order, alarm, key, reason, again=again, turn_came=answer.granted)

    async def _hold(
        self, order: Order, alarm: Alarm, key: str, reason: Reason, *, again: timedelta, turn_came: bool = False
    ) -> Decision:
        """It waits: for its turn, or until it is to be asked `again`."""
        before = self._memory.state.held
        held = Held(
            alarm=alarm,
            key=key,
            since=before.since if before is not None else workflow.now(),
            until=alarm.occurred_at + timedelta(seconds=order.act_within_seconds),
            reason=reason,
            ask_at=workflow.now() + again if again else None,
            turn_came=turn_came,
        )
        self._memory.state = self._memory.state.with_held(held)
        return await decide(alarm, self._state(alarm))

    async def _carry_out(self, decision: Decision, alarm: Alarm, key: str) -> Decision:
        """Do what was decided, tell it, and remember it; returns what it came to."""
        run: Run | None = None
        if decision.kind is Kind.REMEDIATE and decision.order is not None:
            run = await self._repair.start(decision, decision.order, alarm, key)
            if run is None:
                decision = await self._behind(decision, decision.order, alarm, key)
        elif decision.kind is Kind.RECOVERED:
            await self._repair.pass_on(alarm)
        elif decision.kind is Kind.JOIN and self._repair.is_running:
            await self._repair.join(alarm)  # that it fires again after the repair is evidence
        told_by_guard = decision.kind is Kind.HOLD and decision.reason.code is not Code.GUARD_SILENT
        if (
            decision.kind not in (Kind.REMEDIATE, Kind.JOIN)
            and not told_by_guard
            and (decision.recipients or decision.must_be_heard)
        ):
            self._tell(decision, alarm)  # to the operators, if the rules name nobody
        self._memory.remember(decision, alarm, run)
        return decision

    async def _behind(self, decision: Decision, order: Order, alarm: Alarm, key: str) -> Decision:
        """A run is at work that this incident did not start: join it, unless it has ended, and only tells."""
        last = self._memory.state.last_run
        if last is None or last.ended_at is None or order.mode is Mode.OBSERVE:
            return decision.model_copy(update={"kind": Kind.JOIN, "reason": because(Code.JOINED), "order": None})
        await give_back(self._region, key)
        reason = because(Code.STILL_HELD, instance=self._instance_id)
        return await self._hold(order, alarm, workflow.uuid4().hex[:10], reason, again=_AFTER_A_RUN_THAT_TELLS)

    async def _attend(self) -> None:
        """What is due without an event: turns that came, what waits no more, alarms that our reboot left open."""
        while self._turns:
            key, held = self._turns.popleft(), self._memory.state.held
            if held is None or held.key != key:
                if self._memory.state.run(key) is None:  # one that was begun gives its permit back itself
                    await give_back(self._region, key)
                continue
            held = held.model_copy(update={"turn_came": True})
            self._memory.state = self._memory.state.with_held(held)
            await self._decide_again(held.alarm, held)
        held = self._memory.state.held
        if held is not None and self._is_due(held):
            await self._decide_again(held.alarm, held)
        reopened = self._reopened
        if reopened:
            self._memory.state = self._memory.state.without_reopened()
        for alarm in reopened:
            await self._decide_again(alarm)
        open_since = self._memory.state.unanswered_echoes(workflow.now())
        for fault, since in open_since.items():
            self._tell_open(fault, since)
        if open_since:
            self._memory.state = self._memory.state.echoes_answered()

    async def _decide_again(self, alarm: Alarm, held: Held | None = None) -> None:
        try:
            await self._decide(alarm, held, again=True)
        except Exception as bug:  # noqa: BLE001  # as in `_take`
            workflow.logger.exception("an error of ours kept an event from being decided once more")
            self._undecided(alarm.event_id, because(Code.UNDECIDED, error=f"{type(bug).__name__}: {bug}"))

    def _is_due(self, held: Held) -> bool:
        """Too old by now, over by itself, or to be asked for again: none of them is a turn."""
        is_over = self._memory.state.is_over(held.alarm)
        return is_over or workflow.now() >= held.until or self._is_asked_again(held)

    def _is_asked_again(self, held: Held | None) -> bool:
        return held is not None and held.ask_at is not None and workflow.now() >= held.ask_at

    async def _let_go(self, key: str, *, used: bool = False) -> None:
        """It waits no more. A turn that is not used is for others, and what had joined it is decided once more."""
        state = self._memory.state
        if state.held is not None and state.held.key == key:
            state = state.with_held(None)
            self._memory.state = state if used else state.joined_reopened()
        if not used and state.run(key) is None:
            await give_back(self._region, key)

    def _state(self, again: Alarm | None = None) -> IncidentState:
        event_id = again.event_id if again is not None else ""
        return self._memory.state.model_copy(
            update={"running": self._repair.is_running, "again": event_id, "dry": self._is_dry}
        )

    def _undecided(self, event_id: str, reason: Reason, alarm: Alarm | None = None) -> None:
        """What cannot be decided is recorded and told to the operators; it is never silently dropped."""
        decision = Decision(
            kind=Kind.UNDECIDED, event_id=event_id, reason=reason, needs_people=True, decided_at=workflow.now()
        )
        self._tell(decision, alarm)
        self._memory.remember(decision, alarm)

    def _tell_lost(self, decision: Decision, alarm: Alarm) -> None:
        """The run was ended from outside, or could not say how it ended."""
        reason = because(Code.RUN_ENDED_FROM_OUTSIDE)
        self._tell(decision.model_copy(update={"reason": reason, "needs_people": True}), alarm, "ended")

    def _tell_open(self, fault: str, since: datetime) -> None:
        """A fault that our own reboot raised has not been reported as over: it is people's now."""
        reason = because(Code.ECHO_UNANSWERED, fault=fault, since=f"{since:%H:%M:%S} UTC")
        decision = Decision(
            kind=Kind.NOTIFY, event_id=fault, reason=reason, needs_people=True, decided_at=workflow.now()
        )
        self._tell(decision, None, "open")

    def _tell(self, decision: Decision, alarm: Alarm | None, occasion: str = "decision") -> None:
        info = workflow.info()
        facts: dict[str, Any] = about(alarm) if alarm else {"instance_id": self._instance_id, "region": self._region}
        headline = {Kind.RECOVERED: Headline.RECOVERED, Kind.HOLD: Headline.HELD}.get(decision.kind, Headline.OBSERVED)
        notice = Notice(
            id=f"{workflow.uuid4().hex[:10]}-{occasion}",
            headline=Headline.NEEDS_YOU if decision.needs_people else headline,
            rule=decision.rule,
            reason=decision.reason,
            run=RunRef(workflow_id=info.workflow_id, run_id=info.run_id),
            thread=thread(),
            **facts,
        )
        self._teller.tell(notice, decision.recipients or (OPERATORS,), patience_seconds=_NOTICE_SECONDS)
