"""IncidentState: what one instance's incident remembers, and how each thing that happens changes it; all pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from remediation.cautions import caution_of
from remediation.events import Alarm
from remediation.models import Fact
from remediation.reasons import Reason
from remediation.report import Outcome

# What a reboot raises by itself, whoever asked for it. A shutdown within the guest raises PingUnreachable too.
CAUSED_BY_REBOOT = ("GuestReboot", "PingUnreachable")
# How long after the instance is back such an alarm still counts as caused by our reboot.
REBOOT_ECHO = timedelta(minutes=5)
# The cloud's clock stamps the alarm, the worker's the reboot.
_CLOCK_TOLERANCE = timedelta(seconds=10)
# Longer than any redelivery, the watch, and the window of max_per_day.
MEMORY = timedelta(hours=24)
MOST_REMEMBERED = 500
_MOST_JOINED = 50


class Run(Fact):
    """A remediation that this incident started, or found at work."""

    run_key: str
    run_id: str = ""
    rule: str
    fault: str = ""
    started_at: datetime
    watch_seconds: int
    outcome: Outcome | None = None
    ended_at: datetime | None = None
    reboot_at: datetime | None = Field(default=None, description="when it was about to send a reboot, or had sent it")
    back_at: datetime | None = None
    rungs: int = Field(default=0, description="how far up its ladder it came")

    @property
    def counts_as_attempt(self) -> bool:
        """A run that ended before it touched anything uses up no attempt."""
        return self.outcome not in (Outcome.REFUSED, Outcome.WOULD_ACT, Outcome.RECOVERED_BY_ITSELF)

    @property
    def echo_until(self) -> datetime | None:
        """Until when alarms may be caused by this run's reboot; None while that is open, or without a reboot."""
        after = self.back_at or self.ended_at
        return after + REBOOT_ECHO if after and self.reboot_at else None

    def caused(self, alarm: Alarm) -> bool:
        """Whether this run's own reboot is what the alarm is about."""
        if self.reboot_at is None or alarm.fault not in CAUSED_BY_REBOOT:
            return False
        until = self.echo_until
        return self.reboot_at - _CLOCK_TOLERANCE <= alarm.occurred_at and (until is None or alarm.occurred_at <= until)


class Held(Fact):
    """An alarm that is to be remediated, and waits for its turn.

    Attributes:
        key: of the run that it waits for.
        until: the alarm is too old to act on after that.
        ask_at: it stands in no queue, and has to be asked for again.
    """

    alarm: Alarm
    key: str
    since: datetime
    until: datetime
    reason: Reason
    ask_at: datetime | None = None
    turn_came: bool = False


class Reading(Fact):
    """What the cloud says of the instance: never what the event says."""

    exists: bool
    tags: dict[str, str] = Field(default={})
    read_at: datetime


