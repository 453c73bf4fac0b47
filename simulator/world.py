"""The world file: who may call, which machines exist, how long things take, what goes wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from simulator.faults import FaultRule

DEMO_WORLD = Path(__file__).parent / "worlds" / "demo.yaml"
DEMO_SECRET_ID = "AKIDSIMULATOR0000000000000000000000"  # noqa: S105  # a name, and of nobody
DEMO_SECRET_KEY = "simulator-secret-key"  # noqa: S105  # opens nothing but the simulator

InstanceId = Annotated[str, StringConstraints(pattern=r"^ins-[0-9a-z]{8}$")]
DiskId = Annotated[str, StringConstraints(pattern=r"^disk-[0-9a-z]{8}$")]
LocalDiskId = Annotated[str, StringConstraints(pattern=r"^(disk|ldisk)-[0-9a-z]{8}$")]
SnapshotId = Annotated[str, StringConstraints(pattern=r"^snap-[0-9a-z]{8}$")]
Seconds = Annotated[float, Field(ge=0)]
RebootEnd = Literal["works", "fails", "hangs"]
RestrictState = Literal["NORMAL", "EXPIRED", "PROTECTIVELY_ISOLATED"]
# Every InstanceState of the data type Instance in CVM's API reference (213/15753).
InstanceState = Literal[
    "PENDING",
    "LAUNCH_FAILED",
    "RUNNING",
    "STOPPED",
    "STARTING",
    "STOPPING",
    "REBOOTING",
    "SHUTDOWN",
    "TERMINATING",
    "ENTER_RESCUE_MODE",
    "RESCUE_MODE",
    "EXIT_RESCUE_MODE",
    "ENTER_SERVICE_LIVE_MIGRATE",
    "SERVICE_LIVE_MIGRATE",
    "EXIT_SERVICE_LIVE_MIGRATE",
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Credential(_Part):
    """One key pair; with a `token` it is a temporary one. `deny` names actions such as `RebootInstances`."""

    secret_id: str
    secret_key: str
    token: str | None = None
    deny: tuple[str, ...] = ()


class Durations(_Part):
    """In seconds at speed 1; the speed divides them all."""

    operation_lag: Seconds = 0.2  # an accepted operation is not visible at once
    listing_lag: Seconds = 0.0  # a new snapshot is not listed at once
    reboot: Seconds = 30
    stop: Seconds = 10
    start: Seconds = 15
    system_snapshot: Seconds = 60
    data_snapshot: Seconds = 90
    at_hundred: Seconds = 5  # at 100 % and still CREATING
    rollback: Seconds = 60
    first_heartbeat: Seconds = 4  # from the end of the boot
    heartbeat: Annotated[float, Field(gt=0)] = 15


class DiskSpec(_Part):
    """One disk; a type that begins with LOCAL_ is a disk of the host, which CBS does not know."""

    disk_id: LocalDiskId
    name: str = ""
    type: str = "CLOUD_PREMIUM"
    size_gib: int = 50
    snapshot_ability: bool = True
    shareable: bool = False
    migrating: bool = False
    tags: dict[str, str] = {}
    snapshots: Literal["finish", "stall", "vanish"] = "finish"

    @property
    def is_local(self) -> bool:
        return self.type.startswith("LOCAL_")


class InstanceSpec(_Part):
    """One machine; `symptom` is what ails it, which no API of Tencent tells."""

    instance_id: InstanceId
    name: str = ""
    state: InstanceState = "RUNNING"
    restrict_state: RestrictState = "NORMAL"
    private_ip: str = "10.0.0.10"
    tags: dict[str, str] = {}
    agent: Literal["online", "offline", "absent"] = "online"
    symptom: str | None = None
    cured_by: Literal["reboot", "rollback", "nothing"] = "reboot"
    soft_reboot: RebootEnd = "works"
    hard_reboot: RebootEnd = "works"
    system_disk: DiskSpec
    data_disks: tuple[DiskSpec, ...] = ()


class SnapshotSpec(_Part):
    """One snapshot that was there before, finished."""

    snapshot_id: SnapshotId
    disk_id: DiskId
    name: str = ""
    age_seconds: Seconds = 86_400


class RegionSpec(_Part):
    """Everything in one region; without a quota, Tencent's own rule of 64 + 64 for each disk."""

    snapshot_quota: int | None = None
    instances: tuple[InstanceSpec, ...] = ()
    unattached_disks: tuple[DiskSpec, ...] = ()
    snapshots: tuple[SnapshotSpec, ...] = ()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> RegionSpec:
        disks = [disk for one in self.instances for disk in (one.system_disk, *one.data_disks)]
        ids = [one.instance_id for one in self.instances]
        ids += [disk.disk_id for disk in (*disks, *self.unattached_disks)]
        ids += [one.snapshot_id for one in self.snapshots]
        twice = [name for name, count in Counter(ids).items() if count > 1]
        if twice:
            raise ValueError(f"these ids stand there twice: {', '.join(twice)}")
        missing = {one.disk_id for one in self.snapshots} - set(ids)
        if missing:
            raise ValueError(f"snapshots of disks that are not there: {', '.join(sorted(missing))}")
        return self


class World(_Part):
    """The whole account. A region that is not listed does not exist."""

    uin: str = "100000000001"
    seed: int = 1
    limits: bool = True
    clock_skew_seconds: float = 0  # how far the clock by which signatures are judged is ahead; `Date` shows it
    credentials: tuple[Credential, ...] = (Credential(secret_id=DEMO_SECRET_ID, secret_key=DEMO_SECRET_KEY),)
    durations: Durations = Durations()
    faults: tuple[FaultRule, ...] = ()
    regions: dict[str, RegionSpec]


def load_world(path: str | Path | None = None) -> World:
    """The world of this file, or the demo world.

    Raises:
        OSError, yaml.YAMLError, pydantic.ValidationError: it cannot be read, or is not a world.
    """
    text = Path(path or DEMO_WORLD).read_text(encoding="utf-8")
    return World.model_validate(yaml.safe_load(text))
