"""Folding: in five minutes so many notices of a rule are sent one by one; further ones are told together."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel

from remediation.decisions import Recipient
from remediation.models import Fact
from remediation.notices import FoldedNotice, Headline, Notice, RunRef
from remediation.reasons import Code, because
from remediation.wording import write_span

WINDOW = timedelta(minutes=5)
MOST_TOGETHER = 200
"""So many are told at once and not only when their time has come: nothing is ever left out of a digest."""
REMEMBERED = timedelta(minutes=40)
"""Twice as long as a notice is tried, which may have waited for the one before it: every attempt gets one answer."""
_NEEDED_WITHIN = timedelta(seconds=60)
_STORM = timedelta(minutes=15)
FIRST_TO_READ = (Headline.NEEDS_YOU, Headline.OBSERVED, Headline.HELD, Headline.ACTING, Headline.RECOVERED)


class Asked(Fact):
    """May this notice go to this address by itself?"""

    notice: FoldedNotice
    recipient: Recipient


class Answer(Fact):
    """What was answered about a notice: sent by itself, or kept for these."""

    at: datetime
    alone: bool
    kept_for: tuple[Recipient, ...] = ()


class Kept(Fact):
    """A notice that waits to be told with others, and whom it is for."""

    notice: FoldedNotice
    recipients: tuple[Recipient, ...]


class Digest(Fact):
    """What is told together, to all of these."""

    recipients: tuple[Recipient, ...]
    notices: tuple[FoldedNotice, ...]


class Fold(BaseModel):
    """What is remembered of the notices of one rule; `now` never goes back from one call to the next."""

    recent: list[datetime] = []
    answers: dict[str, Answer] = {}
    kept: dict[str, Kept] = {}
    digests: list[datetime] = []
    due: datetime | None = None

    def admit(self, asked: Asked, limit: int, now: datetime) -> bool:
        """Whether it is sent by itself: the same answer for every address and every attempt of one notice."""
        self._forget(now)
        answer = self.answers.get(asked.notice.id)
        if answer is None:
            # Folded ones count too: a storm that goes on is not told one by one again every five minutes.
            alone = len(self.recent) < limit or now - self.recent[-limit] >= WINDOW
            self.recent = [*self.recent, now][-limit:]
            answer = self.answers[asked.notice.id] = Answer(at=now, alone=alone)
        if not answer.alone and asked.recipient not in answer.kept_for:
            for_whom = (*answer.kept_for, asked.recipient)
            self.answers[asked.notice.id] = answer.model_copy(update={"kept_for": for_whom})
            self._keep(asked, now)
        return answer.alone

    def take(self, now: datetime) -> tuple[Digest, ...]:
        """What is to be told now, if its time has come; it is not kept any longer."""
        if self.due is None or now < self.due:
            return ()
        by_recipient: dict[Recipient, list[FoldedNotice]] = {}
        for one in self.kept.values():
            for recipient in one.recipients:
                by_recipient.setdefault(recipient, []).append(one.notice)
        alike: dict[tuple[str, ...], list[Recipient]] = {}
        for recipient, notices in by_recipient.items():
            alike.setdefault(tuple(one.id for one in notices), []).append(recipient)
        self.kept, self.due = {}, None
        self.digests.append(now)
        return tuple(Digest(recipients=tuple(whom), notices=tuple(by_recipient[whom[0]])) for whom in alike.values())

    def wakes_at(self, now: datetime) -> datetime:
        """When there is something to do: to tell what is kept, or to end."""
        last = next(reversed(self.answers.values()), None)
        return self.due or (last.at + REMEMBERED if last else now)

    def _keep(self, asked: Asked, now: datetime) -> None:
        notice = asked.notice
        before = self.kept.get(notice.id)
        whom = (*before.recipients, asked.recipient) if before else (asked.recipient,)
        self.kept[notice.id] = Kept(notice=notice, recipients=whom)
        wait = WINDOW
        if notice.headline is Headline.NEEDS_YOU:
            # Who has just been told of this storm is told again after twice the time, up to the window.
            wait = min(_NEEDED_WITHIN * 2 ** len(self.digests), WINDOW)
        full = len(self.kept) >= MOST_TOGETHER
        due = now if full else now + wait
        self.due = min(self.due or due, due)

    def _forget(self, now: datetime) -> None:
        # In the order of their times: the first that is young enough ends it.
        while self.answers and now - next(iter(self.answers.values())).at >= REMEMBERED:
            del self.answers[next(iter(self.answers))]
        self.digests = [one for one in self.digests if now - one < _STORM]


def to_fold(notice: Notice) -> FoldedNotice:
    """What is kept of a notice."""
    return FoldedNotice(
        id=notice.id,
        headline=notice.headline,
        instance_id=notice.instance_id,
        region=notice.region,
        name=notice.name,
        fault=notice.fault,
        outcome=notice.result.outcome if notice.result is not None else None,
        reason=notice.reason,
        run=notice.run,
    )


def told_together(digest: Digest, rule: str, limit: int, *, notice_id: str, run: RunRef) -> Notice:
    """One notice in the place of many; its headline is that of the most urgent of them."""
    there = {one.headline for one in digest.notices}
    span = write_span(WINDOW.total_seconds())
    return Notice(
        id=notice_id,
        headline=next((one for one in FIRST_TO_READ if one in there), Headline.OBSERVED),
        rule=rule,
        reason=because(Code.TOLD_TOGETHER, limit=limit, span=span),
        run=run,
        folded=digest.notices,
    )
