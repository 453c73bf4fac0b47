"""The parameters of each action, by Tencent's own names; anything else is refused with Tencent's own codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.errors import ApiError

Row = TypeVar("Row")
_StopType = Literal["SOFT", "HARD", "SOFT_FIRST"]
UpTo100 = Annotated[list[str], Field(max_length=100)]


class Parameters(BaseModel):
    """The body of one call; strict, since the API turns no text into a number."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    Name: str
    Values: UpTo100


class Tag(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    Key: str
    Value: str


class Page(Parameters):
    Offset: int = Field(default=0, ge=0)
    Limit: int = Field(default=20, ge=1, le=100)


class DescribeInstances(Page):
    InstanceIds: UpTo100 | None = None
    Filters: Annotated[list[Filter], Field(max_length=10)] | None = None


class DescribeInstancesStatus(Page):
    InstanceIds: UpTo100 | None = None


class RebootInstances(Parameters):
    InstanceIds: UpTo100
    ForceReboot: bool | None = None
    StopType: _StopType | None = None


class StopInstances(Parameters):
    InstanceIds: UpTo100
    ForceStop: bool | None = None
    StopType: _StopType | None = None
    StoppedMode: Literal["KEEP_CHARGING", "STOP_CHARGING"] = "KEEP_CHARGING"


class StartInstances(Parameters):
    InstanceIds: UpTo100


class DescribeDisks(Page):
    DiskIds: UpTo100 | None = None
    Filters: Annotated[list[Filter], Field(max_length=10)] | None = None
    OrderField: Literal["CREATE_TIME", "DEADLINE"] = "CREATE_TIME"
    Order: Literal["ASC", "DESC"] = "DESC"
    ReturnBindAutoSnapshotPolicy: bool = False


class CreateSnapshot(Parameters):
    DiskId: str | None = None
    SnapshotName: Annotated[str, Field(max_length=60)] = "未命名"
    Deadline: str | None = None
    DiskBackupId: str | None = None
    Tags: list[Tag] = []
    DiskUsage: Literal["SYSTEM_DISK", "DATA_DISK"] | None = None
    LocalSnap: bool | None = None

    def deadline(self) -> float | None:
        """Seconds since the epoch."""
        if self.Deadline is None:
            return None
        try:
            moment = datetime.fromisoformat(self.Deadline.replace("Z", "+00:00"))
            if moment.tzinfo is None:
                raise ValueError("no time zone")
        except ValueError:
            raise ApiError(
                "InvalidParameterValue", f"The Deadline `{self.Deadline}` is not an ISO 8601 time with its zone."
            ) from None
        return moment.timestamp()


class DescribeSnapshots(Page):
    SnapshotIds: UpTo100 | None = None
    Filters: Annotated[list[Filter], Field(max_length=10)] | None = None
    OrderField: Literal["CREATE_TIME"] = "CREATE_TIME"
    Order: Literal["ASC", "DESC"] = "DESC"


class DescribeSnapshotOverview(Parameters):
    pass


class ApplySnapshot(Parameters):
    SnapshotId: str
    DiskId: str
    AutoStopInstance: bool = False
    AutoStartInstance: bool = False


class DeleteSnapshots(Parameters):
    SnapshotIds: Annotated[list[str], Field(min_length=1, max_length=100)]
    DeleteBindImages: bool = False


class DescribeAutomationAgentStatus(Page):
    InstanceIds: UpTo100 | None = None
    Filters: Annotated[list[Filter], Field(max_length=10)] | None = None


class AssumeRole(Parameters):
    RoleArn: str
    RoleSessionName: str
    DurationSeconds: int = Field(default=7200, ge=1, le=43_200)
    Policy: str | None = None
    ExternalId: str | None = None
    Tags: list[Tag] = []
    SourceIdentity: str | None = None
    SerialNumber: str | None = None
    TokenCode: str | None = None


class GetCallerIdentity(Parameters):
    pass


class DescribeCommands(Page):
    CommandIds: UpTo100 | None = None
    Filters: Annotated[list[Filter], Field(max_length=10)] | None = None


class InvokeCommand(Parameters):
    CommandId: str
    InstanceIds: Annotated[list[str], Field(min_length=1, max_length=200)]
    Parameters: str | None = None
    Username: str | None = None
    WorkingDirectory: str | None = None
    Timeout: int | None = Field(default=None, ge=1, le=86_400)
    OutputCOSBucketUrl: str | None = None
    OutputCOSKeyPrefix: str | None = None


class DescribeInvocationTasks(Page):
    InvocationTaskIds: UpTo100 | None = None
    Filters: Annotated[list[Filter], Field(max_length=10)] | None = None
    HideOutput: bool = True


P = TypeVar("P", bound=Parameters)

# What pydantic says of the first thing wrong, as Tencent says it; any other kind is about a value.
_CODES = {
    "missing": ("MissingParameter", "The request is missing a required parameter `{}`."),
    "extra_forbidden": ("UnknownParameter", "The parameter `{}` is not recognized."),
    "int_type": ("InvalidParameter", "The value type of parameter `{}` is not integer."),
    "string_type": ("InvalidParameter", "The value type of parameter `{}` is not string."),
    "bool_type": ("InvalidParameter", "The value type of parameter `{}` is not boolean."),
    "list_type": ("InvalidParameter", "The value type of parameter `{}` is not array."),
    "model_type": ("InvalidParameter", "The value type of parameter `{}` is not object."),
}


def parse(model: type[P], raw: Mapping[str, Any]) -> P:
    """
    Raises:
        ApiError: UnknownParameter, MissingParameter, InvalidParameter or InvalidParameterValue.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        code, text = _CODES.get(first["type"], ("InvalidParameterValue", "The value of parameter `{}` is not valid."))
        raise ApiError(code, text.format(where)) from None


def targets(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids that a call names, also in its filters; asked before anybody knows whether it is well-formed."""
    named = [raw.get(name) for name in _ID_LISTS]
    named += [[raw.get(name)] for name in _IDS]
    filters = raw.get("Filters")
    for one in filters if isinstance(filters, list) else ():
        if isinstance(one, dict) and one.get("Name") in _ID_FILTERS:
            named.append(one.get("Values"))
    ids = (one for ids in named if isinstance(ids, list) for one in ids if isinstance(one, str))
    return tuple(dict.fromkeys(ids))


_ID_LISTS = ("InstanceIds", "DiskIds", "SnapshotIds")
_IDS = ("SnapshotId", "DiskId")
_ID_FILTERS = ("instance-id", "disk-id", "snapshot-id")


def either(ids: object, filters: object, name: str) -> None:
    """Ids and filters exclude each other."""
    if ids and filters:
        raise ApiError("InvalidParameter", f"The parameters `{name}` and `Filters` cannot both be given.")


def page(rows: Sequence[Row], asked: Page) -> list[Row]:
    return list(rows[asked.Offset : asked.Offset + asked.Limit])


def matches(filters: Iterable[Filter], facts: Mapping[str, Iterable[str]]) -> bool:
    """Whether this row has one of the wanted values for every filter.

    Raises:
        ApiError: InvalidFilter for a filter of which the row knows no facts.
    """
    for one in filters:
        if one.Name not in facts and not one.Name.startswith("tag:"):
            raise ApiError("InvalidFilter", f"The specified filter `{one.Name}` is not supported.")
    return all(set(one.Values) & set(facts.get(one.Name, ())) for one in filters)
