"""What `medic backtest` says, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remediation.assumptions import Assumed
    from remediation.backtest import Decided
    from remediation.comparing import Answer, Difference
    from remediation.tallies import Summary


def decision_line(one: Decided) -> str:
    from remediation.telling import say
    from remediation.wording import write_span

    decision = one.decision
    waited = ""
    if one.waited is not None:
        waited = f" after {write_span((decision.decided_at - one.waited.since).total_seconds())} of waiting"
    rule = f" [{decision.rule}]" if decision.rule else ""
    return f"{_event(one)}  {decision.kind.value}{waited}{rule}: {say(decision.reason)}"


def difference_lines(one: Difference) -> Iterator[str]:
    yield _event(one.decided)
    yield f"  here   {_answer(one.here)}"
    yield f"  there  {_answer(one.there)}"


def summary_lines(names: Sequence[str], summaries: Sequence[Summary], assumed: Assumed) -> Iterator[str]:
    """The recording, then each page, then what nobody can know."""
    first = summaries[0]
    span = f", {_time(first.began_at)} to {_time(first.ended_at)}" if first.began_at and first.ended_at else ""
    yield f"{_count(first.events, 'event')}{span}"
    if first.unreadable:
        yield f"{_count(first.unreadable, 'event')} could not be read:"
        yield from (f"  line {one.line}: {one.problem}" for one in first.unreadable_first)
        if first.unreadable > len(first.unreadable_first):
            yield "  …"
    if first.out_of_order:
        were = "was" if first.out_of_order == 1 else "were"
        yield f"{_count(first.out_of_order, 'event')} came later than a younger one, and {were} decided then"
    for place, (name, summary) in enumerate(zip(names, summaries, strict=True)):
        yield ""
        yield f"{name} ({('here', 'there')[place]})" if len(names) > 1 else name
        yield from _page(summary)
    yield ""
    yield _assumption(assumed)


def _page(summary: Summary) -> Iterator[str]:
    from remediation.wording import write_span

    wide = max([len(one.rule) for one in summary.rules] + [len("all events")])
    for rule in summary.rules:
        yield f"  {rule.rule.ljust(wide)}  {_kinds(rule.kinds)}"
    yield f"  {'all events'.ljust(wide)}  {_kinds(summary.kinds)}"
    yield ""
    yield f"  remediations  {summary.remediations:,}"
    for region in summary.busiest:
        yield f"  at once       {region.at_once} at most in {region.region}, first at {_time(region.at)}"
    held = summary.held
    why = f" ({_kinds(held.why)}), the longest for {write_span(held.longest_seconds)}" if held.count else ""
    yield f"  held          {held.count:,}{why}"
    open_ones = summary.echoes_unanswered
    echoes = f", {open_ones:,} of them because nobody reported the end of what a reboot raised" if open_ones else ""
    yield f"  needs people  {summary.needs_people:,}{echoes}"


def _assumption(assumed: Assumed) -> str:
    from remediation.wording import write_span

    where = (
        "every instance exists and is in scope" if assumed.tags is None else f"{len(assumed.tags):,} instances exist"
    )
    modes = "rules that observe are taken to act" if assumed.acts else "rules that observe only observe"
    takes = f"a repair takes {write_span(assumed.takes_seconds)} and ends {assumed.outcome.value}"
    return f"Assumed: {takes}; {where}; {modes}."


def _event(one: Decided) -> str:
    alarm = one.alarm
    where = f"{alarm.instance_id} ({alarm.region})"
    return f"{_time(one.decision.decided_at)}  {where} {alarm.fault} {alarm.status.value}, event {alarm.event_id}"


def _answer(answer: Answer) -> str:
    rule = f" [{answer.rule}]" if answer.rule else ""
    held = f", held first: {answer.held}" if answer.held else ""
    runs = f", runs {answer.runbook}" if answer.runbook else ""
    people = ", needs people" if answer.needs_people else ""
    told = f", tells {', '.join(answer.told)}" if answer.told else ""
    return f"{answer.kind}{rule}: {answer.said}{runs}{held}{people}{told}"


def _kinds(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in counts.items()) or "nothing"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _time(moment: datetime) -> str:
    return moment.astimezone().isoformat(" ", "seconds")
