"""A few by themselves, the rest together, nobody left out: over storms that a seed makes, and single cases by hand."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache

import pytest

from remediation.decisions import Recipient
from remediation.folding import MOST_TOGETHER, REMEMBERED, WINDOW, Asked, Digest, Fold, told_together
from remediation.notices import OPERATORS, FoldedNotice, Headline, RunRef

LIMIT = 5
START = datetime(2026, 11, 22, 19, 12, tzinfo=timezone.utc)
ONCALL = Recipient(channel="oncall", place=0, kind="webhook")
DESK = Recipient(channel="desk", place=0, kind="mail")


def ask(notice_id: str, recipient: Recipient = ONCALL, headline: Headline = Headline.OBSERVED) -> Asked:
    return Asked(notice=FoldedNotice(id=notice_id, headline=headline, instance_id=notice_id), recipient=recipient)


@dataclass
class Storm:
    """A fold that is asked as time goes on, and what came of it."""

    fold: Fold = field(default_factory=Fold)
    now: datetime = START
    alone: dict[str, datetime] = field(default_factory=dict)
    digests: list[tuple[datetime, Digest]] = field(default_factory=list)
    answers: dict[str, set[bool]] = field(default_factory=dict)
    asked: dict[tuple[str, Recipient], datetime] = field(default_factory=dict)

    def ask(self, asked: Asked) -> bool:
        alone = self.fold.admit(asked, LIMIT, self.now)
        self.asked.setdefault((asked.notice.id, asked.recipient), self.now)
        self.answers.setdefault(asked.notice.id, set()).add(alone)
        if alone:
            self.alone.setdefault(asked.notice.id, self.now)
        self._take()
        return alone

    def pass_by(self, time: timedelta) -> None:
        until = self.now + time
        while self.fold.due is not None and self.fold.due <= until:
            self.now = max(self.now, self.fold.due)
            self._take()
        self.now = until

    def told_in(self) -> Counter[tuple[str, Recipient]]:
        """How often each folded notice was told to whom."""
        return Counter(
            (one.id, recipient)
            for _, digest in self.digests
            for one in digest.notices
            for recipient in digest.recipients
        )

    def _take(self) -> None:
        self.digests += [(self.now, digest) for digest in self.fold.take(self.now)]


@cache
def a_storm(seed: int) -> Storm:
    """Bursts, calm, trickles; two kinds of recipients, attempts that are repeated; and the memory travels as JSON."""
    dice, storm, number = random.Random(seed), Storm(), 0
    tried: list[tuple[datetime, Asked]] = []  # with the time of the notice's first attempt
    for _ in range(dice.randint(1, 12)):
        urgent, pause = dice.random(), dice.choice([0.0, 0.2, 5.0, 58.0, 61.0, 250.0])
        for _ in range(dice.choice([1, 6, 40, 300])):
            headline = Headline.NEEDS_YOU if dice.random() < urgent else Headline.ACTING
            began = storm.now
            for recipient in dice.choice([(ONCALL,), (ONCALL, DESK), (OPERATORS,)]):
                asked = ask(f"n-{number}", recipient, headline)
                tried.append((began, asked))
                storm.ask(asked)
                storm.pass_by(timedelta(seconds=dice.choice([0.0, pause / 2])))
            number += 1
            first_at, again = dice.choice(tried)
            if storm.now - first_at < REMEMBERED:
                storm.ask(again)
            storm.pass_by(timedelta(seconds=pause))
        storm.fold = Fold.model_validate(storm.fold.model_dump(mode="json"))
        storm.pass_by(timedelta(seconds=dice.choice([0, 100, 400, 3000])))
    storm.pass_by(2 * WINDOW)
    return storm


def most_within_a_window(times: list[datetime]) -> int:
    return max((sum(one <= other < one + WINDOW for other in times) for one in times), default=0)


@pytest.mark.parametrize("seed", range(30))
def test_in_no_five_minutes_are_more_than_five_sent_alone_and_two_digests(seed: int) -> None:
    storm = a_storm(seed)
    assert most_within_a_window(list(storm.alone.values())) <= LIMIT
    # A digest that is full goes at once: one for each two hundred notices more.
    told: dict[datetime, set[str]] = {}
    for at, digest in storm.digests:
        told.setdefault(at, set()).update(one.id for one in digest.notices)
    assert most_within_a_window([at for at, ids in told.items() if len(ids) < MOST_TOGETHER]) <= 2


@pytest.mark.parametrize("seed", range(30))
def test_every_notice_is_told_to_each_who_was_to_hear_it_once_and_in_one_way_only(seed: int) -> None:
    storm = a_storm(seed)
    assert all(len(answers) == 1 for answers in storm.answers.values())
    folded = {pair for pair in storm.asked if pair[0] not in storm.alone}
    assert storm.told_in() == dict.fromkeys(folded, 1)


@pytest.mark.parametrize("seed", range(30))
def test_nobody_waits_longer_than_the_window(seed: int) -> None:
    storm = a_storm(seed)
    for at, digest in storm.digests:
        for one in digest.notices:
            for recipient in digest.recipients:
                assert at - storm.asked[one.id, recipient] <= WINDOW


def test_the_sixth_within_five_minutes_is_folded_and_later_ones_are_not() -> None:
    storm = Storm()
    answers = []
    for number in range(6):
        answers.append(storm.ask(ask(f"n-{number}")))
        storm.pass_by(timedelta(seconds=50))
    assert answers == [True] * 5 + [False]
    assert storm.ask(ask("n-6")) is False  # five others were asked about in the last five minutes, one of them folded
    storm.pass_by(timedelta(seconds=150))
    assert storm.ask(ask("n-7")) is True


def test_a_storm_that_goes_on_is_not_told_one_by_one_again() -> None:
    storm = Storm()
    for number in range(600):
        storm.ask(ask(f"n-{number}"))
        storm.pass_by(timedelta(seconds=6))
    assert len(storm.alone) == LIMIT
    assert len(storm.digests) <= timedelta(seconds=600 * 6) / WINDOW


def test_who_is_needed_hears_within_a_minute_and_then_ever_more_seldom_while_the_storm_lasts() -> None:
    storm = Storm()
    for number in range(1800):
        storm.ask(ask(f"n-{number}", headline=Headline.NEEDS_YOU))
        storm.pass_by(timedelta(seconds=2))
    after = [round((at - START).total_seconds() / 60) for at, _ in storm.digests]
    assert after == [1, 3, 7, 12, 17, 22, 27, 32, 37, 42, 47, 52, 57]
    assert len(storm.alone) + len(storm.digests) <= 20  # what an hour's storm of one rule costs at most


def test_after_a_calm_the_next_who_is_needed_is_heard_of_within_a_minute_again() -> None:
    storm = Storm()
    for _ in range(2):
        at = storm.now
        for number in range(9):
            storm.ask(ask(f"{at}-{number}", headline=Headline.NEEDS_YOU))
        storm.pass_by(timedelta(minutes=30))
        assert storm.digests[-1][0] - at == timedelta(seconds=60)


def test_many_at_once_are_told_in_digests_that_are_not_too_long_and_leave_nobody_out() -> None:
    storm = Storm()
    for number in range(1000):
        storm.ask(ask(f"n-{number}"))
    storm.pass_by(WINDOW)
    assert {len(digest.notices) for _, digest in storm.digests} <= {MOST_TOGETHER, 995 % MOST_TOGETHER}
    assert len(storm.told_in()) == 995
    assert len(storm.alone) + len(storm.digests) <= 12  # five hundred events, each with an alarm and an end


def test_an_attempt_that_comes_after_the_digest_gets_the_same_answer_and_no_second_digest() -> None:
    storm = Storm()
    for number in range(6):
        storm.ask(ask(f"n-{number}"))
    storm.pass_by(timedelta(minutes=16))
    assert storm.ask(ask("n-5")) is False
    assert storm.ask(ask("n-0")) is True
    storm.pass_by(WINDOW)
    assert len(storm.digests) == 1


def test_who_asks_after_the_digest_has_gone_to_others_gets_one_too() -> None:
    storm = Storm()
    for number in range(6):
        storm.ask(ask(f"n-{number}"))
    storm.pass_by(WINDOW)
    assert storm.ask(ask("n-5", DESK)) is False
    storm.pass_by(WINDOW)
    assert [digest.recipients for _, digest in storm.digests] == [(ONCALL,), (DESK,)]


def test_those_who_were_to_hear_the_same_get_one_digest() -> None:
    storm = Storm()
    for number in range(8):
        for recipient in (ONCALL, DESK):
            storm.ask(ask(f"n-{number}", recipient))
    storm.pass_by(WINDOW)
    ((_, digest),) = storm.digests
    assert digest.recipients == (ONCALL, DESK)
    assert len(digest.notices) == 3


def test_it_has_nothing_to_do_once_all_is_told_and_forgotten() -> None:
    storm = Storm()
    assert storm.fold.wakes_at(START) == START
    for number in range(6):
        storm.ask(ask(f"n-{number}"))
    assert storm.fold.wakes_at(storm.now) == START + WINDOW
    storm.pass_by(WINDOW)
    assert storm.fold.wakes_at(storm.now) == START + REMEMBERED


@pytest.mark.parametrize(
    ("there", "first"),
    [
        ((Headline.RECOVERED, Headline.NEEDS_YOU, Headline.ACTING), Headline.NEEDS_YOU),
        ((Headline.RECOVERED, Headline.ACTING), Headline.ACTING),
        ((Headline.RECOVERED,), Headline.RECOVERED),
    ],
)
def test_a_digest_has_the_headline_of_the_most_urgent(there: tuple[Headline, ...], first: Headline) -> None:
    notices = tuple(ask(f"n-{number}", headline=one).notice for number, one in enumerate(there))
    digest = Digest(recipients=(ONCALL,), notices=notices)
    told = told_together(digest, "disk-read-only", LIMIT, notice_id="d-1", run=RunRef(workflow_id="notices/x"))
    assert (told.headline, told.folded, told.rule) == (first, notices, "disk-read-only")
