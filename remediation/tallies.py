"""What came of a whole recording: counts by rule and kind, who acted at once, who waited and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from remediation.backtest import Backtest, Decided
from remediation.config import Config
from remediation.decisions import Kind
from remediation.models import Fact

MOST_UNREADABLE_SHOWN = 20


class Unreadable(Fact):
    """A line that no event could be read from, counted from 1."""

    line: int
    problem: str


class RuleTally(Fact):
    """What one rule came to: events by the kind of their last decision."""

    rule: str
    events: int
    kinds: dict[str, int]


class Waited(Fact):
    """Those that had to wait for their turn; `why` counts the first reason of each."""

    count: int
    why: dict[str, int]
    longest_seconds: float


class Busiest(Fact):
    """The most instances of a region that were under repair at once, and when that was first so."""

    region: str
    at_once: int
    at: datetime


class Summary(Fact):
    """All of it.

    Attributes:
        events: those that could be read, and so were decided.
        needs_people: how often people were told that it is theirs now, with `echoes_unanswered`: faults that a reboot
            raised, and that nobody reported as over.
        out_of_order: events that came later than a younger one, and were decided then.
    """

    config_sha256: str
    events: int
    began_at: datetime | None
    ended_at: datetime | None
    rules: tuple[RuleTally, ...]
    kinds: dict[str, int]
    remediations: int
    busiest: tuple[Busiest, ...]
    held: Waited
    needs_people: int
    echoes_unanswered: int
    out_of_order: int
    unreadable: int
    unreadable_first: tuple[Unreadable, ...]


class Tally:
    """Counts as it goes, and keeps no event."""

    def __init__(self) -> None:
        self._rules: dict[str, Counter[str]] = {}
        self._kinds: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self._longest = 0.0
        self._needs_people = 0

    def add(self, decided: Iterable[Decided]) -> None:
        for one in decided:
            decision, waited = one.decision, one.waited
            if decision.kind is Kind.HOLD:
                if waited is None:
                    self._held[decision.reason.code.value] += 1
                continue
            if waited is not None:
                self._longest = max(self._longest, (decision.decided_at - waited.since).total_seconds())
            self._needs_people += decision.needs_people
            self._kinds[decision.kind.value] += 1
            if decision.rule:
                self._rules.setdefault(decision.rule, Counter())[decision.kind.value] += 1

    def summary(
        self,
        config: Config,
        backtest: Backtest,
        *,
        began_at: datetime | None,
        ended_at: datetime | None,
        unreadable: int,
        unreadable_first: tuple[Unreadable, ...],
    ) -> Summary:
        """All rules of the page are in it, in their order, also those that no event came to."""
        busiest = sorted(backtest.busiest.items())
        return Summary(
            config_sha256=config.sha256,
            events=sum(self._kinds.values()),
            began_at=began_at,
            ended_at=ended_at,
            rules=tuple(_rule(one.name, self._rules.get(one.name, Counter())) for one in config.rules),
            kinds=dict(self._kinds.most_common()),
            remediations=self._kinds[Kind.REMEDIATE.value],
            busiest=tuple(Busiest(region=region, at_once=count, at=at) for region, (count, at) in busiest),
            held=Waited(
                count=sum(self._held.values()), why=dict(self._held.most_common()), longest_seconds=self._longest
            ),
            needs_people=self._needs_people + backtest.echoes_unanswered,
            echoes_unanswered=backtest.echoes_unanswered,
            out_of_order=backtest.out_of_order,
            unreadable=unreadable,
            unreadable_first=unreadable_first,
        )


def _rule(name: str, kinds: Counter[str]) -> RuleTally:
    return RuleTally(rule=name, events=sum(kinds.values()), kinds=dict(kinds.most_common()))
