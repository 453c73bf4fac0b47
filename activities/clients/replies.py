"""From the API's replies to our facts: forgiving on what Tencent sends, exact on what we use.

What cannot be understood is an error, and never the same as nothing found: half a reading would leave a disk
unprotected, or make a snapshot twice.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from remediation.cloud import Agent, Caller, Disk, Instance, Invocation, Operation, Snapshot, local_disk_types
from remediation.errors import Throttled

Reply = Mapping[str, Any]
Told = ParamSpec("Told")
Read = TypeVar("Read")
Kind = TypeVar("Kind", str, int, bool, list[Any])


def understood(action: str) -> Callable[[Callable[Told, Read]], Callable[Told, Read]]:
    """For a method that reads a region: an answer that is not as the reference has it is asked for again.

    Raises:
        Throttled: code `Malformed`.
    """

    def decorate(read: Callable[Told, Read]) -> Callable[Told, Read]:
        @wraps(read)
        def reading(*args: Told.args, **told: Told.kwargs) -> Read:
            try:
                return read(*args, **told)
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                said = f"the answer cannot be understood: {type(error).__name__}"
                raise Throttled(said, action=action, region=str(args[1]), code="Malformed") from None

        return reading

    return decorate


def read_rows(reply: Reply, name: str) -> tuple[list[Reply], int | None]:
    """The list of this name (null where the total is 0), and of how many rows in all it is a part, if that is told.

    Raises:
        TypeError: it is none, or the total is no number.
    """
    total = _typed(reply, "TotalCount", int)
    rows = [] if reply.get(name) is None and total == 0 else reply.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise TypeError(name)
    return rows, total


def is_about(raw: Reply, instance_id: str) -> bool:
    """Whether this row is about the instance.

    Raises:
        ValueError: nobody can tell.
    """
    return _id(raw, "InstanceId") == instance_id


def read_instance(raw: Reply, region: str) -> Instance:
    """One element of DescribeInstances' `InstanceSet`; every `LatestOperation*` may be null."""
    disks = [one for one in (raw.get("SystemDisk"), *_list(raw, "DataDisks")) if one is not None]
    return Instance(
        instance_id=raw["InstanceId"],
        region=region,
        name=_text(raw, "InstanceName"),
        state=_text(raw, "InstanceState"),
        restrict_state=_text(raw, "RestrictState"),
        operation=Operation(
            name=_text(raw, "LatestOperation"),
            state=_text(raw, "LatestOperationState"),
            request_id=_text(raw, "LatestOperationRequestId"),
            error=_text(raw, "LatestOperationErrorMsg"),
        ),
        addresses=(*_list(raw, "PrivateIpAddresses"), *_list(raw, "PublicIpAddresses")),
        tags={_text(tag, "Key"): _text(tag, "Value") for tag in _list(raw, "Tags")},
        disk_ids=tuple(_id(disk, "DiskId") for disk in disks),
        local_disks=local_disk_types({_id(disk, "DiskId"): _text(disk, "DiskType") for disk in disks}),
    )


def read_caller(raw: Reply) -> Caller:
    """What GetCallerIdentity answers."""
    return Caller(account=_id(raw, "AccountId"), arn=_text(raw, "Arn"), kind=_text(raw, "Type"))


def is_attached(raw: Reply, instance_id: str) -> bool:
    """Whether this element of `DiskSet` is a disk of the instance; a shared disk names the others in a list.

    Raises:
        ValueError: it is nobody's, although it was listed as somebody's.
    """
    return instance_id in _list(raw, "InstanceIdList") or is_about(raw, instance_id)


def read_disk(raw: Reply) -> Disk:
    """One element of DescribeDisks' `DiskSet`."""
    return Disk(
        disk_id=raw["DiskId"],
        name=_text(raw, "DiskName"),
        usage=_text(raw, "DiskUsage"),
        size_gib=_number(raw, "DiskSize"),
        can_snapshot=_flag(raw, "SnapshotAbility"),
        shared=_flag(raw, "Shareable"),
        rolling_back=_flag(raw, "Rollbacking") or _text(raw, "DiskState") == "ROLLBACKING",
        error=_text(raw, "ErrorPrompt"),
    )


