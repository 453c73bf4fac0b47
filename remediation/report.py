"""How a remediation ended and what it did: the outcome, the evidence, and what was not proven."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from remediation.approvals import Answered
from remediation.models import Fact
from remediation.reasons import Reason
from remediation.runbooks import Mode


class Outcome(str, Enum):
    """The one ending of a run."""

    RECOVERED = "recovered"
    RECOVERED_BY_ITSELF = "recovered_by_itself"
    NOT_RECOVERED = "not_recovered"
    HANDED_OVER = "handed_over"
    REFUSED = "refused"
    DENIED = "denied"
    CANCELLED = "cancelled"
    FAILED = "failed"
    WOULD_ACT = "would_act"

    @property
    def is_well(self) -> bool:
        """Whether nobody has to do anything."""
        return self in (Outcome.RECOVERED, Outcome.RECOVERED_BY_ITSELF)


class Phase(str, Enum):
    """Where a run stands, as the search attribute MedicPhase tells it."""

    LOOKING = "looking"
    SNAPSHOTTING = "snapshotting"
    ASKING = "asking"
    REBOOTING = "rebooting"
    ROLLING_BACK = "rolling_back"
    VERIFYING = "verifying"
    ENDED = "ended"


class Step(Fact):
    """One step of the story and the time it took."""

    name: str
    started_at: datetime
    ended_at: datetime

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()


class SnapshotTaken(Fact):
    """A snapshot that this run made, adopted after its answer was lost, or reused (`made_at` says of when)."""

    disk_id: str
    purpose: str = "before_repair"
    made_at: datetime | None = None
    snapshot_id: str
    name: str
    adopted: bool = False
    ready: bool = False
    expires_at: datetime | None = None


class RebootSent(Fact):
    """One reboot of this run; each rung has one at most."""

    request_id: str
    stop_type: str = "SOFT"
    sent_at: datetime
    adopted: bool = False
    back_at: datetime | None = None

    @property
    def outage_seconds(self) -> float | None:
        """From the send to the reading that showed it back: an upper bound of the outage."""
        return (self.back_at - self.sent_at).total_seconds() if self.back_at else None


class RolledBack(Fact):
    """A disk that was *seen* to be rolled back to this snapshot, to the end."""

    disk_id: str
    snapshot_id: str


class RemediationResult(Fact):
    """What RemediateInstance returns: all that people and later runs need to know of it."""

    run_key: str
    outcome: Outcome
    reason: Reason
    instance_id: str
    region: str
    name: str = ""
    rule: str
    mode: Mode
    snapshots: tuple[SnapshotTaken, ...] = ()
    reboot: RebootSent | None = None
    rungs: tuple[str, ...] = ()
    rolled_back: tuple[RolledBack, ...] = ()
    answers: tuple[Answered, ...] = ()
    proven: tuple[Reason, ...] = ()
    unproven: tuple[Reason, ...] = ()
    steps: tuple[Step, ...] = ()
    undelivered: tuple[str, ...] = ()
    started_at: datetime
    ended_at: datetime
