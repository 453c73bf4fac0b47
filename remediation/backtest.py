"""What a page would have done with recorded events: the same `decide`, under a clock that the events set.

It follows `workflows/incident.py` step by step, with runs that end as is assumed in the place of real ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from remediation.assumptions import Assumed
from remediation.config import Config
from remediation.contract import incident_id
from remediation.decisions import Decision, Kind, Order, decide, remembered
from remediation.errors import EventRejected
from remediation.events import CLOCK_TOLERANCE, Alarm, parse_event
from remediation.incidents import MEMORY, Held, IncidentState, Run
from remediation.recordings import Recorded
from remediation.report import Outcome
from remediation.runbooks import Mode
from remediation.simulated_fleets import SimulatedFleets
from remediation.simulated_time import SimulatedTime

# The timer of what waits comes when its time has passed, and not before.
_PAST = timedelta(seconds=1)


class Decided(NamedTuple):
    """What was decided about one event, and when; what was held is decided once more.

    What joins a run, or what is held, is told when that is over: it may be decided once more then.

    Attributes:
        number: which event, as its giver counts them.
        waited: as what it had waited for its turn before.
    """

    number: int
    alarm: Alarm
    decision: Decision
    waited: Held | None = None

    @property
    def is_final(self) -> bool:
        return self.decision.kind is not Kind.HOLD


class _Repair:
    """A run at work."""

    def __init__(self, run: Run, alarm: Alarm, mode: Mode) -> None:
        self.run, self.alarm, self.mode = run, alarm, mode
        self.recovery_passed = False


class _Incident:
    """What is known of one instance. `arrived` is not decided yet: a run has to end before."""

    def __init__(self) -> None:
        self.state = IncidentState()
        self.repair: _Repair | None = None
        self.held_number = 0
        self.last_event_at: datetime | None = None
        self.arrived: deque[tuple[Alarm, int]] = deque()
        self.joined: dict[str, Decided] = {}


def read_alarm(recorded: Recorded, today: datetime) -> tuple[Alarm, datetime]:
    """A recorded event, and when it was taken in: when it happened, if the recording does not say.

    Raises:
        EventRejected: it would not have been.
    """
    if recorded.problem:
        raise EventRejected(recorded.problem)
    # A time that is still to come would carry the clock away, for all events behind it.
    received_at = min(recorded.received_at, today) if recorded.received_at else None
    alarm = parse_event(recorded.event, received_at or today)
    return alarm, received_at or alarm.occurred_at


class Backtest:
    """One page, and every incident and region that it would have had to do with.

    What is kept depends on what happens within a day (`MEMORY`) of the recording, never on its length.
    """

    def __init__(self, config: Config, assumed: Assumed | None = None) -> None:
        self._assumed = assumed or Assumed()
        self._config = self._assumed.page(config)
        self._time = SimulatedTime()
        self._fleets = SimulatedFleets(self._time, self._turn)
        self._incidents: dict[str, _Incident] = {}
        self._decided: list[Decided] = []
        self._keys = 0
        self.out_of_order = 0
        self.echoes_unanswered = 0

    def take(self, alarm: Alarm, at: datetime, number: int = 0) -> list[Decided]:
        """One more event, taken in at that time: everything that is decided until then, and about it."""
        if at < self._time.now:
            self.out_of_order += 1
        self._time.advance(at)
        where = incident_id(alarm.region, alarm.instance_id)
        incident = self._incidents.get(where)
        if incident is None:
            incident = self._incidents[where] = _Incident()
            self._time.later(self._time.now + MEMORY, self._forget, where)
        incident.last_event_at = self._time.now
        incident.arrived.append((alarm, number))
        self._take_all(incident)
        return self._told()

    def finish(self) -> list[Decided]:
        """No more events come: what still waits is decided when its time comes."""
        longest = timedelta(seconds=self._config.guardrails.act_within + self._assumed.takes_seconds)
        self._time.advance(self._time.now + longest + CLOCK_TOLERANCE)
        return self._told()

    @property
    def now(self) -> datetime:
        return self._time.now

    @property
    def kept(self) -> int:
        """How many things are remembered or awaited."""
        inside = sum(len(one.state.seen) + len(one.arrived) for one in self._incidents.values())
        return len(self._incidents) + inside + self._time.awaited + self._fleets.kept

    @property
    def busiest(self) -> Mapping[str, tuple[int, datetime]]:
        """Region → the most instances under repair at once, and when that was first so."""
        return self._fleets.busiest

    def _told(self) -> list[Decided]:
        decided, self._decided = self._decided, []
        return decided

    def _take_all(self, incident: _Incident) -> None:
        """One after the other, in their order. What would join a run that heals nothing any more waits for its end."""
        while incident.arrived:
            alarm, number = incident.arrived[0]
            if incident.repair is not None and incident.repair.recovery_passed and not alarm.is_recovery:
                return
            incident.arrived.popleft()
            self._take(incident, alarm, number)

    def _take(self, incident: _Incident, alarm: Alarm, number: int) -> None:
        self._decide(incident, alarm, number)
        held = incident.state.held
        if held is not None and incident.state.is_over(held.alarm):
            self._decide(incident, held.alarm, incident.held_number, held)
            self._fleets.give_turns(alarm.region)
        self._reopen(incident)

    def _reopen(self, incident: _Incident) -> None:
        """What had joined, and nobody cares for any more, is decided once more; of the others it was the last word."""
        if incident.repair is not None or incident.state.held is not None:
            return
        reopened, incident.state = incident.state.reopened, incident.state.without_reopened()
        joined, incident.joined = incident.joined, {}
        for alarm in reopened:
            self._decide(incident, alarm, joined.pop(alarm.event_id).number, again=True)
        self._decided += joined.values()

    def _decide(
        self, incident: _Incident, alarm: Alarm, number: int, held: Held | None = None, *, again: bool = False
    ) -> None:
        """Decide and carry out; `again` if it was decided before, and `held` if it waited for its turn."""
        decision = self._ask(incident.state, alarm, again=again or held is not None)
        asks_again = held is not None and held.ask_at is not None and self._time.now >= held.ask_at
        key = held.key if held is not None else ""
        if (decision.kind is Kind.REMEDIATE and held is None) or (decision.kind is Kind.HOLD and asks_again):
            key = key or self._new_key()
            decision = self._in_its_turn(incident, decision, alarm, key)
        if decision.kind is Kind.HOLD:
            incident.held_number = number
        elif held is not None:
            incident.state = incident.state.with_held(None)
            if decision.kind is not Kind.REMEDIATE:
                incident.state = incident.state.joined_reopened()
                self._fleets.withdraw(alarm.region, key)
        if decision.kind is Kind.REMEDIATE and decision.order is not None:
            self._start(incident, decision.order, alarm, key)
        incident.state = remembered(incident.state, decision, alarm)
        decided = Decided(number, alarm, decision, held)
        if decision.kind is Kind.JOIN:
            incident.joined[alarm.event_id] = decided
        else:
            self._decided.append(decided)
        if decision.kind is Kind.RECOVERED:
            self._pass_on(incident, alarm)
        elif decision.kind is Kind.REMEDIATE and incident.repair is not None and incident.repair.mode is Mode.OBSERVE:
            self._end(incident, Outcome.WOULD_ACT)

    def _ask(self, state: IncidentState, alarm: Alarm, *, again: bool = False) -> Decision:
        if again:
            state = state.model_copy(update={"again": alarm.event_id})
        decision = decide(alarm, self._config, state, self._time.now)
        if decision.needs_reading and decision.order is not None:
            reading = self._assumed.reading(alarm, decision.order, self._time.now)
            decision = decide(alarm, self._config, state.with_reading(reading), self._time.now)
        return decision

    def _in_its_turn(self, incident: _Incident, decision: Decision, alarm: Alarm, key: str) -> Decision:
        """The decision if the region lets it act now, or that it is held."""
        order = decision.order
        if order is None or order.mode is Mode.OBSERVE:
            return decision
        answer = self._fleets.ask(decision, order, alarm, key)
        before = incident.state.held
        if answer.granted and before is None:
            return decision
        held = Held(
            alarm=alarm,
            key=key,
            since=before.since if before is not None else self._time.now,
            until=alarm.occurred_at + timedelta(seconds=order.act_within_seconds),
            reason=answer.reason or decision.reason,
            ask_at=self._time.now + timedelta(seconds=answer.ask_again_seconds) if answer.ask_again_seconds else None,
            turn_came=answer.granted,
        )
        incident.state = incident.state.with_held(held)
        if before is None:
            self._time.later(held.until + _PAST, self._due, incident, key)
        if held.ask_at is not None:
            self._time.later(held.ask_at, self._due, incident, key)
        return self._ask(incident.state, alarm, again=True)

    def _turn(self, where: str, key: str) -> bool:
        """The turn of a run has come; whether anybody still waits for it."""
        incident = self._incidents.get(where)
        held = incident.state.held if incident is not None else None
        if incident is None or held is None or held.key != key:
            return False
        held = held.model_copy(update={"turn_came": True})
        incident.state = incident.state.with_held(held)
        self._decide(incident, held.alarm, incident.held_number, held)
        self._reopen(incident)
        return True

    def _due(self, incident: _Incident, key: str) -> None:
        """What waits is too old by now, or has to ask again."""
        held = incident.state.held
        if held is not None and held.key == key:
            self._decide(incident, held.alarm, incident.held_number, held)
            self._fleets.give_turns(held.alarm.region)
            self._reopen(incident)

    def _start(self, incident: _Incident, order: Order, alarm: Alarm, key: str) -> None:
        run = Run(
            run_key=key,
            rule=order.rule,
            fault=alarm.fault,
            started_at=self._time.now,
            watch_seconds=order.runbook.watch,
        )
        incident.repair = _Repair(run, alarm, order.mode)
        incident.state = incident.state.with_run(run).model_copy(update={"running": True})
        if order.mode is Mode.ACT:
            self._fleets.sent(alarm.region, key)
            span = timedelta(seconds=self._assumed.takes_seconds)
            self._time.later(self._time.now + span / 2, self._reboot, incident, key)
            self._time.later(self._time.now + span, self._run_out, incident, key)

    def _reboot(self, incident: _Incident, key: str) -> None:
        repair = incident.repair
        if repair is not None and repair.run.run_key == key:
            repair.run = repair.run.model_copy(update={"reboot_at": self._time.now})
            incident.state = incident.state.with_run(repair.run)

    def _pass_on(self, incident: _Incident, recovery: Alarm) -> None:
        """Before the reboot a recovery ends the run, afterwards it is evidence."""
        repair = incident.repair
        if repair is not None and recovery.ends(repair.alarm):
            repair.recovery_passed = True
            if repair.run.reboot_at is None:
                self._end(incident, Outcome.RECOVERED_BY_ITSELF)

    def _run_out(self, incident: _Incident, key: str) -> None:
        if incident.repair is not None and incident.repair.run.run_key == key:
            self._end(incident, self._assumed.outcome)

    def _end(self, incident: _Incident, outcome: Outcome) -> None:
        repair, now = incident.repair, self._time.now
        if repair is None:
            return
        back_at = now - timedelta(seconds=self._assumed.takes_seconds / 4) if repair.run.reboot_at else None
        run = repair.run.model_copy(update={"outcome": outcome, "ended_at": now, "back_at": back_at})
        incident.state = incident.state.with_run(run).run_over(outcome).model_copy(update={"running": False})
        incident.repair, incident.last_event_at = None, now
        if run.echo_until is not None:
            self._time.later(max(run.echo_until, now), self._echoes_over, incident)
        if repair.mode is Mode.ACT:
            self._fleets.ended(repair.alarm.region, run.run_key)
        self._take_all(incident)
        self._reopen(incident)

    def _echoes_over(self, incident: _Incident) -> None:
        if incident.state.unanswered_echoes(self._time.now):
            self.echoes_unanswered += 1
            incident.state = incident.state.echoes_answered()

    def _forget(self, where: str) -> None:
        """An incident closes when its memory has passed since the last that happened to it."""
        incident = self._incidents[where]
        last = incident.last_event_at or self._time.now
        if incident.repair is not None or incident.state.held is not None or self._time.now < last + MEMORY:
            self._time.later(max(last + MEMORY, self._time.now + _PAST), self._forget, where)
        else:
            del self._incidents[where]

    def _new_key(self) -> str:
        self._keys += 1
        return f"run-{self._keys}"
