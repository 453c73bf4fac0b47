"""What people are told: a notice is facts; `telling.py` puts them into words for one locale."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from remediation.approvals import Question
from remediation.decisions import Recipient
from remediation.events import Alarm
from remediation.models import Fact
from remediation.reasons import Reason
from remediation.report import Outcome, RemediationResult
from remediation.runbooks import Mode, Rung

OPERATORS = Recipient(channel="", place=-1, kind="operators")
"""Every address of `operators`, looked up where the notice is sent."""


class Headline(str, Enum):
    """The first word of a notice: whether, and how soon, the reader has to do something."""

    OBSERVED = "OBSERVED"
    ACTING = "ACTING"
    HELD = "HELD"
    RECOVERED = "RECOVERED"
    NEEDS_YOU = "NEEDS YOU"


class RunRef(Fact):
    """A run that can be looked at in the Temporal UI."""

    workflow_id: str
    run_id: str = ""


class PlannedDisk(Fact):
    """A disk of which a snapshot is (or would be) made."""

    disk_id: str
    usage: str = ""
    size_gib: int = 0


class PlannedRung(Fact):
    """One rung of the ladder; `stop_type` is empty for a rollback."""

    stop_type: str
    timeout_seconds: int

    @classmethod
    def of(cls, rung: Rung) -> PlannedRung:
        if rung.reboot is not None:
            return cls(stop_type=rung.reboot.stop_type, timeout_seconds=rung.reboot.timeout)
        return cls(stop_type="", timeout_seconds=rung.rollback.timeout if rung.rollback is not None else 0)


class Plan(Fact):
    """What a run is about to do, or would do; `rungs` are those of the ladder, in order."""

    disks: tuple[PlannedDisk, ...]
    keep_seconds: int
    snapshots_by: datetime | None
    rungs: tuple[PlannedRung, ...]


class FoldedNotice(Fact):
    """What is kept of a notice that is not sent by itself, but told with others of its rule."""

    id: str
    headline: Headline
    instance_id: str = ""
    region: str = ""
    name: str = ""
    fault: str = ""
    outcome: Outcome | None = None
    reason: Reason | None = None
    run: RunRef | None = None


class Notice(Fact):
    """One message to people. `id` is the same on every attempt to deliver it, `thread` in all that belong together.

    `folded` are those that it tells of.
    """

    id: str
    thread: str = ""
    headline: Headline
    instance_id: str = ""
    region: str = ""
    name: str = ""
    fault: str = ""
    since: datetime | None = None
    rule: str = ""
    mode: Mode | None = None
    reason: Reason | None = None
    plan: Plan | None = None
    result: RemediationResult | None = None
    question: Question | None = None
    run: RunRef | None = None
    details: tuple[str, ...] = ()
    folded: tuple[FoldedNotice, ...] = ()


class Delivery(Fact):
    """A notice and one address to deliver it to."""

    notice: Notice
    recipient: Recipient


def headline_of(outcome: Outcome) -> Headline:
    """The first word of the notice that tells how a run ended."""
    return {
        Outcome.RECOVERED: Headline.RECOVERED,
        Outcome.RECOVERED_BY_ITSELF: Headline.RECOVERED,
        Outcome.WOULD_ACT: Headline.OBSERVED,
        Outcome.CANCELLED: Headline.HELD,
        Outcome.DENIED: Headline.HELD,
    }.get(outcome, Headline.NEEDS_YOU)


def about(alarm: Alarm) -> dict[str, Any]:
    """The fields of a notice that its alarm fixes."""
    return {
        "instance_id": alarm.instance_id,
        "region": alarm.region,
        "fault": alarm.fault,
        "since": alarm.occurred_at,
    }
