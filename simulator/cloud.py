"""The state of the account, and the timeline on which everything that takes time comes about."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import ascii_lowercase, digits

from simulator.clock import Clock, SystemClock
from simulator.log import Log
from simulator.specs import DiskSpec, InstanceSpec
from simulator.world import Credential, Durations, RegionSpec, World

_PAST_SECONDS = 3600


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


@dataclass(frozen=True)
class Invocation:
    """One run of a registered command."""

    invocation_id: str
    command_id: str
    instance_ids: tuple[str, ...]
    created_at: float


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
        if self.agent == "online":
            self.beats_from = first_beat


@dataclass
class Region:
    name: str
    spec: RegionSpec
    instances: dict[str, Instance] = field(default_factory=dict)
    disks: dict[str, Disk] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    invocations: dict[str, Invocation] = field(default_factory=dict)

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
        return Region(self.name, self.spec, machines, disks, snapshots, dict(self.invocations))


@dataclass(frozen=True)
class Call:
    """What an action knows besides its parameters."""

    cloud: Cloud
    region: Region
    now: float
    request_id: str


@dataclass(order=True)
class _Due:
    at: float
    order: int
    happen: Callable[[float], None] = field(compare=False)


class Cloud:
    """Everything there is; hold `lock` and `settle()` before reading or changing it."""

    def __init__(
        self, world: World, *, clock: Clock | None = None, speed: float = 1.0, log_path: str | Path | None = None
    ) -> None:
        self.world = world
        self.clock = clock or SystemClock()
        self.speed = speed
        self.lock = threading.RLock()
        self.log = Log(log_path)
        self.durations = Durations(**{name: value / speed for name, value in world.durations})
        self._timeline: list[_Due] = []
        self._order = itertools.count()
        self._settled_until = 0.0
        self._random = random.Random(world.seed)  # noqa: S311  # ids that are the same in every run, no secrets
        self.clock_skew_seconds = world.clock_skew_seconds
        self.issued: dict[str, tuple[Credential, float]] = {}  # by AssumeRole, until a time
        self.deny: tuple[str, ...] | None = None  # instead of each credential's own, once it was changed
        self._past: deque[tuple[float, dict[str, Region]]] | None = None
        now = self.settle()
        self.regions = {name: _populate(name, spec, now) for name, spec in world.regions.items()}

    def settle(self) -> float:
        """Let everything happen that is due, each at its own time → now, which never goes back."""
        now = max(self.clock.now(), self._settled_until)
        while self._timeline and self._timeline[0].at <= now:
            due = heapq.heappop(self._timeline)
            due.happen(due.at)
            self.remember(due.at)
        self._settled_until = now
        return now

    def schedule(self, at: float, happen: Callable[[float], None]) -> None:
        """`happen` is called with `at`, in the order of time; it may schedule what follows from it."""
        heapq.heappush(self._timeline, _Due(at, next(self._order), happen))

    def keep_past(self, now: float) -> None:
        """From now on remember how everything was, for reads that lag behind; it costs a copy for each change."""
        if self._past is None:
            self._past = deque()
            self.remember(now)

    def remember(self, now: float) -> None:
        """Something has just changed, or may have."""
        if self._past is not None:
            self._past.append((now, {name: region.copy() for name, region in self.regions.items()}))
            while len(self._past) > 1 and self._past[1][0] < now - _PAST_SECONDS:
                self._past.popleft()

    def as_of(self, at: float, region: str) -> Region:
        """How this region was then, as far back as it is remembered."""
        known = self._past or deque([(at, self.regions)])
        return next((regions for since, regions in reversed(known) if since <= at), known[0][1])[region]

    def new_request_id(self) -> str:
        """For what somebody else asks for; the same in every run of the same world."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def issued_credentials(self, now: float) -> dict[str, Credential]:
        """Of those that were issued the ones that are known; the token of an expired one fits nothing any more."""
        return {
            name: one if now < until else one.model_copy(update={"token": "(expired)"})
            for name, (one, until) in self.issued.items()
        }

    def new_id(self, taken: Mapping[str, object], prefix: str) -> str:
        """An id that nothing among these has."""
        while True:
            found = prefix + "".join(self._random.choices(digits + ascii_lowercase, k=8))
            if found not in taken:
                return found


def _populate(name: str, spec: RegionSpec, now: float) -> Region:
    region = Region(name, spec)
    created = now - 30 * 86_400
    for one in spec.instances:
        usages = [(one.system_disk, "SYSTEM_DISK"), *((disk, "DATA_DISK") for disk in one.data_disks)]
        for disk, usage in usages:
            region.disks[disk.disk_id] = Disk(disk, usage, created, one.instance_id)
        region.instances[one.instance_id] = Instance(
            spec=one,
            created_at=created,
            state=one.state,
            restrict_state=one.restrict_state,
            tags=dict(one.tags),
            symptom=one.symptom,
            agent=one.agent,
            disk_ids=[disk.disk_id for disk, _ in usages],
            last_beat=created,
        )
        if one.state == "RUNNING":
            region.instances[one.instance_id].speak_up(created)
    for disk in spec.unattached_disks:
        region.disks[disk.disk_id] = Disk(disk, "DATA_DISK", created)
    for old in spec.snapshots:
        of = region.disks[old.disk_id]
        region.snapshots[old.snapshot_id] = Snapshot(
            old.snapshot_id, old.disk_id, old.name, of.usage, of.spec.size_gib, now - old.age_seconds
        )
    return region
