"""decide(alarm, rules, incident, now): the one place that says what becomes of an event."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

from pydantic import Field

from remediation.cautions import FSTAB
from remediation.config import Config, Rule, TagScope
from remediation.durations import write_duration
from remediation.events import Alarm
from remediation.incidents import IncidentState, Run, over_matter
from remediation.models import Fact
from remediation.reasons import Code, Reason, because
from remediation.report import Outcome
from remediation.runbooks import Mode, Runbook

# The same news of a flapping instance is told again after this, and recorded each time.
TOLD_AGAIN_AFTER = timedelta(hours=1)


class Kind(str, Enum):
    """What becomes of one event."""

    REMEDIATE = "remediate"
    JOIN = "join"
    HOLD = "hold"
    NOTIFY = "notify"
    IGNORE = "ignore"
    RECOVERED = "recovered"
    SUPPRESS = "suppress"
    EXPIRE = "expire"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
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
    max_acting: int = 3
    max_actions_per_hour: int = 10
    approvers: tuple[str, ...] = ()
    first_rung: int = 0
    guest_command: str = ""
    timing: Timing = Timing()


class Decision(Fact):
    """What becomes of one event, why, and who hears of it."""

    kind: Kind
    event_id: str
    reason: Reason
    facts: dict[str, str] = Field(default={}, description="what was looked at in order to decide")
    rule: str = ""
    order: Order | None = None
    recipients: tuple[Recipient, ...] = ()
    needs_people: bool = False
    matter: str = Field(default="", description="told of once an hour at most, under this name")
    config_sha256: str = ""
    decided_at: datetime

    @property
    def must_be_heard(self) -> bool:
        """Whether it is told to the operators if the rules name nobody."""
        return self.needs_people or (self.kind is Kind.EXPIRE and self.reason.code is not Code.OVER_ALREADY)

    @property
    def needs_reading(self) -> bool:
        """Whether the instance has to be looked at before this stands."""
        return self.kind is Kind.REMEDIATE and "scope" not in self.facts


def decide(alarm: Alarm, rules: Config, incident: IncidentState, now: datetime) -> Decision:
    """The decision about one alarm: pure and total.

    Args:
        rules: the configuration that the worker has loaded.
        incident: what the instance's incident knows; its `reading` is of this moment, or None.
        now: the incident's clock.
    """
    return _Case(alarm, rules, incident, now).decided()


def remembered(incident: IncidentState, decision: Decision, alarm: Alarm) -> IncidentState:
    """What an incident knows after this decision, but for runs that began and turns that are waited for."""
    told = bool(decision.recipients) or decision.needs_people
    if decision.kind is Kind.RECOVERED:
        incident = incident.recovery_noted(alarm)
        incident = incident.over_told(alarm.fault) if told else incident
    elif decision.kind is Kind.SUPPRESS:
        incident = incident.echo_noted(alarm)
    elif decision.kind is Kind.JOIN:
        incident = incident.with_joined(alarm)
    incident = incident.noted(alarm, told=told, at=decision.decided_at)
    return incident.told_of(decision.matter, decision.decided_at) if decision.matter and told else incident


class _Case:
    """One alarm, and everything that a decision about it depends on."""

    def __init__(self, alarm: Alarm, rules: Config, incident: IncidentState, now: datetime) -> None:
        self.alarm, self.rules, self.incident, self.now = alarm, rules, incident, now
        self.matching = [rule for rule in rules.rules if rule.pattern.matches(alarm.event)]
        self.running = next((rule for rule in self.matching if rule.run is not None), None)

    def decided(self) -> Decision:
        """The first of these that has an answer."""
        answer = self._known() or self._over() or self._echo() or self._unmatched() or self._late() or self._told()
        answer = answer or self._busy() or self._used_up() or self._unwise()
        return answer or self._out_of_reach() or self._held() or self._remediate()

    def _known(self) -> Decision | None:
        """It was delivered before."""
        event = self.alarm.event_id
        before = self.incident.seen.get(event)
        if before is None or self.incident.is_again(self.alarm):
            return None
        if before != self.alarm.body_hash:
            return self._decision(Kind.CONFLICT, because(Code.CONFLICT, event=event), told=True)
        return self._decision(Kind.DUPLICATE, because(Code.DUPLICATE, event=event))

    def _over(self) -> Decision | None:
        """It says that a fault is over."""
        if not self.alarm.is_recovery or self.incident.causing(self.alarm):
            return None
        if self.incident.awaits_recovery(self.alarm):
            # Who heard that it began hears that it is over, also where the rule's `status` is "1" alone.
            began = {**self.alarm.event, "status": "1"}
            self.matching = [rule for rule in self.rules.rules if rule.pattern.matches(began)]
        told = bool(self.matching) and not self.incident.running and not self.incident.cured(self.alarm)
        return self._decision(Kind.RECOVERED, because(Code.RECOVERY), told=told, matter=over_matter(self.alarm.fault))

    def _echo(self) -> Decision | None:
        """Our own reboot raised it."""
        run = self.incident.causing(self.alarm)
        if run is None or run.reboot_at is None:
            return None
        return self._decision(Kind.SUPPRESS, because(Code.OUR_REBOOT, run=run.run_key, at=_clock(run.reboot_at)))

    def _unmatched(self) -> Decision | None:
        return None if self.matching else self._decision(Kind.IGNORE, because(Code.NO_RULE))

    def _late(self) -> Decision | None:
        """It is over already, or too old to act on."""
        again = self.incident.is_again(self.alarm)
        if self.incident.is_over(self.alarm):
            # Deliveries overtake one another: this one is of a fault that is over already. What was held was told of.
            at = _clock(self.incident.recovered[self.alarm.fault])
            return self._decision(Kind.EXPIRE, because(Code.OVER_ALREADY, at=at), told=not again)
        limits = self.rules.guardrails
        limit = limits.act_within if again else limits.max_age
        age = self.now - self.alarm.occurred_at
        if age <= timedelta(seconds=limit):
            return None
        code = Code.HELD_TOO_LONG if again else Code.TOO_OLD
        reason = because(code, age=_rough(age), limit=write_duration(limit))
        return self._decision(Kind.EXPIRE, reason, told=True, needs_people=again)

    def _told(self) -> Decision | None:
        """Rules match, and none of them runs anything."""
        if self.running is not None:
            return None
        if self.alarm.fault == "GuestReboot":
            return self._decision(Kind.NOTIFY, because(Code.FOREIGN_REBOOT, rule=self.matching[0].name), told=True)
        return self._decision(Kind.NOTIFY, because(Code.RULE_NOTIFIES, rule=self.matching[0].name), told=True)

    def _busy(self) -> Decision | None:
        """A remediation is at work, or waits for its turn."""
        held = self.incident.held
        if self.incident.running:
            return self._decision(Kind.JOIN, because(Code.JOINED))
        if held is not None and not self.incident.is_held(self.alarm):
            return self._decision(Kind.JOIN, because(Code.JOINED_HELD, event=held.alarm.event_id))
        return None

    def _used_up(self) -> Decision | None:
        """No further repair may be tried: this is for people."""
        reason = _used_up(self.rules, self.incident, self.now, self.running)
        if reason is None:
            return None
        matter = f"{reason.code.value} {self.alarm.fault}"
        return self._decision(Kind.NOTIFY, reason, told=True, needs_people=True, matter=matter)

    def _unwise(self) -> Decision | None:
        """Another event says that a reboot may not be survived, or that the platform repairs it itself."""
        for what, since in self.incident.cautions.items():
            code = Code.FSTAB_SEEN if what == FSTAB else Code.PLATFORM_REPAIRS
            reason = because(code, since=_clock(since))
            return self._decision(Kind.NOTIFY, reason, told=True, needs_people=True, matter=f"unwise {what}")
        return None

    def _out_of_reach(self) -> Decision | None:
        """The cloud knows no such instance, or the rule does not reach it (P14)."""
        reading, rule = self.incident.reading, self.running
        if reading is None or rule is None:
            return None
        if not reading.exists:
            unknown = because(Code.INSTANCE_UNKNOWN, instance=self.alarm.instance_id)
            return self._decision(Kind.NOTIFY, unknown, told=True, needs_people=True)
        if isinstance(rule.scope, TagScope) and not rule.scope.holds(reading.tags):
            reason = because(Code.OUT_OF_SCOPE, tag=rule.scope.tag, rule=rule.name)
            return self._decision(Kind.NOTIFY, reason, told=True)
        return None

    def _held(self) -> Decision | None:
        """Its turn has not come. Who would hear of it hears from the region's guard, of all that wait in one notice."""
        held = self.incident.held
        if held is None or held.turn_came or not self.incident.is_held(self.alarm):
            return None
        # A guard that does not answer tells nobody either.
        silent = held.reason.code is Code.GUARD_SILENT
        return self._decision(Kind.HOLD, held.reason, told=True, matter="guard silent" if silent else "")

    def _remediate(self) -> Decision:
        assert self.running is not None  # noqa: S101  # `_told` has answered otherwise; this tells the type checker
        reason = because(Code.RULE_RUNS, rule=self.running.name, runbook=str(self.running.run))
        return self._decision(Kind.REMEDIATE, reason, told=True)

    def _decision(
        self, kind: Kind, reason: Reason, *, told: bool = False, needs_people: bool = False, matter: str = ""
    ) -> Decision:
        rule = self.running or (self.matching[0] if self.matching else None)
        before = self.incident.told.get(matter) if matter else None
        repeated = before is not None and self.now - before < TOLD_AGAIN_AFTER
        facts = self._facts()
        if repeated and before is not None:
            facts["told"] = _clock(before)
        return Decision(
            kind=kind,
            event_id=self.alarm.event_id,
            reason=reason,
            facts=facts,
            rule=rule.name if rule else "",
            order=self._order() if kind in (Kind.REMEDIATE, Kind.HOLD) else None,
            recipients=recipients_of(self.matching, self.rules) if told and not repeated else (),
            needs_people=needs_people and not repeated,
            matter=matter,
            config_sha256=self.rules.sha256,
            decided_at=self.now,
        )

    def _order(self) -> Order | None:
        if self.running is None:
            return None
        relapsed = _relapsed(self.incident, self.now)
        order = order_of(self.running, self.rules)
        mode = Mode.OBSERVE if self.incident.dry else order.mode
        first = relapsed.rungs if relapsed is not None else 0
        inside = self.rules.guest.commands.get(self.alarm.region, "")
        return order.model_copy(update={"first_rung": first, "mode": mode, "guest_command": inside})

    def _facts(self) -> dict[str, str]:
        """What was looked at, in words that `medic why` repeats."""
        incident, limits = self.incident, self.rules.guardrails
        facts = {
            "fault": self.alarm.fault,
            "status": self.alarm.status.value,
            "occurred_at": self.alarm.occurred_at.isoformat(timespec="seconds"),
            "age": _rough(self.now - self.alarm.occurred_at),
            "rules": ", ".join(rule.name for rule in self.matching),
            "max_age": write_duration(limits.max_age),
            "attempts": f"{len([run for run in incident.runs if run.counts_as_attempt])} of {limits.max_attempts}",
            "running": str(incident.running).lower(),
        }
        scope = self.running.scope if self.running is not None else None
        if scope == "all":
            facts["scope"] = "all"
        elif scope is not None and incident.reading is not None:
            key = scope.tag.partition("=")[0]
            found = incident.reading.tags.get(key)
            facts["scope"] = f"{scope.tag}, found {f'{key}={found}' if found is not None else 'no such tag'}"
        return facts


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"


