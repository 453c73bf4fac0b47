"""The state of the account, and the timeline on which everything that takes time comes about."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from string import ascii_lowercase, digits

from simulator.clock import Clock, SystemClock
from simulator.log import Log
from simulator.state import Disk, Instance, Region, Snapshot
from simulator.world import Credential, Durations, RegionSpec, World

_PAST_SECONDS = 3600


@dataclass(frozen=True)
class Call:
    """What an action knows besides its parameters."""

    cloud: Cloud
    region: Region
    now: float
    request_id: str
    secret_id: str = ""


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
        for region in self.regions.values():
            for one in region.snapshots.values():
                if one.deadline is not None:
                    self.schedule(one.deadline, partial(self.forget_snapshot, region, one, "snapshot_expired"))

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

    def forget_snapshot(self, region: Region, one: Snapshot, effect: str, at: float) -> None:
        """It is gone, whoever did it, and its disk is free for another."""
        if region.snapshots.pop(one.snapshot_id, None) is None:
            return
        disk = region.disks[one.disk_id]
        if disk.busy_with == one.snapshot_id:
            disk.busy_with = None
        self.log.effect(at, effect, region.name, one.snapshot_id, one.disk_id)

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
            snapshot_id=old.snapshot_id,
            disk_id=old.disk_id,
            name=old.name,
            usage=of.usage,
            size_gib=of.spec.size_gib,
            created_at=now - old.age_seconds,
            deadline=None if old.keep_seconds is None else now + old.keep_seconds,
            tags=dict(old.tags),
            policy_id=old.policy_id,
            symptom=old.symptom,
        )
    return region
