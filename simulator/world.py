"""The world file: who may call, which machines exist, how long things take, what goes wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, model_validator

from simulator.faults import FaultRule
from simulator.happenings import Happening
from simulator.specs import DiskSpec, InstanceSpec, Part, Seconds, SnapshotSpec

DEMO_WORLD = Path(__file__).parent / "worlds" / "demo.yaml"
DEMO_SECRET_ID = "AKIDSIMULATOR0000000000000000000000"  # noqa: S105  # a name, and of nobody
DEMO_SECRET_KEY = "simulator-secret-key"  # noqa: S105  # opens nothing but the simulator


class Credential(Part):
    """One key pair; with a `token` it is a temporary one. `deny` names actions such as `RebootInstances`."""

    secret_id: str
    secret_key: str
    token: str | None = None
    deny: tuple[str, ...] = ()


class Durations(Part):
    """In seconds at speed 1; the speed divides them all."""

    operation_lag: Seconds = 0.2  # an accepted operation is not visible at once
    listing_lag: Seconds = 0.0  # a new snapshot is not listed at once
    linger: Seconds = 0  # how long a machine stays in its state after an operation was accepted, before it leaves it
    reboot: Seconds = 30
    stop: Seconds = 10
    start: Seconds = 15
    system_snapshot: Seconds = 60
    data_snapshot: Seconds = 90
    at_hundred: Seconds = 5  # at 100 % and still CREATING
    rollback: Seconds = 60
    rollback_lag: Seconds = 0.2  # a rollback that has begun is not visible at once
    command: Seconds = 1  # from its invocation to its end
    command_silence: Seconds = 60  # after so long without a word from the agent it is given up
    first_heartbeat: Seconds = 4  # from the end of the boot
    heartbeat: Annotated[float, Field(gt=0)] = 15


class RegionSpec(Part):
    """Everything in one region; without a quota, Tencent's own rule of 64 + 64 for each disk."""

    snapshot_quota: int | None = None
    commands: tuple[str, ...] = ("cmd-guestpr0",)  # registered ones, by which guests are looked at
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


class World(Part):
    """The whole account. A region that is not listed does not exist."""

    uin: str = "100000000001"
    seed: int = 1
    limits: bool = True
    clock_skew_seconds: float = 0  # how far the clock by which signatures are judged is ahead; `Date` shows it
    credentials: tuple[Credential, ...] = (Credential(secret_id=DEMO_SECRET_ID, secret_key=DEMO_SECRET_KEY),)
    roles: tuple[str, ...] = ()  # that may be assumed, as in qcs::cam::uin/100000000001:roleName/medic
    durations: Durations = Durations()
    faults: tuple[FaultRule, ...] = ()
    happenings: tuple[Happening, ...] = ()  # from the start, or some time after it
    regions: dict[str, RegionSpec]

    @model_validator(mode="after")
    def _happenings_have_a_place(self) -> World:
        for one in self.happenings:
            if one.account is None and one.region not in self.regions:
                raise ValueError(f"a happening in {one.region or 'no region'}, which is not in this world")
        return self


def load_world(path: str | Path | None = None) -> World:
    """The world of this file, or the demo world.

    Raises:
        OSError, yaml.YAMLError, pydantic.ValidationError: it cannot be read, or is not a world.
    """
    text = Path(path or DEMO_WORLD).read_text(encoding="utf-8")
    return World.model_validate(yaml.safe_load(text))
