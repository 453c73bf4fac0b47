"""What docs/explanation/safety.md takes for granted of the cloud, held against what one instance has shown.

An assumption holds, does not, or was not seen: what was not seen is not called true.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

from remediation.cloud import Agent, Instance, Snapshot
from remediation.guest import GuestReport
from remediation.models import Fact

LISTED_WITHIN = timedelta(minutes=2)


class Holds(str, Enum):
    """Whether an assumption holds, as far as it was seen."""

    YES = "holds"
    NO = "does not hold"
    UNSEEN = "not seen"


class Finding(Fact):
    """One assumption, and what was seen of it."""

    assumption: str
    holds: Holds
    seen: str


class SnapshotWatched(Fact):
    """One snapshot, from its making to its end.

    Attributes:
        named: whether the filter by its name found it.
        listed_after: how long it took until it was listed.
        early_hundred: whether it was seen at 100 % while it was still being made.
    """

    asked_at: datetime
    named: bool = False
    listed_after: timedelta | None = None
    early_hundred: bool = False
    last: Snapshot | None = None


class RebootWatched(Fact):
    """One reboot, from its sending to its end; `states` are those of the instance, as they changed."""

    request_id: str
    sent_at: datetime
    shown_after: timedelta | None = None
    states: tuple[str, ...] = ()
    last: Instance | None = None
    done_at: datetime | None = None
    agent: Agent | None = None


class Looks(Fact):
    """What was seen inside before and after; None where nobody looked."""

    before: GuestReport | None = None
    after: GuestReport | None = None


def certificate(snapshots: Iterable[SnapshotWatched], reboot: RebootWatched, looks: Looks) -> tuple[Finding, ...]:
    """Every assumption with what was seen of it."""
    watched = tuple(snapshots)
    return (
        _all("a snapshot is found by a filter of its exact name", [one.named for one in watched]),
        _listed(watched),
        _all(
            "a snapshot becomes NORMAL at 100 %",
            [one.last is not None and one.last.is_ready for one in watched],
            note=f"100 % while CREATING: {'seen' if any(one.early_hundred for one in watched) else 'not seen'}",
        ),
        _zone(watched),
        _request(reboot),
        _shown(reboot),
        _states(reboot),
        _heartbeat(reboot),
        _boot(looks),
    )


def _all(assumption: str, seen: list[bool], note: str = "") -> Finding:
    counted = f"{sum(seen)} of {len(seen)}" + (f"; {note}" if note else "")
    holds = Holds.UNSEEN if not seen else Holds.YES if all(seen) else Holds.NO
    return Finding(assumption=assumption, holds=holds, seen=counted)


def _listed(watched: tuple[SnapshotWatched, ...]) -> Finding:
    assumption = f"a new snapshot is listed within {LISTED_WITHIN.total_seconds():.0f} s"
    lags = [one.listed_after for one in watched]
    known = [lag for lag in lags if lag is not None]
    if not watched:
        return Finding(assumption=assumption, holds=Holds.UNSEEN, seen="no snapshot was made")
    longest = f"{max(known).total_seconds():.1f} s at most" if known else "never listed"
    fine = len(known) == len(lags) and max(known) <= LISTED_WITHIN
    return Finding(assumption=assumption, holds=Holds.YES if fine else Holds.NO, seen=longest)


def _zone(watched: tuple[SnapshotWatched, ...]) -> Finding:
    """Read as UTC it must not be earlier than it was: a snapshot of after an alarm would pass for one of before."""
    assumption = "CreateTime, read as UTC, is not earlier than the call"
    drifts = [one.last.taken_at - one.asked_at for one in watched if one.last is not None and one.last.taken_at]
    if not drifts:
        return Finding(assumption=assumption, holds=Holds.UNSEEN, seen="no snapshot had one")
    hours = min(drifts).total_seconds() / 3600
    fine = min(drifts) >= timedelta(seconds=-5)
    return Finding(assumption=assumption, holds=Holds.YES if fine else Holds.NO, seen=f"{hours:+.1f} h")


def _request(reboot: RebootWatched) -> Finding:
    found = reboot.last.operation.request_id if reboot.last is not None else ""
    fine = found == reboot.request_id
    assumption = "LatestOperationRequestId is what RebootInstances answered"
    return Finding(assumption=assumption, holds=Holds.YES if fine else Holds.NO, seen=found or "nothing")


def _shown(reboot: RebootWatched) -> Finding:
    assumption = "an accepted reboot shows within a minute"
    after = reboot.shown_after
    if after is None:
        return Finding(assumption=assumption, holds=Holds.NO, seen="it never showed")
    fine = after <= timedelta(minutes=1)
    return Finding(assumption=assumption, holds=Holds.YES if fine else Holds.NO, seen=f"{after.total_seconds():.1f} s")


def _states(reboot: RebootWatched) -> Finding:
    assumption = "a reboot ends as SUCCESS of our request, with the instance RUNNING"
    last = reboot.last
    fine = last is not None and last.is_running and last.operation.state == "SUCCESS"
    return Finding(assumption=assumption, holds=Holds.YES if fine else Holds.NO, seen=" > ".join(reboot.states) or "-")


def _heartbeat(reboot: RebootWatched) -> Finding:
    assumption = "the agent's heartbeat is UTC, and newer than the end of the reboot"
    beat = reboot.agent.last_heartbeat if reboot.agent is not None else None
    if beat is None or reboot.done_at is None:
        return Finding(assumption=assumption, holds=Holds.UNSEEN, seen="no agent was heard")
    after = (beat - reboot.done_at).total_seconds()
    fine = 0 < after < 3600
    return Finding(assumption=assumption, holds=Holds.YES if fine else Holds.NO, seen=f"{after:+.1f} s")


def _boot(looks: Looks) -> Finding:
    assumption = "a reboot that the cloud reports as done has booted the guest anew"
    if looks.before is None or looks.after is None or looks.before.unreadable or looks.after.unreadable:
        return Finding(assumption=assumption, holds=Holds.UNSEEN, seen="nobody looked inside")
    fine = looks.before.boot_id != looks.after.boot_id
    return Finding(
        assumption=assumption, holds=Holds.YES if fine else Holds.NO, seen="boot ids differ" if fine else "the same"
    )
