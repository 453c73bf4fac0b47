"""A cloud in memory behind the activities' own seam: for the story's logic, where HTTP would prove nothing more."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from remediation.cloud import (
    APPLY_SNAPSHOT,
    CREATE_SNAPSHOT,
    INVOKE_COMMAND,
    REBOOT,
    START,
    STOP,
    Agent,
    Disk,
    Instance,
    Invocation,
    Operation,
    Snapshot,
)
from remediation.errors import AlreadySo, NotYet, Refused
from remediation.permits import SendPermit
from remediation.runbooks import Mode
from tests.guests import output


@dataclass
class StagedCloud:
    """One instance per id on demand; what happens is staged by the fields.

    Attributes:
        polls_until_ready: readings after which a snapshot is ready; the reading before it says 100 % and CREATING.
        polls_until_back: readings after which a reboot is reported as done.
        hangs: how a reboot is to be asked for ("SOFT") so that it never ends.
        busy_refuses: actions that the cloud does not take while a reboot is under way.
        inside: what the registered command prints after so many boots; command_ends_as: its TaskStatus.
        polls_rolling: readings that show a rollback under way.
        on_call: called with each action's name before it is answered; may raise a CloudError.
        after_effect: the same, after a mutating call has had its effect.
    """

    region: str = "ap-guangzhou"
    polls_until_ready: int = 1
    polls_until_back: int = 1
    instance: Callable[[str], Instance | None] | None = None
    disks: tuple[Disk, ...] = (
        Disk(disk_id="disk-sys", usage="SYSTEM_DISK", size_gib=50),
        Disk(disk_id="disk-dat", usage="DATA_DISK", size_gib=200),
    )
    agent: bool = True
    online: bool = True
    heartbeat: bool = True
    reboot_ends_as: str = "SUCCESS"
    hangs: set[str] = field(default_factory=set)
    busy_refuses: set[str] = field(default_factory=set)
    polls_rolling: int = 2
    inside: Callable[[int], str] = lambda boots: output(f"boot-{boots}")
    command_ends_as: str = "SUCCESS"
    on_call: Callable[[str], None] = lambda action: None
    after_effect: Callable[[str], None] = lambda action: None
    calls: list[str] = field(default_factory=list)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    rolling_back: set[str] = field(default_factory=set)
    acted: list[str] = field(default_factory=list)
    _rolls: dict[str, int] = field(default_factory=dict)
    _hanging: set[str] = field(default_factory=set)
    invocations: list[Invocation] = field(default_factory=list)
    _polls: dict[str, int] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def mutating(self) -> list[str]:
        acts = (CREATE_SNAPSHOT, REBOOT, STOP, START, APPLY_SNAPSHOT, INVOKE_COMMAND)
        return [call for call in self.calls if call in acts]

    def describe_instance(self, region: str, instance_id: str) -> Instance | None:
        with self._lock:
            self._called("DescribeInstances")
            operation = self.operations.get(
                instance_id, Operation(name="RunInstances", state="SUCCESS", request_id="r-0")
            )
            hangs = operation.request_id in self._hanging
            if operation.in_progress and not hangs and self._poll(operation.request_id) > self.polls_until_back:
                operation = operation.model_copy(update={"state": self.reboot_ends_as})
                self.operations[instance_id] = operation
            if self.instance is not None:
                staged = self.instance(instance_id)
                return staged.model_copy(update={"operation": operation}) if staged else None
            return Instance(
                instance_id=instance_id,
                region=region,
                name="web-1",
                state=self.states.get(instance_id, "RUNNING"),
                operation=operation,
                tags={"medic": "on"},
            )

    def describe_disks(self, region: str, instance_id: str) -> tuple[Disk, ...]:
        with self._lock:
            self._called("DescribeDisks")
            rolling = self.rolling_back | {disk_id for disk_id, left in self._rolls.items() if left > 0}
            self._rolls = {disk_id: left - 1 for disk_id, left in self._rolls.items()}
            return tuple(
                one.model_copy(update={"rolling_back": True}) if one.disk_id in rolling else one for one in self.disks
            )

    def describe_agent(self, region: str, instance_id: str) -> Agent | None:
        self._called("DescribeAutomationAgentStatus")
        beat = datetime.now(timezone.utc) if self.heartbeat else datetime(2020, 1, 1, tzinfo=timezone.utc)
        return Agent(online=self.online, last_heartbeat=beat) if self.agent else None

    def find_snapshots(self, region: str, disk_id: str, name: str) -> tuple[Snapshot, ...]:
        with self._lock:
            self._called("DescribeSnapshots")
            return tuple(one for one in self.snapshots.values() if (one.disk_id, one.name) == (disk_id, name))

    def list_snapshots(self, region: str, disk_id: str) -> tuple[Snapshot, ...]:
        with self._lock:
            self._called("DescribeSnapshots")
            return tuple(one for one in self.snapshots.values() if one.disk_id == disk_id)

    def describe_snapshots(self, region: str, snapshot_ids: tuple[str, ...]) -> tuple[Snapshot, ...]:
        with self._lock:
            self._called("DescribeSnapshots")
            return tuple(self._seen(one) for one in snapshot_ids if one in self.snapshots)

    def create_snapshot(
        self, permit: SendPermit, region: str, disk_id: str, *, name: str, expires_at: datetime, tags: Mapping[str, str]
    ) -> tuple[str, str]:
        with self._lock:
            self._allowed(permit, "CreateSnapshot")
            number = next(self._ids)
            made = Snapshot(snapshot_id=f"snap-{number}", disk_id=disk_id, name=name, state="CREATING")
            self.snapshots[made.snapshot_id] = made
        self.after_effect("CreateSnapshot")
        return made.snapshot_id, f"r-{number}"

    def reboot_instance(self, permit: SendPermit, region: str, instance_id: str, *, stop_type: str) -> str:
        return self._operate(permit, REBOOT, instance_id, "RUNNING", stop_type)

    def stop_instance(self, permit: SendPermit, region: str, instance_id: str, *, stop_type: str) -> str:
        return self._operate(permit, STOP, instance_id, "STOPPED", stop_type)

    def start_instance(self, permit: SendPermit, region: str, instance_id: str) -> str:
        return self._operate(permit, START, instance_id, "RUNNING")

    def apply_snapshot(self, permit: SendPermit, region: str, disk_id: str, *, snapshot_id: str) -> str:
        with self._lock:
            self._allowed(permit, APPLY_SNAPSHOT)
            self._rolls[disk_id] = self.polls_rolling
            self.acted.append(f"{APPLY_SNAPSHOT} {disk_id} {snapshot_id}")
        self.after_effect(APPLY_SNAPSHOT)
        return f"r-{next(self._ids)}"

    def find_invocations(self, region: str, instance_id: str, command_id: str) -> tuple[Invocation, ...]:
        self._called("DescribeInvocationTasks")
        return tuple(one for one in self.invocations if one.command_id == command_id)

    def read_invocation(self, region: str, instance_id: str, invocation_id: str) -> Invocation | None:
        self._called("DescribeInvocationTasks")
        run = next((one for one in self.invocations if one.invocation_id == invocation_id), None)
        boots = sum(one.startswith((REBOOT, START)) for one in self.acted)
        done = {"status": self.command_ends_as, "output": self.inside(boots)}
        return run.model_copy(update=done) if run is not None else None

    def invoke_command(self, permit: SendPermit, region: str, instance_id: str, *, command_id: str) -> str:
        with self._lock:
            self._allowed(permit, INVOKE_COMMAND)
            made = Invocation(
                invocation_id=f"inv-{next(self._ids)}", command_id=command_id, created_at=datetime.now(timezone.utc)
            )
            self.invocations.append(made)
        self.after_effect(INVOKE_COMMAND)
        return made.invocation_id

    def _operate(self, permit: SendPermit, action: str, instance_id: str, state: str, stop_type: str = "") -> str:
        with self._lock:
            self._allowed(permit, action)
            if action in self.busy_refuses and self._hanging:
                raise AlreadySo("rebooting", action=action, code="UnsupportedOperation.InstanceStateRebooting")
            request_id = f"r-{next(self._ids)}"
            self.acted.append(f"{action} {stop_type}".strip())
            self._hanging = {request_id} if action == REBOOT and stop_type in self.hangs else set()
            self.operations[instance_id] = Operation(name=action, state="OPERATING", request_id=request_id)
            self.states[instance_id] = state
        self.after_effect(action)
        return request_id

    def _called(self, action: str) -> None:
        self.calls.append(action)
        self.on_call(action)

    def _allowed(self, permit: SendPermit, action: str) -> None:
        refusal = permit.refusal()
        if refusal:
            kind = NotYet if permit.mode is Mode.ACT else Refused  # as the real client does
            raise kind(f"not sent: {refusal}", action=action, code="NotSent")
        self._called(action)

    def _poll(self, key: str) -> int:
        self._polls[key] = self._polls.get(key, 0) + 1
        return self._polls[key]

    def _seen(self, snapshot_id: str) -> Snapshot:
        snapshot, polls = self.snapshots[snapshot_id], self._poll(snapshot_id)
        if polls >= self.polls_until_ready:
            return snapshot.model_copy(update={"state": "NORMAL", "percent": 100})
        percent = 100 * polls // max(self.polls_until_ready - 1, 1)
        return snapshot.model_copy(update={"percent": percent})