def read_snapshot(raw: Reply) -> Snapshot:
    """One element of DescribeSnapshots' `SnapshotSet`."""
    return Snapshot(
        snapshot_id=raw["SnapshotId"],
        disk_id=raw["DiskId"],
        name=_text(raw, "SnapshotName"),
        state=_text(raw, "SnapshotState"),
        percent=_number(raw, "Percent"),
        size_gib=_number(raw, "DiskSize"),
        usage=_text(raw, "DiskUsage"),
        taken_at=_certainly_taken(raw),
        expires=_text(raw, "DeadlineTime"),
        permanent=_flag(raw, "IsPermanent"),
        tags={_text(tag, "Key"): _text(tag, "Value") for tag in _list(raw, "Tags")},
    )


def read_named_snapshot(raw: Reply) -> Snapshot:
    """One that was asked for by its name; without one it might be the one that was looked for."""
    _id(raw, "SnapshotName")
    return read_snapshot(raw)


def read_agent(raw: Reply) -> Agent:
    """One element of DescribeAutomationAgentStatus' `AutomationAgentSet`."""
    return Agent(online=raw.get("AgentStatus") == "Online", last_heartbeat=_moment(raw.get("LastHeartbeatTime")))


def read_invocation(raw: Reply) -> Invocation:
    """One element of DescribeInvocationTasks' `InvocationTaskSet`; its output is in base64, 24 KB at most."""
    result = raw.get("TaskResult") or {}
    if not isinstance(result, Mapping):
        raise TypeError("TaskResult")
    return Invocation(
        invocation_id=raw["InvocationId"],
        command_id=_text(raw, "CommandId"),
        status=_text(raw, "TaskStatus"),
        created_at=_moment(raw.get("CreatedTime")),
        exit_code=_typed(result, "ExitCode", int),
        output=_decoded(_text(result, "Output")),
        dropped=_number(result, "Dropped"),
        error=_text(raw, "ErrorInfo"),
    )


def _certainly_taken(raw: Reply) -> datetime | None:
    """A moment by which the snapshot had certainly been begun, or None.

    `CreateTime` has no zone, and nothing documents which is meant: in UTC it is the latest that it can be. What was
    modified last before that (`LatestModifyTime`, which has a zone) was begun before that.
    """
    try:
        created = datetime.strptime(_text(raw, "CreateTime"), "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return _moment(raw.get("CreateTime"))
    modified = _moment(raw.get("LatestModifyTime"))
    return min(created, modified) if modified is not None else created


def _decoded(text: str) -> str:
    """Whoever has the machine writes it: what is no text in it is replaced."""
    return base64.b64decode(text, validate=True).decode("utf-8", "replace")


def _id(raw: Reply, name: str) -> str:
    """What has no id would be compared with nothing, and overlooked."""
    if not _text(raw, name):
        raise ValueError(name)
    return _text(raw, name)


def _text(raw: Reply, name: str) -> str:
    return _typed(raw, name, str) or ""


def _number(raw: Reply, name: str) -> int:
    return _typed(raw, name, int) or 0


def _flag(raw: Reply, name: str) -> bool:
    return _typed(raw, name, bool) or False


def _list(raw: Reply, name: str) -> list[Any]:
    return _typed(raw, name, list) or []


def _typed(raw: Reply, name: str, kind: type[Kind]) -> Kind | None:
    """Any of them may be null or missing; of another type it is not what we take it for ("false" would be true)."""
    value = raw.get(name)
    if value is not None and type(value) is not kind:
        raise TypeError(name)
    return value


def _moment(text: object) -> datetime | None:
    """ISO-8601 with its zone, as in 2026-11-23T06:00:00Z; what cannot be read proves nothing, and is None."""
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        # Without a zone it would be taken for this machine's own time, and an old heartbeat for one to come.
        return moment.astimezone(timezone.utc) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
