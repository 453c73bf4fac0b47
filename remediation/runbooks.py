"""Runbook: a snapshot, then a ladder of ever stronger rungs, each verified. The order is not a list to get wrong."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_serializer,
    field_validator,
    model_validator,
)

from remediation.durations import Duration
from remediation.models import Written


class Mode(str, Enum):
    """How far a rule may go."""

    OBSERVE = "observe"
    ACT = "act"


class SnapshotPolicy(Written):
    """The safety snapshot of every disk, before anything else is touched."""

    disks: Literal["all"] = Field(default="all", description="of every disk that is attached; nothing else is possible")
    timeout: Duration = Field(default=4 * 3600, description="how long to wait for all of them to be ready")
    stall: Duration = Field(default=1800, ge=1, description="a snapshot that makes no progress for so long is given up")
    on_failure: Literal["hand_over"] = Field(
        default="hand_over", description="people take over; nothing else is possible: it never reboots anyway"
    )
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


def _rung_as_written(schema: dict[str, Any]) -> None:
    reboot = schema["properties"].pop("reboot")
    description = reboot.pop("description")
    schema["properties"]["reboot"] = {"anyOf": [reboot, {"type": "null"}], "description": description}
    mapping = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"const": "reboot"}, mapping]


class Rung(Written):
    """One repair of the ladder."""

    model_config = ConfigDict(json_schema_extra=_rung_as_written)

    reboot: Reboot = Field(description="reboot the instance; left empty, or as the bare word, it has its defaults")

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


def _none_as_written(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [one for one in schema["anyOf"] if one != {"type": "null"}] + [{"const": "none"}]


class Runbook(Written):
    """What is done to a sick instance, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"snapshot": {"const": "none"}}},
            "then": {"required": ["unprotected"]},
        }
    )

    snapshot: SnapshotPolicy | None = Field(
        description="the safety snapshot, or `none` together with `unprotected: allow`",
        json_schema_extra=_none_as_written,
    )
    unprotected: Literal["allow"] | None = Field(
        default=None, description="allow: also reboot when a disk can have no snapshot; the others still get theirs"
    )
    ladder: tuple[Rung, ...] = Field(
        min_length=1, max_length=1, description="the repair; one rung, `reboot`, is all there is yet"
    )
    verify: Verify = Field(default=Verify(), description="how it is proven that the repair helped")
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
