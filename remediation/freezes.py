"""Freeze: people stop every change for a while, in one region or in all; with who, why and until when."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import AwareDatetime, Field

from remediation.models import Fact
from remediation.permits import MAX_READING_AGE_SECONDS
from remediation.reasons import Code, Reason, because

# A switch that nobody switches back would be forgotten.
LONGEST = timedelta(days=31)
# A call that read "no freeze" is signed within the age of its guard's reading, and leaves within the time that
# connecting may take (activities/clients/tencent.py): after this, what is sent has read the freeze.
CERTAIN_AFTER_SECONDS = MAX_READING_AGE_SECONDS + 5.0


class Freeze(Fact):
    """In force from the moment in which a guard has it. `where` is a region, or `all`."""

    where: str
    reason: str
    by: str
    since: datetime
    until: datetime


class FreezeAsked(Fact):
    """Nothing is to be changed until then."""

    reason: str = Field(min_length=1, max_length=500)
    by: str = Field(min_length=1, max_length=100)
    until: AwareDatetime


class UnfreezeAsked(Fact):
    """A freeze ends before its time."""

    reason: str = Field(min_length=1, max_length=500)
    by: str = Field(min_length=1, max_length=100)


class FreezeAnswer(Fact):
    """What a guard did: the freeze that is in force now (or was lifted), or why it did nothing."""

    freeze: Freeze | None = None
    error: str = ""


def frozen(freeze: Freeze) -> Reason:
    """Why nothing is sent."""
    until = f"{freeze.until:%Y-%m-%d %H:%M} UTC"
    return because(Code.FROZEN, by=freeze.by, where=freeze.where, why=freeze.reason, until=until)


def freeze_of(asked: FreezeAsked, where: str, now: datetime) -> Freeze | str:
    """The freeze, or why it cannot be one."""
    if not asked.reason.strip() or not asked.by.strip():
        return "a freeze needs a reason, and somebody who says so"
    if asked.until <= now:
        return f"{asked.until.isoformat()} is not in the future"
    if asked.until - now > LONGEST:
        return f"a freeze lasts {LONGEST.days} days at most"
    return Freeze(where=where, reason=asked.reason.strip(), by=asked.by.strip(), since=now, until=asked.until)
