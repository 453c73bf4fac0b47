"""What crosses Temporal: names, ids, task queues, search attributes, inputs, results and signals."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Generic, Literal, TypeVar

from remediation.approvals import Approval
from remediation.cloud import Disk, Operation, ReadySnapshot
from remediation.decisions import IncidentState, Order, Recipient, Run
from remediation.events import Alarm
from remediation.models import Fact

# Workflows, by name: the door starts them without importing them.
INCIDENT = "Incident"
REMEDIATE_INSTANCE = "RemediateInstance"
UNREADABLE_EVENT = "UnreadableEvent"
UNREADABLE_DIGEST = "UnreadableDigest"

# Signals and queries.
TAKE_EVENT = "take_event"
RECOVERED = "recovered"
REMEDIATION_ENDED = "remediation_ended"
TAKE_UNREADABLE = "take_unreadable"
DECISIONS = "decisions"


class SearchAttribute(str, Enum):
    """Keyword attributes that the Temporal UI filters by."""

    INSTANCE = "MedicInstance"
    REGION = "MedicRegion"
    RULE = "MedicRule"
    PHASE = "MedicPhase"
    OUTCOME = "MedicOutcome"


class Queue(str, Enum):
    """One task queue for each kind of activity, so that each can be limited by its scarcest call."""

    WORKFLOWS = ""
    NOTICES = "-notices"
    READINGS = "-readings"
    SNAPSHOTS = "-snapshots"
    SNAPSHOT_WAITS = "-snapshot-waits"
    REBOOTS = "-reboots"

    def of(self, prefix: str) -> str:
        """The queue's full name: `medic` is where the workflows are, `medic-reboots` where reboots are sent."""
        return f"{prefix}{self.value}"


# Starts of activities per second, enforced by the server across all workers. They are chosen so that the calls that
# the activities make (CALLS) stay below the published rate of each API in one region, even if all is about one region.
RATES: dict[Queue, float] = {
    Queue.READINGS: 20,
    Queue.SNAPSHOTS: 4,
    Queue.SNAPSHOT_WAITS: 7,
    Queue.REBOOTS: 4,
}
CALLS: dict[Queue, dict[str, int]] = {
    Queue.READINGS: {
        "DescribeInstances": 1,
        "DescribeDisks": 1,
        "DescribeAutomationAgentStatus": 1,
        "DescribeSnapshots": 0,
    },
    Queue.SNAPSHOTS: {"DescribeInstances": 1, "DescribeDisks": 1, "DescribeSnapshots": 2, "CreateSnapshot": 1},
    Queue.SNAPSHOT_WAITS: {"DescribeSnapshots": 1},
    Queue.REBOOTS: {"DescribeInstances": 1, "DescribeDisks": 1, "DescribeSnapshots": 1, "RebootInstances": 1},
}
PUBLISHED_RATES = {
    "DescribeInstances": 40,
    "RebootInstances": 10,
    "DescribeDisks": 100,
    "CreateSnapshot": 20,
    "DescribeSnapshots": 20,
    "DescribeAutomationAgentStatus": 60,
}
"""Requests per second and account in one region (reference: the API's pages; docs/reference/rates.md)."""


def incident_id(region: str, instance_id: str) -> str:
    """The one open incident of an instance. Both parts were validated when the Alarm was read."""
    return f"cvm/{region}/{instance_id}"


def remediation_id(region: str, instance_id: str) -> str:
    """The one remediation of an instance that can run at a time (P3)."""
    return f"{incident_id(region, instance_id)}/remediation"


def unreadable_id(body_hash: str) -> str:
    """What could not be read is kept under its body's hash: the same body is kept once."""
    return f"unreadable/{body_hash}"


UNREADABLE_DIGEST_ID = "unreadable/digest"


def parse_incident_id(workflow_id: str) -> tuple[str, str]:
    """`cvm/ap-guangzhou/ins-abc` → (region, instance id)."""
    _, region, instance_id = [*workflow_id.split("/"), "", ""][:3]
    return region, instance_id


class TakenEvent(Fact):
    """What the door signals to an incident."""

    alarm: Alarm


