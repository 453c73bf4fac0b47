"""What each mutating call is told and answers, as it crosses Temporal: input or result of its activity."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, Literal, TypeVar

from remediation.approvals import Approval
from remediation.cloud import Disk, Operation, ReadySnapshot
from remediation.decisions import Order
from remediation.models import Fact
from remediation.report import RolledBack


class Target(Fact):
    """The one instance that an activity is about."""

    region: str
    instance_id: str


class ActInput(Fact):
    """What every mutating call is told: about which instance, by whose order, in which run."""

    target: Target
    order: Order
    run_key: str


Wanted = TypeVar("Wanted", bound=ActInput)


class Lost(Fact, Generic[Wanted]):
    """A mutating call whose outcome is unknown.

    Attributes:
        wanted: what it was told.
        since: when it was begun.
        settled_at: from then on it can no longer take effect.
    """

    wanted: Wanted
    since: datetime
    settled_at: datetime


class CreateSnapshotInput(ActInput):
    """Make one safety snapshot of one disk, once, of an instance in this state."""

    disk: Disk
    name: str
    expires_at: datetime
    state: str = "RUNNING"


class SnapshotMade(Fact):
    """A snapshot that exists; `adopted` if it was found instead of answered."""

    snapshot_id: str
    disk_id: str
    name: str
    request_id: str = ""
    adopted: bool = False


class OperationInput(ActInput):
    """An operation on the instance; `baseline` is the last one before it, as history has it."""

    baseline: Operation


class InterruptInput(OperationInput):
    """What takes the instance away for a while, with a ready snapshot of every disk in hand.

    Attributes:
        approval: a person's yes; with it the alarm is as old as the yes, and the disks that it names need no snapshot.
        replaces: the request of our own reboot that has not ended, which this one takes the place of.
    """

    stop_type: Literal["SOFT", "HARD", "SOFT_FIRST"] = "SOFT"
    ready: tuple[ReadySnapshot, ...]
    alarmed_at: datetime
    approval: Approval | None = None
    replaces: str = ""


class RebootInput(InterruptInput):
    """Reboot the instance once."""


class StopInput(InterruptInput):
    """Stop the instance: as much of an outage as a reboot, and bound by the same."""


class StartInput(OperationInput):
    """Start the instance that this run stopped; `rolled_back` is all that was, of what the approval names."""

    approval: Approval | None = None
    rolled_back: tuple[RolledBack, ...] = ()


class ApplySnapshotInput(OperationInput):
    """Roll one disk of the stopped instance back to its own ready snapshot, as somebody has approved."""

    snapshot: ReadySnapshot
    approval: Approval


class InvokeCommandInput(ActInput):
    """Run one registered command in the guest."""

    command_id: str


class OperationSent(Fact):
    """The cloud took the operation; `adopted` if that was found out and not answered."""

    request_id: str
    sent_at: datetime
    adopted: bool = False


class CommandSent(Fact):
    """The command is on its way into the guest."""

    invocation_id: str
    adopted: bool = False
