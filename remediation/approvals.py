"""What people are asked, what they answer, and what a yes allows: nothing but what was asked."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from enum import Enum

from pydantic import Field

from remediation.models import Fact
from remediation.reasons import Code, Reason, because


class Matter(str, Enum):
    """What a question is about."""

    FIRST_ACTION = "first_action"
    TOO_LATE = "too_late"
    LARGE_DISK = "large_disk"
    NO_SNAPSHOT = "no_snapshot"
    SLOW_SNAPSHOT = "slow_snapshot"
    ROLLBACK = "rollback"


class Choice(str, Enum):
    """What can be answered; `stop` always can."""

    GO = "go"
    WAIT = "wait"
    UNPROTECTED = "unprotected"
    STOP = "stop"


class AskedDisk(Fact):
    """A disk that a question is about.

    Attributes:
        snapshot_id: the one it would go back to, or the one that is not ready yet.
        lost_since: everything written after this is lost by it.
        percent: how far its snapshot is.
    """

    disk_id: str
    snapshot_id: str = ""
    lost_since: datetime | None = None
    percent: int | None = None


class Question(Fact):
    """One question to people; the run waits for its answer.

    Attributes:
        action: what would be done, in words.
        takes_seconds: how long that may take, or what is left of a wait.
    """

    matter: Matter
    run_key: str
    instance_id: str
    region: str
    action: str
    reason: Reason
    disks: tuple[AskedDisk, ...] = ()
    takes_seconds: int = 0
    choices: tuple[Choice, ...]
    asked_at: datetime
    until: datetime

    @property
    def plan(self) -> str:
        """Names exactly what is asked: an answer to anything else is none."""
        told = self.model_dump(mode="json", exclude={"asked_at", "until", "reason"})
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:10]


class Answer(Fact):
    """One person's answer, as it was given.

    Attributes:
        plan: of the question that is answered.
        by: the name that the person gave; user and identity are of the machine that it came from.
    """

    plan: str
    choice: Choice
    by: str = Field(min_length=1, max_length=100)
    why: str = Field(default="", max_length=1000)
    user: str = Field(default="", max_length=200)
    identity: str = Field(default="", max_length=200)


class Answered(Answer):
    """An answer that was taken."""

    matter: Matter
    at: datetime


class Approval(Fact):
    """What a person has allowed in so many words.

    Attributes:
        disks: disk id → snapshot id: these may be rolled back.
        unprotected: these disks may go without a snapshot.
    """

    by: str = Field(min_length=1)
    at: datetime
    disks: dict[str, str] = Field(default={})
    unprotected: tuple[str, ...] = ()


def refusal(question: Question | None, answer: Answer, approvers: tuple[str, ...], now: datetime) -> Reason | None:
    """Why this answer is not taken, or None: only the open question, by somebody who may, in time, and once."""
    if question is None:
        return because(Code.NOTHING_ASKED)
    if answer.plan != question.plan:
        return because(Code.OTHER_PLAN, given=answer.plan, plan=question.plan)
    if now >= question.until:
        return because(Code.ANSWER_TOO_LATE, until=f"{question.until:%Y-%m-%d %H:%M:%S} UTC")
    if answer.choice not in question.choices:
        return because(Code.NO_SUCH_CHOICE, choice=answer.choice.value, choices=choices_of(question))
    # Anybody may stop it; only those that are listed may let it go on.
    if answer.choice is not Choice.STOP and answer.by not in approvers:
        return because(Code.NOT_AN_APPROVER, by=answer.by)
    return None


def choices_of(question: Question) -> str:
    """What can be answered, in the words of the command line."""
    return ", ".join(choice.value for choice in question.choices)


def allowed_by(question: Question, answered: Answered) -> Approval:
    """What the answer allows: nothing but what the question named."""
    rolled = {disk.disk_id: disk.snapshot_id for disk in question.disks} if question.matter is Matter.ROLLBACK else {}
    bare = answered.choice is Choice.UNPROTECTED
    return Approval(
        by=answered.by,
        at=answered.at,
        disks=rolled if answered.choice is Choice.GO else {},
        unprotected=tuple(disk.disk_id for disk in question.disks) if bare else (),
    )


def time_left(percent: int, elapsed: timedelta) -> timedelta | None:
    """How long a snapshot that came so far in this time may still take; None: nobody can tell."""
    return elapsed * (100 - percent) / percent if 0 < percent < 100 else None