class Record(Fact):
    """One decision as it is kept and asked for."""

    event_id: str
    kind: str
    rule: str = ""
    said: str
    needs_people: bool = False
    decided_at: datetime
    run: Run | None = None


class IncidentMemory(Fact):
    """What an incident carries from one of its runs to the next (continue-as-new)."""

    state: IncidentState = IncidentState()
    decisions: tuple[Record, ...] = ()
    folded: int = 0
    last_event_at: datetime | None = None


class DecideInput(Fact):
    """The local activity that decides: an alarm and what its incident remembers."""

    alarm: Alarm
    incident: IncidentState
    now: datetime


class RemediateInput(Fact):
    """One attempt to heal one instance."""

    run_key: str
    alarm: Alarm
    order: Order
    recipients: tuple[Recipient, ...]
    incident_id: str
    config_sha256: str = ""


class RemediationEnded(Fact):
    """What a remediation signals to its incident, whoever started it."""

    run_key: str
    outcome: str
    ended_at: datetime
    rule: str = ""
    started_at: datetime | None = None
    watch_seconds: int = 0


# Failures that Temporal must not try again by itself. A mutating call may have been sent when its activity timed out:
# that is final too, and the workflow observes before it does anything else. All others are proven to have changed
# nothing. (The server knows time-outs in this list by the prefix; tests/workflows/test_calls.py holds it to that.)
FINAL = ("AlreadySo", "Refused", "NeedsPeople", "OutcomeUnknown")
FINAL_WHEN_MUTATING = (*FINAL, "TemporalTimeout:StartToClose", "TemporalTimeout:Heartbeat")
# The type of the failure behind a failure that carries the Reason to be told, in any language, as its details.
REASON = "Reason"


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
    """Make one safety snapshot of one disk, once."""

    disk: Disk
    name: str
    expires_at: datetime


class SnapshotMade(Fact):
    """A snapshot that exists; `adopted` if it was found instead of answered."""

    snapshot_id: str
    disk_id: str
    name: str
    request_id: str = ""
    adopted: bool = False


class WaitForSnapshotInput(Fact):
    """Wait until a snapshot is NORMAL and at 100 %."""

    target: Target
    snapshot: SnapshotMade
    expires_at: datetime


class RebootInput(ActInput):
    """Reboot the instance once, with a ready snapshot of every disk in hand."""

    baseline: Operation
    ready: tuple[ReadySnapshot, ...]
    alarmed_at: datetime


class StopInput(RebootInput):
    """Stop the instance: as much of an outage as a reboot, and bound by the same."""

    stop_type: Literal["SOFT", "HARD", "SOFT_FIRST"] = "SOFT"


class RolledBack(Fact):
    """A disk that was *seen* to be rolled back to this snapshot, to the end."""

    disk_id: str
    snapshot_id: str


class StartInput(ActInput):
    """Start the instance that this run stopped; `rolled_back` is all that was, of what the approval names."""

    baseline: Operation
    approval: Approval | None = None
    rolled_back: tuple[RolledBack, ...] = ()


class ApplySnapshotInput(ActInput):
    """Roll one disk of the stopped instance back to its own ready snapshot, as somebody has approved."""

    baseline: Operation
    snapshot: ReadySnapshot
    approval: Approval


class InvokeCommandInput(ActInput):
    """Run one registered command in the guest; `before` are its invocations that were there already."""

    command_id: str
    before: tuple[str, ...] = ()


class OperationSent(Fact):
    """The cloud took the operation; `adopted` if that was found out and not answered."""

    request_id: str
    sent_at: datetime
    adopted: bool = False


class CommandSent(Fact):
    """The command is on its way into the guest."""

    invocation_id: str
    adopted: bool = False


class WaitForRebootInput(Fact):
    """Wait until the cloud reports *our* reboot as done and the instance as running."""

    target: Target
    request_id: str


class VerifyInput(Fact):
    """Collect the proof that the reboot helped; the last look returns whatever it sees."""

    target: Target
    request_id: str
    back_at: datetime
    recovered_at: datetime | None = None
    last_look: bool = False


class UnreadableInput(Fact):
    """Something that came in and could not be read."""

    body: str
    reason: str
    hint: str = ""
    received_at: datetime
