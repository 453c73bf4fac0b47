"""What other people and bad luck do: words for it that a world file, a fault rule and the admin API share."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from simulator.specs import (
    CommandEnd,
    DiskId,
    DiskSpec,
    InstanceId,
    InstanceState,
    OperationEnd,
    RestrictState,
    Seconds,
)


class InstanceChange(BaseModel):
    """What somebody else does to a machine; only what is given changes.

    A new `state` brings any operation on it to nothing: STOPPED by the console, SERVICE_LIVE_MIGRATE by Tencent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: InstanceState | None = None
    restrict_state: RestrictState | None = None
    tags: dict[str, str] | None = None
    symptom: str | None = None
    cured_by: Literal["reboot", "rollback", "nothing"] | None = None
    agent: Literal["online", "offline", "absent"] | None = None
    agent_after_reboot: Literal["online", "offline"] | None = None
    soft_reboot: OperationEnd | None = None
    soft_reboot_late_seconds: Seconds | None = None
    hard_reboot: OperationEnd | None = None
    hard_while_rebooting: Literal["accepts", "refuses"] | None = None
    soft_stop: OperationEnd | None = None
    stop_while_rebooting: Literal["accepts", "refuses"] | None = None
    reboots_for_real: bool | None = None
    fstab_broken: bool | None = None
    command: CommandEnd | None = None
    attach: DiskSpec | None = None


class SnapshotChange(BaseModel):
    """What befalls a snapshot that is being made, or was."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    do: Literal["stall", "vanish"]


class AccountChange(BaseModel):
    """The server's clock is set, or permissions are taken from every key pair and given back; what is left out stays.

    `deny` takes the place of what the credentials' own `deny` said: an empty list allows everything.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    clock_skew_seconds: float | None = None
    deny: tuple[str, ...] | None = None


class Happening(BaseModel):
    """One thing that happens behind the caller's back, `in_seconds` of the cloud's time from its cue.

    To an `instance`: a `change`, an operation from the console (`operate`, with a request id of its own), or `delete`.
    To a `disk`: somebody begins a snapshot of it, or its own snapshots stall or vanish. Or to the whole `account`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    in_seconds: Seconds = 0
    region: str | None = None  # None: that of the call whose arrival is the cue
    instance: InstanceId | None = None
    change: InstanceChange | None = None
    operate: Literal["RebootInstances", "StopInstances", "StartInstances"] | None = None
    delete: bool = False
    disk: DiskId | None = None
    snapshot: Literal["begin", "stall", "vanish"] | None = None
    account: AccountChange | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> Happening:
        of_instance = (self.change is not None) + (self.operate is not None) + self.delete
        of_disk = self.snapshot is not None
        if of_instance + of_disk + (self.account is not None) != 1:
            raise ValueError("give one of change, operate, delete, snapshot, account")
        if (self.instance is not None) != bool(of_instance) or (self.disk is not None) != of_disk:
            raise ValueError("change, operate, delete are of an instance, snapshot is of a disk")
        return self
