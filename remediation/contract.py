"""What crosses Temporal: names, ids, task queues, search attributes, inputs, results and signals."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from pydantic import Field

from remediation.acts import SnapshotMade, Target
from remediation.decisions import Order, Recipient
from remediation.events import Alarm
from remediation.folding import Asked
from remediation.freezes import Freeze
from remediation.incidents import IncidentState, Run
from remediation.models import Fact
from remediation.reasons import Reason
from remediation.runbooks import Verify

# Workflows, by name: the door starts them without importing them.
INCIDENT = "Incident"
REMEDIATE_INSTANCE = "RemediateInstance"
UNREADABLE_EVENT = "UnreadableEvent"
UNREADABLE_DIGEST = "UnreadableDigest"
FLEET_GUARD = "FleetGuard"
NOTICE_FOLD = "NoticeFold"

# Signals, queries and updates.
TAKE_EVENT = "take_event"
RECOVERED = "recovered"
REBOOTING = "rebooting"
JOINED = "joined"
REMEDIATION_ENDED = "remediation_ended"
TAKE_UNREADABLE = "take_unreadable"
DECISIONS = "decisions"
ASK = "ask"
TURN_CAME = "turn_came"
SENT = "sent"
ENDED = "ended"
WITHDRAW = "withdraw"
FREEZE = "freeze"
UNFREEZE = "unfreeze"
FLEET = "fleet"
ADMIT_NOTICES = "admit_notices"
ANSWER = "answer"
QUESTION = "question"


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
    COMMANDS = "-commands"
    FLEET = "-fleet"

    def of(self, prefix: str) -> str:
        """The queue's full name: `medic` is where the workflows are, `medic-reboots` where reboots are sent."""
        return f"{prefix}{self.value}"


def incident_id(region: str, instance_id: str) -> str:
    """The one open incident of an instance. Both parts were validated when the Alarm was read."""
    return f"cvm/{region}/{instance_id}"


def dry_run_id(region: str, instance_id: str) -> str:
    """An incident apart, for events that are only tried: it knows nothing of the other, and never acts (P5)."""
    return f"{incident_id(region, instance_id)}{_DRY_RUN}"


_DRY_RUN = "/dry-run"


def is_dry_run(workflow_id: str) -> bool:
    """Whether this incident is one for events that are only to be tried."""
    return workflow_id.endswith(_DRY_RUN)


def remediation_id(region: str, instance_id: str) -> str:
    """The one remediation of an instance that can run at a time (P3)."""
    return remediation_of(incident_id(region, instance_id))


def remediation_of(incident: str) -> str:
    """The remediation that the incident of this id starts."""
    return f"{incident}/remediation"


def unreadable_id(body_hash: str) -> str:
    """What could not be read is kept under its body's hash: the same body is kept once."""
    return f"unreadable/{body_hash}"


def unreadable_digest_id(task_queue: str) -> str:
    """Where all of a deployment that cannot be read is told together."""
    return f"unreadable/digest/{task_queue}"


EVERYWHERE = "all"
"""In place of a region: a freeze that holds in every one."""


def fleet_id(region: str) -> str:
    """The one guard of a region's limits; `fleet/all` holds nothing but a freeze of every region."""
    return f"fleet/{region}"


def notice_fold_id(task_queue: str, rule: str) -> str:
    """What counts the notices of a rule. Of each deployment its own: it is their medic.yaml that names the rule."""
    return f"notices/{task_queue}/{rule}"


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
    facts: dict[str, str] = Field(default={})
    needs_people: bool = False
    decided_at: datetime
    held_at: datetime | None = None
    run: Run | None = None


class NoticesAsked(Fact):
    """The question to a NoticeFold: which of these are sent one by one? `limit`: so many within five minutes are."""

    limit: int
    notices: tuple[Asked, ...]


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
    permit_key: str = ""
    thread: str = ""


class PermitAsked(Fact):
    """May this run begin to change its instance? Asked again with the same key, it is the same question.

    Attributes:
        key: of the run that is to begin: its run key.
        rule: whose people hear that it waits; they are `recipients`.
        incident_id: the workflow that is told when the turn has come.
        incident_run_id: which run of it; the activity that asks fills it in, and so `everywhere`.
        max_acting, max_actions_per_hour: the region's limits as the asker knows them; the newest ask's hold.
        everywhere: the freeze of all regions, as the activity that asks has just read it.
    """

    key: str
    instance_id: str
    region: str
    rule: str
    incident_id: str
    recipients: tuple[Recipient, ...] = ()
    max_acting: int
    max_actions_per_hour: int
    incident_run_id: str = ""
    everywhere: Freeze | None = None


