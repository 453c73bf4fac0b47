"""FleetGuard: one for each region; the one place that says who may begin to act, serially, and remembers it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.fleet import FleetActivities
    from remediation import contract, fleet
    from remediation.contract import Holder, PermitAnswer, Queue
    from remediation.fleet import FleetShown, FleetState
    from remediation.freezes import Freeze, FreezeAnswer, FreezeAsked, UnfreezeAsked, freeze_of, frozen
    from remediation.holding import keep_told
    from remediation.notices import RunRef
    from remediation.reasons import Code
    from remediation.telling import say
    from workflows.telling import Teller

# How often the runs that hold a permit are looked at. That it is late proves nothing: only what is seen does.
PROOF_EVERY = timedelta(minutes=3)
# While all regions are frozen and somebody waits, how often it is read whether they still are.
_EVERYWHERE_EVERY = timedelta(minutes=2)
_CLOSE_AFTER = timedelta(minutes=1)
_AFTER_A_BUG = timedelta(minutes=1)
_NOTICE_SECONDS = 900


@workflow.defn(name=contract.FLEET_GUARD)
class FleetGuard:
    """Grants permits under a region's limits, gives turns in order, and holds its freeze."""

    @workflow.init
    def __init__(self, memory: Any = None) -> None:
        self._region = workflow.info().workflow_id.partition("/")[2]
        self._teller = Teller()
        self._stirred_at = self._proved_at = self._everywhere_read_at = workflow.now()
        self._stirred = self._prove_now = False
        self._look_again_at: datetime | None = None
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at: datetime | None = None
        self._unreadable = ""
        self._state = FleetState(region=self._region)
        try:
            self._state = FleetState.model_validate(memory or {"region": self._region})
        except ValidationError as error:
            # A newer worker wrote it. Who holds a permit is not known, so nobody gets one.
            self._unreadable = f"the guard of {self._region} cannot read what it knew: {error.errors()[0]['msg']}"

    @workflow.run
    async def run(self, memory: Any = None) -> None:
        """Ends when there is nothing that the next one would have to know.

        A cancel is not obeyed: it would forget who holds a permit.
        """
        if not self._region:
            raise ApplicationError("this is no id of a guard", type="WrongId", non_retryable=True)
        life = asyncio.create_task(self._live())
        while not life.done():
            try:
                await asyncio.shield(life)
            except asyncio.CancelledError:
                workflow.logger.warning("a cancel was asked for: a guard cannot be cancelled, `medic freeze` stops all")
        if not life.result():
            if self._unreadable:  # whoever can read it finds it as it was, and the freeze in the memo
                workflow.continue_as_new(memory)
            workflow.continue_as_new(
                self._state.model_dump(mode="json"), memo={contract.FREEZE: _told(self._state.freeze)}
            )

    @workflow.update(name=contract.ASK, description="may this run begin to act?")
    def ask(self, asked: Any = None) -> PermitAnswer:
        """A permit, or a place in the queue. What does not parse is answered: a refused update says too little."""
        self._stir()
        try:
            question = contract.PermitAsked.model_validate(asked)
        except ValidationError as error:
            return _not_understood(f"{error.errors()[0]['loc']}: {error.errors()[0]['msg']}")
        if self._unreadable or question.region != self._region or self._region == contract.EVERYWHERE:
            return _not_understood(self._unreadable or f"{self._region} has no permits for {question.region}")
        try:
            self._state, answer = fleet.ask(self._state, question, workflow.now())
        except Exception as bug:  # noqa: BLE001  # otherwise the task is tried again for ever, and nobody is answered
            workflow.logger.exception("an error of ours kept a permit from being asked for")
            return _not_understood(f"{type(bug).__name__}: {bug}")
        self._prove_now |= answer.reason is not None and answer.reason.code is Code.STILL_HELD
        return answer

    @workflow.signal(name=contract.SENT)
    def sent(self, told: Any = None) -> None:
        """A run has begun to act: from now on it counts from now."""
        used = self._parsed(contract.PermitUsed, told)
        if used is not None:
            self._state = fleet.sent(self._state, used.key, used.run_id, workflow.now())

    @workflow.signal(name=contract.ENDED)
    def ended(self, told: Any = None) -> None:
        """A run is over, and gives its permit back."""
        over = self._parsed(contract.PermitEnded, told)
        if over is not None:
            self._state = fleet.ended(self._state, over.key, over.acted, workflow.now())

    @workflow.signal(name=contract.WITHDRAW)
    def withdraw(self, told: Any = None) -> None:
        """A turn is not needed any more."""
        given_up = self._parsed(contract.PermitWithdrawn, told)
        if given_up is not None:
            self._state = fleet.withdraw(self._state, given_up.key)

    @workflow.update(name=contract.FREEZE, description="nothing is changed in this region until then")
    def freeze(self, asked: Any = None) -> FreezeAnswer:
        """From this answer on whoever reads the freeze finds it; what was read before is good for some seconds more."""
        self._stir()
        try:
            wanted = FreezeAsked.model_validate(asked)
        except ValidationError as error:
            return FreezeAnswer(error=f"{error.errors()[0]['loc']}: {error.errors()[0]['msg']}")
        made = freeze_of(wanted, self._region, workflow.now())
        if isinstance(made, str):
            return FreezeAnswer(error=made)
        self._hold_freeze(made)
        workflow.logger.warning("%s froze %s until %s: %s", made.by, made.where, made.until, made.reason)
        return FreezeAnswer(freeze=made)

    @workflow.update(name=contract.UNFREEZE, description="end the freeze before its time")
    def unfreeze(self, asked: Any = None) -> FreezeAnswer:
        """Returns the freeze that was ended."""
        self._stir()
        try:
            wanted = UnfreezeAsked.model_validate(asked)
        except ValidationError as error:
            return FreezeAnswer(error=f"{error.errors()[0]['loc']}: {error.errors()[0]['msg']}")
        lifted = self._state.freeze
        if lifted is None:
            everywhere = self._region == contract.EVERYWHERE
            told = (
                "no freeze holds in all regions; --region names one" if everywhere else f"{self._region} is not frozen"
            )
            return FreezeAnswer(error=told)
        self._hold_freeze(None)
        workflow.logger.warning("%s ended the freeze of %s: %s", wanted.by, self._region, wanted.reason)
        return FreezeAnswer(freeze=lifted)

    @workflow.query(name=contract.FLEET, description="who acts, who waits and why, and whether it is frozen")
    def fleet(self) -> FleetShown:
        return fleet.show(self._state, workflow.now())

    async def _live(self) -> bool:
        """Give turns until there is nothing left to know (true), or the history has grown too long (false)."""
        while True:
            self._stirred = False
            try:
                await self._go_round()
                again = self._again_at()
            except Exception:  # noqa: BLE001  # otherwise the task is tried again for ever, and nobody gets a turn
                workflow.logger.exception("an error of ours kept a guard from its round")
                await workflow.sleep(_AFTER_A_BUG)
                continue
            if self._may_rest and self._has_grown_long:
                return False
            if self._may_rest and self._may_close:
                return True
            await self._rest_until(again)

    async def _rest_until(self, moment: datetime | None) -> None:
        """Or until somebody stirs; the timer of the same moment stays, so that a message costs the server none."""
        if moment != self._alarm_at or (self._alarm is not None and self._alarm.done()):
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm, self._alarm_at = None, moment
            if moment is not None:
                wait = max(moment - workflow.now(), timedelta(seconds=1))
                self._alarm = asyncio.create_task(workflow.sleep(wait, summary="a limit, a notice or a proof is due"))
        await workflow.wait_condition(lambda: self._stirred or (self._alarm is not None and self._alarm.done()))

    async def _go_round(self) -> None:
        before = self._state.freeze
        self._state = fleet.tick(self._state, workflow.now())
        if before is not None and self._state.freeze is None:
            self._hold_freeze(None)
        await self._give_turns()
        if self._state.grants and (self._prove_now or workflow.now() >= self._proved_at + PROOF_EVERY):
            await self._prove()
            await self._give_turns()
        self._keep_told()
        self._show()

    async def _give_turns(self) -> None:
        while fleet.has_turn(self._state, workflow.now()):
            if not await self._read_everywhere():
                return
            self._state, first = fleet.next_turn(self._state, workflow.now())
            if first is None:
                return
            waiting = workflow.get_external_workflow_handle(first.asked.incident_id)
            try:
                turn = contract.TurnCame(key=first.asked.key)
                await waiting.signal(contract.TURN_CAME, turn.model_dump(mode="json"))
            except FailureError:  # it is gone: nothing was begun, and the next one has its turn
                self._state = fleet.withdraw(self._state, first.asked.key)

    async def _read_everywhere(self) -> bool:
        """Whether the guard of all regions could be asked, or was a moment ago."""
        fresh = workflow.now() < self._everywhere_read_at + _EVERYWHERE_EVERY
        if self._state.everywhere is not None and fresh:
            return True
        try:
            read = await self._do(FleetActivities.read_freeze, contract.EVERYWHERE, summary="are all regions frozen?")
        except ActivityError:
            self._look_again_at = workflow.now() + _AFTER_A_BUG
            return False
        self._everywhere_read_at = workflow.now()
        self._state = fleet.learn(self._state, read)
        return True

    async def _prove(self) -> None:
        """Give back the permits of those that are proven not to be at work: a timer alone proves nothing."""
        self._prove_now, self._proved_at = False, workflow.now()
        holders = tuple(
            Holder(
                key=one.asked.key,
                remediation_id=contract.remediation_id(self._region, one.asked.instance_id),
                run_id=one.run_id,
                incident_id=one.asked.incident_id,
                incident_run_id=one.asked.incident_run_id,
            )
            for one in self._state.grants
        )
        try:
            over = await self._do(
                FleetActivities.find_ended,
                contract.HoldersAsked(holders=holders),
                summary=f"which of {len(holders)} have ended?",
            )
        except ActivityError as error:
            workflow.logger.warning("whether runs have ended could not be found out: %s", error.cause or error)
            return
        for key in over:
            workflow.logger.warning("a run ended without giving its permit back: %s", key)
            self._state = fleet.ended(self._state, key, None, workflow.now())

    def _keep_told(self) -> None:
        info = workflow.info()
        telling = keep_told(
            self._state,
            workflow.now(),
            thread=f"hold-{workflow.uuid4().hex[:10]}",
            run=RunRef(workflow_id=info.workflow_id, run_id=info.run_id),
        )
        self._state = self._state.model_copy(update={"hold": telling.hold})
        self._look_again_at = min(filter(None, (self._look_again_at, telling.again_at)), default=None)
        if telling.notice is not None:
            self._teller.tell(telling.notice, telling.recipients, patience_seconds=_NOTICE_SECONDS)

    def _show(self) -> None:
        state, now = self._state, workflow.now()
        why = f": {say(fleet.why(state, state.waiting[0], now))}" if state.waiting else ""
        freeze = state.freeze or state.everywhere
        lines = [
            f"**At work:** {len(state.grants)} of {state.max_acting}",
            f"**Begun within the hour:** {fleet.within_the_hour(state, now)} of {state.max_actions_per_hour}",
            f"**Waiting:** {len(state.waiting)}{why}",
            f"**Freeze:** {say(frozen(freeze)) if freeze else 'none'}",
        ]
        workflow.set_current_details("\n\n".join(lines))

    async def _do(self, method: Any, arg: Any, *, summary: str) -> Any:
        return await workflow.execute_activity_method(
            method,
            arg,
            task_queue=Queue.FLEET.of(workflow.info().task_queue),
            summary=summary,
            start_to_close_timeout=timedelta(seconds=15),
            schedule_to_close_timeout=timedelta(seconds=60),
            retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=10)),
        )

    def _hold_freeze(self, freeze: Freeze | None) -> None:
        """The memo is what senders read: the server alone tells it, whether or not a worker is free to answer."""
        self._state = self._state.model_copy(update={"freeze": freeze})
        workflow.upsert_memo({contract.FREEZE: _told(freeze)})

    def _parsed(self, model: Any, told: Any) -> Any:
        self._stir()
        try:
            return model.model_validate(told)
        except ValidationError:
            workflow.logger.warning("a signal that could not be read was sent to this guard")
            return None

    def _stir(self) -> None:
        self._stirred, self._stirred_at = True, workflow.now()

    def _again_at(self) -> datetime | None:
        """When to go round next if nobody stirs."""
        moments = [fleet.next_moment(self._state, workflow.now()), self._look_again_at]
        self._look_again_at = None
        if self._state.grants:
            moments.append(self._proved_at + PROOF_EVERY)
        if self._state.everywhere is not None and self._state.waiting:
            moments.append(self._everywhere_read_at + _EVERYWHERE_EVERY)
        if fleet.is_forgotten(self._state, workflow.now()):
            moments.append(self._stirred_at + _CLOSE_AFTER)
        return min(filter(None, moments), default=None)

    @property
    def _has_grown_long(self) -> bool:
        return workflow.info().is_continue_as_new_suggested()

    @property
    def _may_rest(self) -> bool:
        """Whether nothing is under way that only this run could end."""
        return not self._stirred and self._teller.is_idle and workflow.all_handlers_finished()

    @property
    def _may_close(self) -> bool:
        idle = workflow.now() >= self._stirred_at + _CLOSE_AFTER
        return idle and not self._unreadable and fleet.is_forgotten(self._state, workflow.now())


def _told(freeze: Freeze | None) -> Any:
    return freeze.model_dump(mode="json") if freeze is not None else None


def _not_understood(error: str) -> PermitAnswer:
    return PermitAnswer(granted=False, error=error[:500], ask_again_seconds=fleet.ASK_AGAIN_SECONDS)
