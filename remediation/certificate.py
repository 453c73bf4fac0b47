"""What docs/explanation/safety.md takes for granted of the cloud, held against what one instance has shown.

An assumption holds, does not, or was not seen: what was not seen is not called true.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

from remediation.cloud import Agent, Disk, Instance, Snapshot
from remediation.guest import GuestReport
from remediation.models import Fact

_NO_ROLLBACK = "no rollback was tried: --rollback"
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


class OperationWatched(Fact):
    """A stop or a start, and the instance as it was seen last."""

    action: str
    request_id: str
    state: str
    last: Instance | None = None


class RollbackWatched(Fact):
    """One disk that was taken back: whether it was seen to go back, and how it was seen at the end (None: none yet)."""

    disk_id: str
    shown: bool = False
    last: Disk | None = None

    @property
    def is_back(self) -> bool:
        """Seen on its way, and then at its end, without an error."""
        return self.shown and self.last is not None and not self.last.error


class RestoreWatched(Fact):
    """Stop, every disk back, and start; the instance is not started (None) if a disk did not come back."""

    stopped: OperationWatched
    disks: tuple[RollbackWatched, ...] = ()
    started: OperationWatched | None = None


# What one instance that does as it should cannot show.
_UNSHOWN = (
    "a request takes no effect later than its signature is valid",
    "a code that is classed as refused, throttled or busy means that nothing was done",
    "an event that is delivered again has the same id",
    "while a SOFT reboot hangs, a HARD one takes its place or is refused, and a HARD stop is taken",
)


def certificate(
    snapshots: Iterable[SnapshotWatched],
    reboot: RebootWatched,
    looks: Looks,
    restore: RestoreWatched | None = None,
) -> tuple[Finding, ...]:
    """Every assumption with what was seen of it.

    Args:
        restore: None if no rollback was tried.
    """
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
        _operations(restore),
        _rollbacks(restore),
        *(Finding(assumption=one, holds=Holds.UNSEEN, seen="no healthy instance shows it") for one in _UNSHOWN),
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
    hours = round(min(drifts).total_seconds() / 3600, 1) + 0.0  # never "-0.0"
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


def _operations(restore: RestoreWatched | None) -> Finding:
    assumption = "a stop and a start end as SUCCESS of our request, with the instance STOPPED and RUNNING"
    if restore is None:
        return Finding(assumption=assumption, holds=Holds.UNSEEN, seen=_NO_ROLLBACK)
    tried = [one for one in (restore.stopped, restore.started) if one is not None]
    ended = [_as_wanted(one) for one in tried]
    seen = ", ".join(f"{one.action}: {_shown_as(one.last)}" for one in tried)
    return Finding(assumption=assumption, holds=Holds.YES if all(ended) else Holds.NO, seen=seen)


def _as_wanted(one: OperationWatched) -> bool:
    last = one.last
    operation = last.operation if last is not None else None
    ours = operation is not None and (operation.request_id, operation.state) == (one.request_id, "SUCCESS")
    return ours and last is not None and last.state == one.state


def _shown_as(instance: Instance | None) -> str:
    return f"{instance.state}/{instance.operation.state}" if instance is not None else "not there"


def _rollbacks(restore: RestoreWatched | None) -> Finding:
    assumption = "a disk that goes back to its snapshot is shown as Rollbacking, and then no more"
    if restore is None or not restore.disks:
        return Finding(assumption=assumption, holds=Holds.UNSEEN, seen=_NO_ROLLBACK)
    back = sum(one.is_back for one in restore.disks)
    told = f"{back} of {len(restore.disks)}" + ("" if restore.started is not None else "; the instance is left stopped")
    return Finding(assumption=assumption, holds=Holds.YES if back == len(restore.disks) else Holds.NO, seen=told)
