"""CVM 2017-03-12: machines as the API shows them, and what may be asked of them."""

from __future__ import annotations

import re
from typing import Any

from simulator import parameters as p
from simulator.clock import utc_text
from simulator.cloud import Call
from simulator.errors import ApiError
from simulator.operations import operate, refusal
from simulator.state import Instance, Region

_ID = re.compile(r"ins-[0-9a-z]{8}")
_YEAR = 365 * 86_400
_FILTER_VALUES = 5  # of DescribeInstances, as its documentation says (213/15728)


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
    how = asked.StopType or ("SOFT_FIRST" if asked.ForceStop else "SOFT")
    return _operate(call, "StopInstances", asked.InstanceIds, how)


def start_instances(call: Call, asked: p.StartInstances) -> dict[str, Any]:
    return _operate(call, "StartInstances", asked.InstanceIds)


def _operate(call: Call, name: str, ids: list[str], how: str = "SOFT") -> dict[str, Any]:
    chosen = _named(call, ids)
    unknown = set(ids) - set(call.region.instances)
    if unknown:
        raise ApiError("InvalidInstanceId.NotFound", f"The instances `{', '.join(sorted(unknown))}` do not exist.")
    # All or none of those that are named; but no ids at all mean every machine, as far as it can be.
    refusals = {one.spec.instance_id: refusal(one, name, how) for one in chosen}
    for error in refusals.values():
        if error and ids:
            raise error
    for one in chosen:
        if refusals[one.spec.instance_id] is None:
            operate(call.cloud, call.region, one, name, call.request_id, call.now, how)
    return {}


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
