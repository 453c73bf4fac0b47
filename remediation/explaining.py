"""explain(event, config, now): what every rule says to one event, and what would become of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from remediation.config import Config, Rule
from remediation.decisions import Decision, decide
from remediation.errors import EventRejected
from remediation.events import Alarm, parse_event
from remediation.incidents import IncidentState
from remediation.models import Fact


class RuleAnswer(Fact):
    """What one rule says to one event.

    Attributes:
        mismatch: the first condition that failed, with the value that it saw; "" if the rule matches.
        runs: the runbook that this rule would run if it were the first to match; "" if it has none.
        behind: the earlier rule whose `run` comes first.
    """

    rule: str
    mismatch: str = ""
    notify: tuple[str, ...] = ()
    runs: str = ""
    behind: str = ""

    @property
    def matches(self) -> bool:
        return not self.mismatch


class Explanation(Fact):
    """What becomes of one event; without an alarm it is not readable, and `rejected` and `hint` say why."""

    alarm: Alarm | None = None
    rejected: str = ""
    hint: str = ""
    rules: tuple[RuleAnswer, ...] = ()
    decision: Decision | None = None

    @property
    def is_matched(self) -> bool:
        return any(rule.matches for rule in self.rules)


def explain(event: object, config: Config, now: datetime) -> Explanation:
    """The answer for an instance of which nothing is known: no incident, no repair, no reading of the cloud."""
    try:
        alarm = parse_event(event, now)
    except EventRejected as rejected:
        return Explanation(rejected=rejected.reason, hint=rejected.hint)
    decision = decide(alarm, config, IncidentState(), now)
    return Explanation(alarm=alarm, rules=_answers(config, alarm.event), decision=decision)


def _answers(config: Config, event: Mapping[str, Any]) -> tuple[RuleAnswer, ...]:
    answers: list[RuleAnswer] = []
    first = ""
    for rule in config.rules:
        mismatch = _mismatch(rule, event)
        behind = first if rule.run and not mismatch else ""
        answers.append(
            RuleAnswer(rule=rule.name, mismatch=mismatch, notify=rule.notify, runs=rule.run or "", behind=behind)
        )
        if rule.run and not mismatch:
            first = first or rule.name
    return tuple(answers)


def _mismatch(rule: Rule, event: Mapping[str, Any]) -> str:
    return rule.pattern.first_mismatch(event) or ""
