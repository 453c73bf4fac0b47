"""Runbook: a snapshot, then a ladder of ever stronger rungs, each verified. The order is not a list to get wrong."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

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
    ASK = "ask"
    ACT = "act"

    @property
    def acts(self) -> bool:
        """Whether it may come to a change, with or without being asked for."""
        return self is not Mode.OBSERVE


class SnapshotPolicy(Written):
    """The safety snapshot of every disk, before anything else is touched."""

    disks: Literal["all"] = Field(default="all", description="of every disk that is attached; nothing else is possible")
    timeout: Duration = Field(default=4 * 3600, description="how long to wait for all of them to be ready")
    stall: Duration = Field(default=1800, ge=1, description="a snapshot that makes no progress for so long is given up")
    ask_after: Duration | None = Field(
        default=None, description="people are asked after so long: wait on, reboot unprotected, or stop"
    )
    on_failure: Literal["hand_over", "ask"] = Field(
        default="hand_over", description="ask: whether to go on without it. By itself it never reboots anyway"
    )
    keep: Duration = Field(default=14 * 86400, description="when the cloud may delete them; at least 1d")
    reuse: Duration = Field(
        default=0, description="a ready snapshot from before the alarm, no older than this, will do"
    )
    max_size: int | None = Field(default=None, ge=1, description="GiB; people are asked before a larger disk is begun")

    @field_validator("keep")
    @classmethod
    def _at_least_a_day(cls, seconds: int) -> int:
        if seconds < 86400:
            raise ValueError("the cloud keeps a snapshot for a day at least: write 1d or more")
        return seconds


class Reboot(Written):
    """Reboot the instance; SOFT asks the guest, HARD is a power cut, SOFT_FIRST asks and then cuts."""

    stop_type: Literal["SOFT", "SOFT_FIRST", "HARD"] = Field(default="SOFT", description="HARD is a power cut")
    timeout: Duration = Field(default=300, description="how long it may take until the cloud reports it done")
    resend: bool = Field(default=False, description="send it once more if its answer was lost and it never showed")


class Rollback(Written):
    """Take every disk back to a snapshot, with the instance stopped; always asked for first."""

    to: Literal["last_good", "before_repair"] = Field(
        default="last_good",
        description="last_good: each disk's newest ready snapshot from before the alarm. "
        "before_repair: this run's own, and only if the repair made it worse",
    )
    timeout: Duration = Field(default=7200, description="how long all of it may take, from the stop to the start")


def _rung_as_written(schema: dict[str, Any]) -> None:
    words = list(schema["properties"])
    for word in words:
        written = schema["properties"].pop(word)
        [model] = [one for one in written.pop("anyOf") if one != {"type": "null"}]
        schema["properties"][word] = {"anyOf": [model, {"type": "null"}], "description": written["description"]}
    mapping = {**schema, "minProperties": 1, "maxProperties": 1}
    schema.clear()
    schema["anyOf"] = [{"enum": words}, mapping]


class Rung(Written):
    """One repair of the ladder: one of these."""

    model_config = ConfigDict(json_schema_extra=_rung_as_written)

    reboot: Reboot | None = Field(
        default=None, description="reboot the instance; left empty, or as the bare word, it has its defaults"
    )
    rollback: Rollback | None = Field(
        default=None, description="roll its disks back; left empty, or as the bare word, it has its defaults"
    )

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        if isinstance(value, str) and value in cls.model_fields:
            return {value: {}}
        if isinstance(value, dict) and len(value) == 1 and next(iter(value.values())) is None:
            return {name: {} for name in value}
        return value

    @model_validator(mode="after")
    def _one(self) -> Rung:
        if (self.reboot is None) == (self.rollback is None):
            raise ValueError("a rung is one repair: `reboot` or `rollback`")
        return self

    @property
    def strength(self) -> int:
        """The stronger a rung, the more is lost by it."""
        if self.reboot is None:
            return 2
        return 0 if self.reboot.stop_type == "SOFT" else 1

    @property
    def words(self) -> str:
        """As people are told of it."""
        return f"{self.reboot.stop_type} reboot" if self.reboot is not None else "rollback"


class HttpProbe(Written):
    """An address of the instance that has to answer."""

    port: int = Field(ge=1, le=65535, description="the port, at an address that the cloud gives of the instance")
    path: str = Field(
        default="/", pattern=r"^/[\x21-\x7e]{0,500}$", description="as in /healthz; redirects are not followed"
    )
    status: int = Field(default=200, ge=100, le=599, description="what it has to answer")


class Verify(Written):
    """How it is proven that the repair helped."""

    settle: Duration = Field(default=120, description="how long to let it come to rest before judging")
    timeout: Duration = Field(default=600, description="how long the proof may take after that")
    require: tuple[Literal["agent", "guest", "recovery"], ...] = Field(
        default=(),
        description="what has to be proven besides: the agent's heartbeat, a look inside, the recovery event",
    )
    tcp: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = Field(
        default=(), max_length=10, description="ports of the instance that have to take a connection"
    )
    http: tuple[HttpProbe, ...] = Field(default=(), max_length=10, description="what has to answer over HTTP")


class ApprovalPolicy(Written):
    """How long an answer is waited for, and what becomes of the run without one."""

    within: Duration = Field(default=12 * 3600, ge=1, description="so long people may take to answer")
    otherwise: Literal["hand_over", "let_go"] = Field(
        default="hand_over", description="without an answer: people take over, or it ends as if cancelled"
    )


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
        min_length=1, max_length=3, description="ever stronger repairs; each is entered only if the one before failed"
    )
    approval: ApprovalPolicy = Field(default=ApprovalPolicy(), description="how people are asked")
    verify: Verify = Field(default=Verify(), description="how it is proven that the repair helped")
    watch: Duration = Field(default=6 * 3600, description="a symptom that returns in here is a relapse, not news")

    @field_validator("snapshot", mode="before")
    @classmethod
    def _in_so_many_words(cls, value: Any) -> Any:
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
        if self.snapshot is None and self.ladder[-1].rollback is not None:
            raise ValueError("a rollback takes snapshots first, so that it can be undone: `snapshot: none` does not")
        return self

    @field_validator("ladder")
    @classmethod
    def _climbs(cls, ladder: tuple[Rung, ...]) -> tuple[Rung, ...]:
        steps = [rung.strength for rung in ladder]
        if steps != sorted(set(steps)):
            raise ValueError("each rung is stronger than the one before: reboot SOFT, reboot HARD, rollback")
        if ladder[0].rollback is not None:
            raise ValueError("a rollback is no first rung: try a reboot before it")
        return ladder

    @property
    def asks(self) -> bool:
        """Whether somebody has to be there who may approve."""
        policy = self.snapshot
        asked = policy is not None and (policy.ask_after is not None or policy.on_failure == "ask" or policy.max_size)
        return bool(asked) or any(rung.rollback is not None for rung in self.ladder)