def _relapsed(incident: IncidentState, now: datetime) -> Run | None:
    """The run that seemed to cure what is there again, within its watch."""
    tried = [run for run in incident.runs if run.counts_as_attempt]
    last = tried[-1] if tried else None
    if last is None or last.outcome is not Outcome.RECOVERED:
        return None
    return last if now - (last.ended_at or last.started_at) < timedelta(seconds=last.watch_seconds) else None


def _used_up(rules: Config, incident: IncidentState, now: datetime, running: Rule | None) -> Reason | None:
    """Why no further repair may be tried, or None."""
    limits = rules.guardrails
    tried = [run for run in incident.runs if run.counts_as_attempt]
    today = [run for run in tried if now - run.started_at < timedelta(days=1)]
    if limits.max_attempts == 0 or limits.max_per_day == 0:
        return because(Code.ATTEMPTS_USED, tried=0, limit=0)
    last = tried[-1] if tried else None
    watched = last is not None and now - (last.ended_at or last.started_at) < timedelta(seconds=last.watch_seconds)
    relapsed = _relapsed(incident, now)
    ladder = rules.runbooks[running.run].ladder if running is not None and running.run is not None else ()
    if relapsed is not None and max(relapsed.rungs, 1) >= len(ladder):
        # The ladder has no rung after the one that seemed to cure; `max_attempts` only caps.
        after = _rough(now - (relapsed.ended_at or relapsed.started_at))
        return because(Code.RELAPSE, after=after, watch=write_duration(relapsed.watch_seconds))
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
        max_acting=rules.guardrails.max_acting,
        max_actions_per_hour=rules.guardrails.max_actions_per_hour,
        approvers=rules.approvers,
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
