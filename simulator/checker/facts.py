"""What the cloud's log cannot tell, and what the checker says of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator.world import World

Promise = Literal["P1", "P2", "P3", "P5", "P8", "P9", "P10", "P13", "P14"]
Rung = Literal["SOFT", "HARD", "SOFT_FIRST", "rollback"]


@dataclass(frozen=True)
class Earlier:
    """A finished snapshot that was there when the log began, and how old it was then."""

    snapshot_id: str
    disk_id: str
    age_seconds: float


@dataclass(frozen=True)
class Facts:
    """One instance that was to be healed, as it stood when the log began; all times in seconds since the epoch.

    Attributes:
        disks: every disk that was attached, local and shared ones too.
        unprotected: disks without a snapshot that a runbook or a person allowed.
        alarmed_at: when the alarm was raised; no snapshot of the run may be older.
        act_within: how old the alarm may be when a reboot is sent.
        recovered_at: when the recovery had been received.
        rollback_approved_at: when a person said so; None for never.
        approved: of each disk the snapshot to which it may be rolled back, as the approval names it.
        rungs: the runbook's ladder, each reboot by its stop type. A HARD rung may be a stop and a start instead.
        earlier: snapshots from before the log, our own and a policy's.
        reuse_seconds: a ready snapshot of at most this age protects, whoever made it.
        said_recovered_at: when the run ended as `recovered`; None if it ended otherwise, or is not asked about.
        symptom: what ailed the guest when the log began.
        agent: whether the guest could be heard then: online, offline or absent.
        proven_in_guest: False where the guest could not be looked into, as where no agent is, and the notice says so:
            then it is not held against the run that what nobody could see was still there.
        foreign: request ids of calls in the log that other people made.
        others: further instances and disks that may be acted on; each is to be checked by facts of its own.
        fresh_seconds: how old the last reading may be when a reboot is sent.
        margin_seconds: between what a guard compares and the arrival of its call at the cloud.
        operation_lag: how long an operation that was accepted stays invisible.
        gap: what befell after the run's last look is not held against it (docs/explanation/safety.md names this gap);
            False for P1 and P9 by the moment of the send, whoever could have known.
    """

    region: str
    instance_id: str
    disks: tuple[str, ...] = ()
    mode: Literal["act", "observe"] = "act"
    state: str = "RUNNING"
    restrict_state: str = "NORMAL"
    unprotected: frozenset[str] = frozenset()
    alarmed_at: float | None = None
    act_within: float | None = None
    recovered_at: float | None = None
    rollback_approved_at: float | None = None
    approved: Mapping[str, str] = field(default_factory=dict)
    rungs: tuple[Rung, ...] = ("SOFT",)
    earlier: tuple[Earlier, ...] = ()
    reuse_seconds: float = 0
    said_recovered_at: float | None = None
    symptom: str | None = None
    agent: str = "absent"
    proven_in_guest: bool = True
    foreign: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    fresh_seconds: float = 60
    margin_seconds: float = 5
    operation_lag: float = 0
    gap: bool = True

    @classmethod
    def of(cls, world: World, region: str, instance_id: str, *, speed: float = 1.0, **known: Any) -> Facts:
        """These facts of an instance of this world, and what else is known."""
        there = world.regions[region]
        [one] = [one for one in there.instances if one.instance_id == instance_id]
        disks = tuple(disk.disk_id for disk in (one.system_disk, *one.data_disks))
        return cls(
            region,
            instance_id,
            **{
                "disks": disks,
                "earlier": tuple(
                    Earlier(old.snapshot_id, old.disk_id, old.age_seconds)
                    for old in there.snapshots
                    if old.disk_id in disks
                ),
                "symptom": one.symptom,
                "agent": one.agent,
                "state": one.state,
                "restrict_state": one.restrict_state,
                "operation_lag": world.durations.operation_lag / speed,
                **known,
            },
        )


@dataclass(frozen=True)
class Breach:
    """One promise that was broken, the log's entry that broke it, and how, in a sentence."""

    promise: Promise
    seq: int
    said: str
