"""What there is in one region: machines, disks, snapshots, commands that ran; and what became of each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from simulator.specs import DiskSpec, InstanceSpec
from simulator.world import RegionSpec

DISK_READONLY = "disk_readonly"


@dataclass
class Disk:
    """A CBS disk, attached or not; also a local one, which no CBS action sees."""

    spec: DiskSpec
    usage: str
    created_at: float
    instance_id: str | None = None
    busy_with: str | None = None  # the snapshot that it is making
    rollback_of: str | None = None  # the snapshot that it returns to
    rollback_began: float = 0
    rollback_stopped_at: int | None = None  # the percentage at which it stalled or failed
    error_prompt: str | None = None  # what became of the last operation that failed


@dataclass
class Snapshot:
    snapshot_id: str
    disk_id: str
    name: str
    usage: str
    size_gib: int
    created_at: float
    deadline: float | None = None
    tags: dict[str, str] = field(default_factory=dict)
    state: str = "NORMAL"
    listed_from: float = 0
    seconds: float = 0  # how long until 100 %
    frozen_at: int | None = None  # the percentage at which it was stalled
    policy_id: str | None = None
    symptom: str | None = None  # what ailed the disk when it was made


@dataclass
class Task:
    """One run of a registered command in one guest."""

    task_id: str
    invocation_id: str
    command_id: str
    instance_id: str
    created_at: float
    boots: int  # of the guest, then: no command outlives a boot
    timeout: float
    status: str = "PENDING"
    began_at: float | None = None
    ended_at: float | None = None
    updated_at: float = 0
    exit_code: int = 0
    output: bytes = b""
    error: str = ""


@dataclass
class Operation:
    """The LatestOperation* of an instance."""

    name: str | None = None
    state: str | None = None
    request_id: str | None = None
    error: str | None = None


@dataclass
class Instance:
    """What the spec says of it in the beginning, and what became of it since."""

    spec: InstanceSpec
    created_at: float
    state: str
    restrict_state: str
    tags: dict[str, str]
    symptom: str | None
    agent: str
    disk_ids: list[str]
    operation: Operation = field(default_factory=Operation)
    running: Operation | None = None  # the one that holds the lock; reads show it a little later
    beats_from: float | None = None  # the first heartbeat since the last boot; None while there are none
    last_beat: float | None = None  # the last one before they ceased
    boots: int = 0
    stuck: bool = False  # the last boot did not come to its end

    @property
    def sick_disk(self) -> str:
        """The disk that its symptom is about."""
        first = self.spec.data_disks[:1] if self.symptom == DISK_READONLY else ()
        return self.spec.sick_disk or (*first, self.spec.system_disk)[0].disk_id

    def boot(self) -> None:
        self.boots += 1
        self.stuck = self.spec.fstab_broken

    def heartbeat(self, now: float, every: float) -> float | None:
        """When the agent was last heard."""
        if self.beats_from is None or now < self.beats_from:
            return self.last_beat
        return self.beats_from + (now - self.beats_from) // every * every

    def is_heard(self, now: float) -> bool:
        return self.beats_from is not None and now >= self.beats_from

    def fall_silent(self, now: float, every: float) -> None:
        self.last_beat = self.heartbeat(now, every)
        self.beats_from = None

    def speak_up(self, first_beat: float) -> None:
        """The machine is up: its agent is heard from then on, if there is one and it works."""
        if self.agent == "online" and not self.stuck:
            self.beats_from = first_beat


@dataclass
class Region:
    name: str
    spec: RegionSpec
    instances: dict[str, Instance] = field(default_factory=dict)
    disks: dict[str, Disk] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)

    @property
    def snapshot_quota(self) -> int:
        if self.spec.snapshot_quota is not None:
            return self.spec.snapshot_quota
        return 64 + 64 * sum(not disk.spec.is_local for disk in self.disks.values())

    def copy(self) -> Region:
        """As it is now, and stays."""
        machines = {
            name: replace(
                one, operation=replace(one.operation), running=None, tags=dict(one.tags), disk_ids=list(one.disk_ids)
            )
            for name, one in self.instances.items()
        }
        disks = {name: replace(one) for name, one in self.disks.items()}
        snapshots = {name: replace(one) for name, one in self.snapshots.items()}
        tasks = {name: replace(one) for name, one in self.tasks.items()}
        return Region(self.name, self.spec, machines, disks, snapshots, tasks)