class PermitAnswer(Fact):
    """Yes, or not yet.

    Attributes:
        reason: why not yet.
        ask_again_seconds: 0 if it stands in the queue, and TURN_CAME will be signalled; else it does not (too many
            wait, or the question was not understood: `error`), and it is to be asked again after this long.
    """

    granted: bool
    reason: Reason | None = None
    ask_again_seconds: int = 0
    error: str = ""


class TurnCame(Fact):
    """To a waiting incident: the permit is granted and held for it; it uses it, or gives it back (WITHDRAW)."""

    key: str


class PermitUsed(Fact):
    """To the guard (SENT): the first mutating call was, or may have been, sent by now."""

    key: str
    run_id: str = ""


class PermitEnded(Fact):
    """To the guard (ENDED): the run is over. `acted`: whether it may have sent anything; None if nobody knows."""

    key: str
    acted: bool | None = None


class PermitWithdrawn(Fact):
    """To the guard (WITHDRAW): the turn is not needed any more, and nothing was sent under it."""

    key: str


class RunTold(Fact):
    """What a remediation says of itself whenever it signals its incident, which may not be the one that started it."""

    run_key: str
    rule: str = ""
    fault: str = ""
    started_at: datetime | None = None
    watch_seconds: int = 0

    @property
    def run(self) -> Run | None:
        """The run, as an incident that did not start it gets to know it."""
        if self.started_at is None:
            return None
        return Run(
            run_key=self.run_key,
            rule=self.rule,
            fault=self.fault,
            started_at=self.started_at,
            watch_seconds=self.watch_seconds,
        )


class RebootBegun(RunTold):
    """What a remediation signals to its incident before it sends a reboot: alarms from here on may be caused by it."""

    at: datetime


class Holder(Fact):
    """Who holds a permit, as far as it is known; `run_id` once its run has reported."""

    key: str
    remediation_id: str
    run_id: str = ""
    incident_id: str
    incident_run_id: str = ""


class HoldersAsked(Fact):
    """Which of these are proven not to be at work any more?"""

    holders: tuple[Holder, ...]


class RemediationEnded(RunTold):
    """What a remediation signals to its incident, whoever started it."""

    outcome: str
    ended_at: datetime
    reboot_at: datetime | None = None
    back_at: datetime | None = None
    rungs: int = 0


# A run that was ended by force may have begun a call: an attempt lasts 30 s at most, and then the cloud's answer.
IN_FLIGHT_SECONDS = 60

# Failures that Temporal must not try again by itself. A mutating call may have been sent when its activity timed out:
# that is final too, and the workflow observes before it does anything else. All others are proven to have changed
# nothing. (The server knows time-outs in this list by the prefix; tests/workflows/test_calls.py holds it to that.)
FINAL = ("AlreadySo", "Refused", "NeedsPeople", "OutcomeUnknown")
FINAL_WHEN_MUTATING = (*FINAL, "TemporalTimeout:StartToClose", "TemporalTimeout:Heartbeat")
# The type of the failure behind a failure that carries the Reason to be told, in any language, as its details.
REASON = "Reason"


class WaitForSnapshotInput(Fact):
    """Wait until a snapshot is NORMAL and at 100 %."""

    target: Target
    snapshot: SnapshotMade
    expires_at: datetime
    stall_seconds: int = 1800


class WaitForOperationInput(Fact):
    """Wait until the cloud reports *our* operation as done and the instance in its state."""

    target: Target
    request_id: str
    state: str = "RUNNING"


class WaitForRollbackInput(Fact):
    """Wait until a disk was seen to roll back, and then not to any more; `error_before`: its ErrorPrompt until now."""

    target: Target
    disk_id: str
    snapshot_id: str
    error_before: str = ""


class GoodSnapshotAsked(Fact):
    """A disk's newest ready snapshot that was taken before this, and, where given, after that.

    Attributes:
        run_key: whose own snapshots do not count.
    """

    target: Target
    disk_id: str
    before: datetime
    after: datetime | None = None
    run_key: str


class SnapshotsRead(Fact):
    """How far these are."""

    target: Target
    snapshot_ids: tuple[str, ...]


class VerifyInput(Fact):
    """Collect the proof that the reboot helped; the last look returns whatever it sees."""

    target: Target
    request_id: str
    back_at: datetime
    recovered_at: datetime | None = None
    fired_at: datetime | None = None
    policy: Verify = Verify()
    last_look: bool = False


class WaitForReportInput(Fact):
    """Wait until the command that looks inside has ended."""

    target: Target
    invocation_id: str


class UnreadableInput(Fact):
    """Something that came in and could not be read."""

    body: str
    reason: str
    hint: str = ""
    received_at: datetime
