"""What people are asked, and how to answer it, in the words of one language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from remediation.approvals import Answered, Choice, Question
from remediation.phrases import Phrase
from remediation.telling_folds import bullets
from remediation.wording import clean, phrase_in, write_span

Clock = Callable[[datetime], str]


def tell_question(question: Question, locale: str, clock: Clock) -> Iterator[str]:
    """What would be done, and what is lost by it."""
    yield phrase_in(locale, Phrase.ASKED, action=question.action)
    yield from bullets(
        phrase_in(locale, Phrase.ASKED_DISK, disk=one.disk_id, snapshot=one.snapshot_id, since=clock(one.lost_since))
        for one in question.disks
        if one.lost_since is not None
    )
    if question.takes_seconds:
        yield phrase_in(locale, Phrase.ASKED_SPAN, span=write_span(question.takes_seconds))


def tell_choices(question: Question, locale: str, workflow_id: str) -> Iterator[str]:
    """The exact commands that answer."""
    for choice in question.choices:
        if choice is Choice.STOP:
            command = f"medic deny {workflow_id} --plan {question.plan} --as NAME --reason WHY"
            yield phrase_in(locale, Phrase.DENY_WITH, command=command)
            continue
        said = "" if choice is Choice.GO else f" --choice {choice.value}"
        command = f"medic approve {workflow_id} --plan {question.plan}{said} --as NAME --reason WHY"
        yield phrase_in(locale, Phrase.ANSWER_WITH, command=command)


def tell_answers(answers: tuple[Answered, ...], locale: str, clock: Clock) -> Iterator[str]:
    """Who said what, and when."""
    for one in answers:
        why = clean(one.why) or "-"
        yield phrase_in(locale, Phrase.ANSWERED, by=clean(one.by), choice=one.choice.value, time=clock(one.at), why=why)
