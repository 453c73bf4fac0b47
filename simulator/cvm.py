"""CVM 2017-03-12: machines, and the operations on them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator import parameters as p
from simulator.clock import utc_text
from simulator.cloud import Call, Cloud, Instance, Operation, Region
from simulator.errors import ApiError

_ID = re.compile(r"ins-[0-9a-z]{8}")
_YEAR = 365 * 86_400
_FILTER_VALUES = 5  # of DescribeInstances, as its documentation says (213/15728)


@dataclass(frozen=True)
class _Course:
    """What an operation does to a machine: from which state, through which, to which."""

    word: str  # of its effects in the log
    start: str
    passing: str
    end: str


_COURSES = {
    "RebootInstances": _Course("reboot", "RUNNING", "REBOOTING", "RUNNING"),
    "StopInstances": _Course("stop", "RUNNING", "STOPPING", "STOPPED"),
    "StartInstances": _Course("start", "STOPPED", "STARTING", "RUNNING"),
}
# Parts of an operation's duration at which the machine leaves its state, and is in the new one but still OPERATING.
_LEAVES, _ARRIVES = 0.1, 0.85


def describe_instances(call: Call, asked: p.DescribeInstances) -> dict[str, Any]:
    p.either(asked.InstanceIds, asked.Filters, "InstanceIds")
    if any(len(one.Values) > _FILTER_VALUES for one in asked.Filters or ()):
        raise ApiError("InvalidFilterValue.LimitExceeded", f"A filter takes at most {_FILTER_VALUES} values.")
    found = [
        one for one in _named(call, asked.InstanceIds) if p.matches(asked.Filters or (), _facts(one, call.region.name))
    ]
    rows = [_row(one, call.region) for one in p.page(found, asked)]
    return {"TotalCount": len(found), "InstanceSet": rows}


def describe_instances_status(call: Call, asked: p.DescribeInstancesStatus) -> dict[str, Any]:
    found = _named(call, asked.InstanceIds)
    rows = [{"InstanceId": one.spec.instance_id, "InstanceState": one.state} for one in p.page(found, asked)]
    return {"TotalCount": len(found), "InstanceStatusSet": rows}


def reboot_instances(call: Call, asked: p.RebootInstances) -> dict[str, Any]:
    _not_both(asked.ForceReboot, asked.StopType)
    how = asked.StopType or ("SOFT_FIRST" if asked.ForceReboot else "SOFT")
    return _operate(call, "RebootInstances", asked.InstanceIds, how)


def stop_instances(call: Call, asked: p.StopInstances) -> dict[str, Any]:
    _not_both(asked.ForceStop, asked.StopType)
    return _operate(call, "StopInstances", asked.InstanceIds)


def start_instances(call: Call, asked: p.StartInstances) -> dict[str, Any]:
    return _operate(call, "StartInstances", asked.InstanceIds)


def begin(
    cloud: Cloud,
    region: Region,
    one: Instance,
    name: str,
    request_id: str,
    now: float,
    *,
    end: str = "works",
    then: Callable[[float], None] = lambda at: None,
) -> None:
    """Accept this operation; it becomes visible a little later, and `then` is called when it has succeeded."""
    course, times, instance_id = _COURSES[name], cloud.durations, one.spec.instance_id
    seconds: float = getattr(times, course.word)
    visible = now + times.operation_lag
    leaves = visible + max(times.linger, seconds * _LEAVES)
    shift = leaves - visible - seconds * _LEAVES
    operation = Operation(name, "OPERATING", request_id)

    def step(at: float, happen: Callable[[float], None]) -> None:
        # Somebody may have taken the machine out of this operation's hands in between.
        cloud.schedule(at, lambda at: happen(at) if one.running is operation else None)

    def tell(at: float, what: str) -> None:
        cloud.log.effect(at, f"{course.word}_{what}", region.name, instance_id, request_id=request_id)

    def show(at: float) -> None:
        one.operation = operation

    def leave(at: float) -> None:
        one.state = course.passing
        if course.start == "RUNNING":
            one.fall_silent(at, times.heartbeat)
        tell(at, "started")

    def arrive(at: float) -> None:
        one.state = course.end
        if course.word == "reboot" and one.spec.agent_after_reboot:
            one.agent = one.spec.agent_after_reboot
        cloud.log.effect(at, f"instance_{course.end.lower()}", region.name, instance_id)
        if course.end == "RUNNING":
            one.speak_up(at + times.first_heartbeat)
        if course.word == "reboot":
            cure(cloud, region, one, "reboot", at)

    def finish(at: float) -> None:
        operation.state, one.running = "SUCCESS", None
        tell(at, "done")
        then(at)

    def fail(at: float) -> None:
        operation.state, operation.error, one.running = "FAILED", "The guest did not shut down in time.", None
        tell(at, "failed")

    one.running = operation
    tell(now, "accepted")
    step(visible, show)
    if end == "fails":
        step(visible + shift + seconds, fail)
        return
    step(leaves, leave)
    if end == "works":
        step(visible + shift + seconds * _ARRIVES, arrive)
        step(visible + shift + seconds, finish)


def cure(cloud: Cloud, region: Region, one: Instance, by: str, at: float) -> None:
    if one.symptom and one.spec.cured_by == by:
        one.symptom = None
        cloud.log.effect(at, "symptom_cured", region.name, one.spec.instance_id)


def refusal(one: Instance, name: str) -> ApiError | None:
    """Why this operation cannot be begun now."""
    said = f"The request does not support the instances `{one.spec.instance_id}` "
    if one.restrict_state != "NORMAL":
        return ApiError("UnsupportedOperation.InstanceStateIsolating", said + "which are being isolated.")
    if one.state != _COURSES[name].start:
        state = one.state.title().replace("_", "")
        return ApiError(f"UnsupportedOperation.InstanceState{state}", said + f"which are in the state `{one.state}`.")
    if one.running:
        return ApiError("OperationDenied.InstanceOperationInProgress", said + "which are in operation.")
    return None


def _operate(call: Call, name: str, ids: list[str], how: str = "HARD") -> dict[str, Any]:
    chosen = _named(call, ids)
    unknown = set(ids) - set(call.region.instances)
    if unknown:
        raise ApiError("InvalidInstanceId.NotFound", f"The instances `{', '.join(sorted(unknown))}` do not exist.")
    # All or none of those that are named; but no ids at all mean every machine, as far as it can be.
    refusals = {one.spec.instance_id: refusal(one, name) for one in chosen}
    for error in refusals.values():
        if error and ids:
            raise error
    for one in chosen:
        if refusals[one.spec.instance_id] is None:
            operate(call.cloud, call.region, one, name, call.request_id, call.now, how)
    return {}


def operate(
    cloud: Cloud, region: Region, one: Instance, name: str, request_id: str, now: float, how: str = "SOFT"
) -> None:
    """Accept this operation on a machine that does not refuse it; how a reboot ends, the machine's spec says."""
    end = _reboot_end(one, how) if name == "RebootInstances" else "works"
    begin(cloud, region, one, name, request_id, now, end=end)


