"""Two pages over one recording: which events they answer differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from remediation.backtest import Decided
from remediation.models import Fact
from remediation.telling import say


class Answer(Fact):
    """What one page made of an event, as far as two pages can differ in it.

    Attributes:
        held: why it had to wait at last, if it had to.
        told: the addresses that heard of it.
    """

    kind: str
    rule: str
    reason: str
    said: str
    runbook: str = ""
    told: tuple[str, ...] = ()
    needs_people: bool = False
    held: str = ""

    @property
    def compared(self) -> tuple[object, ...]:
        """Words and ages are no difference of their own."""
        return (self.kind, self.rule, self.reason, self.runbook, self.told, self.needs_people, self.held)


class Difference(NamedTuple):
    """One event, and what becomes of it here and there."""

    decided: Decided
    here: Answer
    there: Answer


def answer_of(one: Decided) -> Answer:
    """The last word about an event."""
    decision = one.decision
    return Answer(
        kind=decision.kind.value,
        rule=decision.rule,
        reason=decision.reason.code.value,
        said=say(decision.reason),
        runbook=decision.order.runbook_name if decision.order else "",
        told=tuple(map(str, decision.recipients)),
        needs_people=decision.needs_people,
        held=one.waited.reason.code.value if one.waited else "",
    )


class Comparison:
    """Pairs the last decisions of both sides; it keeps what one side has decided and the other has not."""

    def __init__(self) -> None:
        self._waiting: tuple[dict[int, Answer], dict[int, Answer]] = ({}, {})

    @property
    def kept(self) -> int:
        return sum(map(len, self._waiting))

    def add(self, here: Iterable[Decided], there: Iterable[Decided]) -> Iterator[Difference]:
        """The events that have now been answered by both, and differently."""
        for side, decided in enumerate((here, there)):
            mine, others = self._waiting[side], self._waiting[1 - side]
            for one in decided:
                if not one.is_final:
                    continue
                answer = answer_of(one)
                other = others.pop(one.number, None)
                if other is None:
                    mine[one.number] = answer
                elif answer.compared != other.compared:
                    yield Difference(one, other, answer) if side else Difference(one, answer, other)
