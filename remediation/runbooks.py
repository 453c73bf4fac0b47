"""Runbook: a snapshot, then a ladder of ever stronger rungs, each verified. The order is not a list to get wrong."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, field_serializer, field_validator, model_validator

from remediation.durations import Duration
from remediation.models import Written


class Mode(str, Enum):
    """How far a rule may go."""

    OBSERVE = "observe"
    ACT = "act"


class SnapshotPolicy(Written):
    """The safety snapshot of every disk, before anything else is touched."""

    disks: Literal["all"] = "all"
    timeout: Duration = Field(default=4 * 3600, description="how long to wait for all of them to be ready")
    stall: Duration = Field(default=1800, ge=1, description="a snapshot that makes no progress for so long is given up")
    on_failure: Literal["hand_over"] = "hand_over"
    keep: Duration = Field(default=14 * 86400, description="when the cloud may delete them; at least 1d")

    @field_validator("keep")
    @classmethod
    def _at_least_a_day(cls, seconds: int) -> int:
        if seconds < 86400:
            raise ValueError("the cloud keeps a snapshot for a day at least: write 1d or more")
        return seconds


class Reboot(Written):
    """Reboot the instance; SOFT asks the guest, HARD is a power cut."""

    stop_type: Literal["SOFT"] = Field(default="SOFT", description="a HARD reboot is a rung of its own, not there yet")
    timeout: Duration = Field(default=300, description="how long it may take until the cloud reports it done")
    resend: bool = Field(default=False, description="send it once more if its answer was lost and it never showed")

    @field_validator("stop_type", mode="before")
    @classmethod
    def _soft(cls, value: Any) -> Any:
        if value in ("HARD", "SOFT_FIRST"):
            raise ValueError(f"`{value}` is not there yet: write SOFT")
        return value


class Rung(Written):
    """One repair of the ladder."""

    reboot: Reboot

    @model_validator(mode="before")
    @classmethod
    def _known(cls, value: Any) -> Any:
        if isinstance(value, dict) and "rollback" in value:
            raise ValueError("the rung `rollback` is not there yet: hand over to people instead")
        if value == "reboot" or (isinstance(value, dict) and value.get("reboot", ...) is None):
            return {"reboot": {}}
        return value


class Verify(Written):
    """How it is proven that the repair helped."""

    settle: Duration = Field(default=120, description="how long to let it come to rest before judging")
    timeout: Duration = Field(default=600, description="how long the proof may take after that")


class Runbook(Written):
    """What is done to a sick instance, in order."""

    snapshot: SnapshotPolicy | None
    unprotected: Literal["allow"] | None = None
    ladder: tuple[Rung, ...] = Field(min_length=1, max_length=1)
    verify: Verify = Verify()
    watch: Duration = Field(default=6 * 3600, description="a symptom that returns in here is a relapse, not news")

    @field_validator("snapshot", mode="before")
    @classmethod
    def _in_so_many_words(cls, value: Any) -> Any:
        if isinstance(value, dict) and "ask_after" in value:
            raise ValueError("`ask_after` is not there yet: leave it out, `timeout` bounds the wait")
        if value is None:
            raise ValueError("write `snapshot: none` if no snapshot is meant")
        return None if value == "none" else value

    @field_serializer("snapshot", mode="wrap")
    def _as_written(self, value: SnapshotPolicy | None, write: SerializerFunctionWrapHandler) -> Any:
        return "none" if value is None else write(value)

    @field_validator("watch")
    @classmethod
    def _remembered(cls, seconds: int) -> int:
        if seconds > 86400:
            raise ValueError("an incident is remembered for a day: write 24h or less")
        return seconds

    @model_validator(mode="after")
    def _protected(self) -> Runbook:
        if self.snapshot is None and self.unprotected is None:
            raise ValueError("a ladder without a snapshot needs `unprotected: allow` next to `snapshot: none`")
        return self

    @property
    def reboot(self) -> Reboot:
        return self.ladder[0].reboot
