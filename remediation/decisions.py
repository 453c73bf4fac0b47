"""decide(alarm, rules, incident, now): the one place that says what becomes of an event."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

from pydantic import Field

from remediation.config import Config, Rule, TagScope
from remediation.durations import write_duration
from remediation.events import Alarm
from remediation.models import Fact
from remediation.reasons import Code, Reason, because
from remediation.report import Outcome
from remediation.runbooks import Mode, Runbook


class Kind(str, Enum):
    """What becomes of one event."""

    REMEDIATE = "remediate"
    JOIN = "join"
    NOTIFY = "notify"
    IGNORE = "ignore"
    RECOVERED = "recovered"
    DUPLICATE = "duplicate"
    EXPIRE = "expire"
    UNDECIDED = "undecided"


class Recipient(Fact):
    """One address of a channel, by its place in medic.yaml: the address itself never enters history."""

    channel: str
    place: int
    kind: str

    def __str__(self) -> str:
        return f"{self.channel}[{self.place}] ({self.kind})"


class Timing(Fact):
    """Bounds of the worker's settings that a run carries with it, in seconds."""

    patience_seconds: int = 900
    validity_seconds: int = 360
    notice_seconds: int = 900


class Order(Fact):
    """What a run is to do: resolved once, so that editing medic.yaml changes no run in flight."""

    rule: str
    mode: Mode
    scope: TagScope | Literal["all"]
    runbook_name: str
    runbook: Runbook
    act_within_seconds: int
    timing: Timing = Timing()


class Run(Fact):
    """A remediation that this incident started."""

    run_key: str
    run_id: str = ""
    rule: str
    started_at: datetime
    watch_seconds: int
    outcome: Outcome | None = None
    ended_at: datetime | None = None

    @property
    def counts_as_attempt(self) -> bool:
        """A run that ended before it touched anything uses up no attempt."""
        return self.outcome not in (Outcome.REFUSED, Outcome.WOULD_ACT, Outcome.RECOVERED_BY_ITSELF)


class IncidentState(Fact):
    """What an incident remembers when it has to decide."""

    seen: tuple[str, ...] = ()
    runs: tuple[Run, ...] = ()
    running: bool = False
    recovered: dict[str, datetime] = Field(default={}, description="fault → when it was last reported as over")


class Decision(Fact):
    """What becomes of one event, why, and who hears of it."""

    kind: Kind
    event_id: str
    reason: Reason
    rule: str = ""
    order: Order | None = None
    recipients: tuple[Recipient, ...] = ()
    needs_people: bool = False
    config_sha256: str = ""
    decided_at: datetime


def decide(alarm: Alarm, rules: Config, incident: IncidentState, now: datetime) -> Decision:
    """The decision about one alarm: pure and total.

    Args:
        rules: the configuration that the worker has loaded.
        incident: what the instance's incident remembers.
        now: the incident's clock.
    """
    matching = [rule for rule in rules.rules if rule.pattern.matches(alarm.event)]
    running = next((rule for rule in matching if rule.run is not None), None)

    def decision(kind: Kind, reason: Reason, *, told: bool = False, needs_people: bool = False) -> Decision:
        rule = running or (matching[0] if matching else None)
        return Decision(
            kind=kind,
            event_id=alarm.event_id,
            reason=reason,
            rule=rule.name if rule else "",
            order=order_of(running, rules) if kind is Kind.REMEDIATE and running else None,
            recipients=recipients_of(matching, rules) if told else (),
            needs_people=needs_people,
            config_sha256=rules.sha256,
            decided_at=now,
        )

    if alarm.event_id in incident.seen:
        return decision(Kind.DUPLICATE, because(Code.DUPLICATE, event=alarm.event_id))
    if alarm.is_recovery:
        return decision(Kind.RECOVERED, because(Code.RECOVERY), told=bool(matching) and not incident.running)
    if not matching:
        return decision(Kind.IGNORE, because(Code.NO_RULE))
    over = incident.recovered.get(alarm.fault)
    if over is not None and alarm.occurred_at <= over:
        # Deliveries overtake one another: this one is of a fault that is over already.
        return decision(Kind.EXPIRE, because(Code.OVER_ALREADY, at=f"{over:%H:%M:%S} UTC"), told=True)
    age = now - alarm.occurred_at
    if age > timedelta(seconds=rules.guardrails.max_age):
        limit = write_duration(rules.guardrails.max_age)
        return decision(Kind.EXPIRE, because(Code.TOO_OLD, age=_rough(age), limit=limit), told=True)
    if running is None:
        return decision(Kind.NOTIFY, because(Code.RULE_NOTIFIES, rule=matching[0].name), told=True)
    if incident.running:
        return decision(Kind.JOIN, because(Code.JOINED))
    used_up = _used_up(rules, incident, now)
    if used_up is not None:
        return decision(Kind.NOTIFY, used_up, told=True, needs_people=True)
    return decision(Kind.REMEDIATE, because(Code.RULE_RUNS, rule=running.name, runbook=str(running.run)), told=True)


def _used_up(rules: Config, incident: IncidentState, now: datetime) -> Reason | None:
    """Why no further repair may be tried, or None."""
    limits = rules.guardrails
    tried = [run for run in incident.runs if run.counts_as_attempt]
    today = [run for run in tried if now - run.started_at < timedelta(days=1)]
    if limits.max_attempts == 0 or limits.max_per_day == 0:
        return because(Code.ATTEMPTS_USED, tried=0, limit=0)
    last = tried[-1] if tried else None
    watched = last is not None and now - (last.ended_at or last.started_at) < timedelta(seconds=last.watch_seconds)
    if last is not None and watched and last.outcome is Outcome.RECOVERED:
        # The ladder has no rung after the one that seemed to cure; `max_attempts` only caps.
        after = _rough(now - (last.ended_at or last.started_at))
        return because(Code.RELAPSE, after=after, watch=write_duration(last.watch_seconds))
    if watched and len(tried) >= limits.max_attempts:
        return because(Code.ATTEMPTS_USED, tried=len(tried), limit=limits.max_attempts)
    if len(today) >= limits.max_per_day:
        return because(Code.DAY_USED, tried=len(today), limit=limits.max_per_day)
    return None


def order_of(rule: Rule, rules: Config) -> Order:
    """The rule's runbook and bounds, resolved. The rule has been checked to have `run`, `scope` and `mode`."""
    assert rule.run is not None  # noqa: S101  # Config refuses such a rule; this tells the type checker
    assert rule.scope is not None  # noqa: S101  # the same
    assert rule.mode is not None  # noqa: S101  # the same
    return Order(
        rule=rule.name,
        mode=rule.mode,
        scope=rule.scope,
        runbook_name=rule.run,
        runbook=rules.runbooks[rule.run],
        act_within_seconds=rules.guardrails.act_within,
    )


def recipients_of(matching: Iterable[Rule], rules: Config) -> tuple[Recipient, ...]:
    """Every address of every channel that these rules name, each once."""
    names = dict.fromkeys(name for rule in matching for name in rule.notify)
    return channel_recipients(names, rules)


def channel_recipients(names: Iterable[str], rules: Config) -> tuple[Recipient, ...]:
    """Every address of the named channels."""
    return tuple(
        Recipient(channel=name, place=place, kind=address.kind)
        for name in names
        for place, address in enumerate(rules.channels[name].to)
    )


def _rough(age: timedelta) -> str:
    """An age for people: its two largest units."""
    minutes = max(int(age.total_seconds() // 60), 0)
    if minutes < 1:
        return f"{max(int(age.total_seconds()), 0)} s"
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"