def _reboot_end(one: Instance, how: str) -> str:
    if how == "HARD" or (how == "SOFT_FIRST" and one.spec.soft_reboot != "works"):
        return one.spec.hard_reboot
    return one.spec.soft_reboot


def _not_both(force: bool | None, stop_type: str | None) -> None:
    if force is not None and stop_type is not None:
        raise ApiError("InvalidParameterCombination", "The forcing parameter cannot be given together with StopType.")


def _named(call: Call, ids: list[str] | None) -> list[Instance]:
    """Those that exist; no ids, or an empty list of them, mean all."""
    for one in ids or ():
        if not _ID.fullmatch(one):
            raise ApiError("InvalidInstanceId.Malformed", f"The instance id `{one}` is malformed.")
    known = call.region.instances
    return [known[one] for one in dict.fromkeys(ids) if one in known] if ids else list(known.values())


def _facts(one: Instance, region: str) -> dict[str, list[str]]:
    return {
        "instance-id": [one.spec.instance_id],
        "instance-name": [one.spec.name],
        "instance-state": [one.state],
        "private-ip-address": [one.spec.private_ip],
        "zone": [f"{region}-3"],
        "tag-key": list(one.tags),
        "tag-value": list(one.tags.values()),
        **{f"tag:{key}": [value] for key, value in one.tags.items()},
    }


def _row(one: Instance, region: Region) -> dict[str, Any]:
    disks = [region.disks[disk_id] for disk_id in one.disk_ids]
    shown = [
        {"DiskId": disk.spec.disk_id, "DiskType": disk.spec.type, "DiskSize": disk.spec.size_gib} for disk in disks
    ]
    return {
        "Placement": {"Zone": f"{region.name}-3", "ProjectId": 0, "HostId": None},
        "InstanceId": one.spec.instance_id,
        "InstanceName": one.spec.name,
        "InstanceType": "S5.MEDIUM4",
        "CPU": 2,
        "Memory": 4,
        "InstanceState": one.state,
        "RestrictState": one.restrict_state,
        "InstanceChargeType": "POSTPAID_BY_HOUR",
        "SystemDisk": shown[0],
        "DataDisks": shown[1:] or None,
        "PrivateIpAddresses": [one.spec.private_ip],
        "PublicIpAddresses": None,
        "OsName": "TencentOS Server 4",
        "Tags": [{"Key": key, "Value": value} for key, value in one.tags.items()],
        "CreatedTime": utc_text(one.created_at),
        "ExpiredTime": utc_text(one.created_at + _YEAR),
        "LatestOperation": one.operation.name,
        "LatestOperationState": one.operation.state,
        "LatestOperationRequestId": one.operation.request_id,
        "LatestOperationErrorMsg": one.operation.error,
        "DefaultLoginUser": "root",
    }