class IncidentState(Fact):
    """What an incident knows when it has to decide."""

    seen: dict[str, str] = Field(default={}, description="event id → its body's hash")
    runs: tuple[Run, ...] = ()
    dry: bool = Field(default=False, description="events are only tried here: nothing is ever changed")
    running: bool = False
    recovered: dict[str, datetime] = Field(default={}, description="fault → when it was last reported as over")
    held: Held | None = None
    again: str = Field(default="", description="the event that is being decided once more")
    joined: tuple[Alarm, ...] = Field(default=(), description="what was left to the run at work, or to what is held")
    reopened: tuple[Alarm, ...] = Field(default=(), description="what had joined, and nobody cares for any more")
    reading: Reading | None = None
    echoes: dict[str, datetime] = Field(default={}, description="fault our reboot raised, not over yet → since when")
    told: dict[str, datetime] = Field(default={}, description="what was told of, → when last")
    cautions: dict[str, datetime] = Field(default={}, description="what makes a reboot unwise → since when")

    @property
    def last_run(self) -> Run | None:
        return self.runs[-1] if self.runs else None

    def is_again(self, alarm: Alarm) -> bool:
        """Whether this alarm was decided before, to wait or to join, and is decided once more."""
        return self.again == alarm.event_id

    def is_held(self, alarm: Alarm) -> bool:
        """Whether this alarm waits for its turn, and is decided once more."""
        return self.is_again(alarm) and self.held is not None and self.held.alarm.event_id == alarm.event_id

    def causing(self, alarm: Alarm) -> Run | None:
        """The run whose reboot raised this alarm, if one did. The end of what is being healed is no such echo."""
        last = self.last_run
        if alarm.is_recovery and last is not None and alarm.fault == last.fault:
            return None
        return next((run for run in reversed(self.runs) if run.caused(alarm)), None)

    def awaits_recovery(self, recovery: Alarm) -> bool:
        """Whether people were told that this fault began, and not yet that it is over."""
        began, over = self.told.get(began_matter(recovery.fault)), self.recovered.get(recovery.fault)
        return began is not None and (over is None or over < began)

    def cured(self, recovery: Alarm) -> bool:
        """Whether the last word that people heard of this fault is that a run healed it."""
        last = self.last_run
        if last is None or last.outcome is not Outcome.RECOVERED or last.fault != recovery.fault:
            return False
        called_at = self.told.get(began_matter(recovery.fault))
        return called_at is None or last.ended_at is None or called_at <= last.ended_at

    def noted(self, alarm: Alarm, *, told: bool, at: datetime) -> IncidentState:
        """The event has been decided: it is known when it is delivered again; `told` if people heard of it."""
        seen = _newest({**self.seen, alarm.event_id: alarm.body_hash})
        return self._cautioned(alarm)._noted(alarm, seen, told=told, at=at)

    def _cautioned(self, alarm: Alarm) -> IncidentState:
        caution = caution_of(alarm.fault, is_recovery=alarm.is_recovery)
        if caution is None:
            return self
        others = {what: since for what, since in self.cautions.items() if what != caution.what}
        return self._with(cautions={**others, caution.what: alarm.occurred_at} if caution.begins else others)

    def _noted(self, alarm: Alarm, seen: dict[str, Any], *, told: bool, at: datetime) -> IncidentState:
        if not told or alarm.is_recovery:
            return self._with(seen=seen)
        return self._with(seen=seen, told=_newest({**self.told, began_matter(alarm.fault): at}))

    def recovery_noted(self, recovery: Alarm) -> IncidentState:
        """A fault is over: what fired before that moment, and is delivered later, starts nothing."""
        newest = max(recovery.occurred_at, self.recovered.get(recovery.fault, recovery.occurred_at))
        return self._with(
            recovered=_newest({**self.recovered, recovery.fault: newest}),
            echoes={fault: since for fault, since in self.echoes.items() if fault != recovery.fault},
        )

    def echo_noted(self, alarm: Alarm) -> IncidentState:
        """Our own reboot raised this alarm. Only what can be reported as over is waited for to be over."""
        if alarm.is_recovery:
            return self.recovery_noted(alarm)
        if not alarm.is_firing or self.is_over(alarm):
            return self
        return self._with(echoes=_newest({**self.echoes, alarm.fault: alarm.occurred_at}))

    def over_told(self, fault: str) -> IncidentState:
        """People have heard that it is over: that it began again is news, however soon."""
        return self._with(told={name: at for name, at in self.told.items() if not _is_of(name, fault)})

    def with_joined(self, alarm: Alarm) -> IncidentState:
        """It is left to what is at work, or waits."""
        others = [one for one in self.joined if one.event_id != alarm.event_id]
        return self._with(joined=(*others, alarm)[-_MOST_JOINED:])

    def joined_reopened(self) -> IncidentState:
        """What they were left to did nothing about them; those that are over need nobody any more."""
        still = (one for one in self.joined if not self.is_over(one))
        return self._with(joined=(), reopened=(*self.reopened, *still))

    def is_over(self, alarm: Alarm) -> bool:
        """Whether its fault was reported as over at that time, or after it."""
        at = self.recovered.get(alarm.fault)
        return at is not None and alarm.occurred_at <= at

    def run_over(self, outcome: Outcome) -> IncidentState:
        """A fault that went by itself took no other with it; after any other end people have heard of the instance."""
        return self.joined_reopened() if outcome is Outcome.RECOVERED_BY_ITSELF else self._with(joined=())

    def without_reopened(self) -> IncidentState:
        return self._with(reopened=())

    def told_of(self, matter: str, now: datetime) -> IncidentState:
        return self._with(told=_newest({**self.told, matter: now}))

    def with_reading(self, reading: Reading | None) -> IncidentState:
        return self._with(reading=reading)

    def with_held(self, held: Held | None) -> IncidentState:
        return self._with(held=held)

    def with_run(self, run: Run) -> IncidentState:
        """A run began, or more is known of it."""
        known = [one.run_key for one in self.runs]
        if run.run_key in known:
            return self._with(runs=tuple(run if one.run_key == run.run_key else one for one in self.runs))
        return self._with(runs=(*self.runs, run)[-MOST_REMEMBERED:])

    def run(self, run_key: str) -> Run | None:
        return next((one for one in self.runs if one.run_key == run_key), None)

    @property
    def echo_until(self) -> datetime | None:
        """Until when our last reboot may be what an alarm is about."""
        rebooted = next((run for run in reversed(self.runs) if run.reboot_at is not None), None)
        return rebooted.echo_until if rebooted is not None else None

    def unanswered_echoes(self, now: datetime) -> dict[str, datetime]:
        """Faults that our reboot raised and that nobody reported as over by the end of their time: fault → since when.

        The cloud tells of such a fault once. Left as an echo, an instance that stays unreachable would be nobody's.
        """
        until = self.echo_until
        return self.echoes if until is not None and now >= until else {}

    def echoes_answered(self) -> IncidentState:
        return self._with(echoes={})

    def _with(self, **changes: object) -> IncidentState:
        return self.model_copy(update=changes)


def began_matter(fault: str) -> str:
    """The matter that people heard of: this fault."""
    return f"began {fault}"


def over_matter(fault: str) -> str:
    """The matter that people heard of: the end of this fault."""
    return f"over {fault}"


def _is_of(matter: str, fault: str) -> bool:
    """Whether it says that the fault is there."""
    return matter.rpartition(" ")[2] == fault and matter not in (over_matter(fault), began_matter(fault))


def _newest(entries: dict[str, object]) -> dict[str, object]:
    """Bounded: what came first is forgotten first."""
    if len(entries) <= MOST_REMEMBERED:
        return entries
    return dict(list(entries.items())[-MOST_REMEMBERED:])
