"""What Tencent does not offer: look behind the curtain, and let things happen to machines, snapshots and calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from ipaddress import ip_address
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from simulator import cbs
from simulator.api import Api
from simulator.cloud import Cloud, Disk, Instance, Region
from simulator.faults import FaultRule, Faults
from simulator.world import DiskSpec, InstanceState, RebootEnd, RestrictState

T = TypeVar("T")
# What becomes of a machine is kept beside its spec; the rest of a change is a new spec.
_OWN = {"state", "restrict_state", "tags", "symptom", "agent"}
_RULES = TypeAdapter(list[FaultRule])


class InstanceChange(BaseModel):
    """What somebody else does to a machine; only what is given changes, and any operation on it comes to nothing."""

    model_config = ConfigDict(extra="forbid")

    state: InstanceState | None = None
    restrict_state: RestrictState | None = None
    tags: dict[str, str] | None = None
    symptom: str | None = None
    cured_by: Literal["reboot", "rollback", "nothing"] | None = None
    agent: Literal["online", "offline", "absent"] | None = None
    soft_reboot: RebootEnd | None = None
    hard_reboot: RebootEnd | None = None
    attach: DiskSpec | None = None


class SnapshotChange(BaseModel):
    """What befalls a snapshot that is being made, or was."""

    model_config = ConfigDict(extra="forbid")

    do: Literal["stall", "vanish"]


class _Refused(Exception):
    def __init__(self, status: int, reason: Any) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def admin_routes(cloud: Cloud, faults: Faults, api: Api) -> list[Route]:
    """GET log · GET state · POST, DELETE instances/<region>/<id> · POST snapshots/<region>/<id> · POST, DELETE faults ·
    POST release; all of them for this machine alone, and JSON in and out."""

    def answered(path: str, method: str, do: Callable[[Request, bytes], Any]) -> Route:
        async def endpoint(request: Request) -> JSONResponse:
            try:
                if request.client is None or not ip_address(request.client.host).is_loopback:
                    raise _Refused(403, "only for this machine")
                body = await request.body()
                with cloud.lock:
                    cloud.settle()
                    return JSONResponse(do(request, body))
            except _Refused as refused:
                return JSONResponse({"error": refused.reason}, status_code=refused.status)
            except ValidationError as error:
                told = [{"where": list(one["loc"]), "what": one["msg"]} for one in error.errors()]
                return JSONResponse({"error": told}, status_code=400)

        return Route(path, endpoint, methods=[method])

    def log(request: Request, body: bytes) -> Any:
        return [entry.as_dict() for entry in cloud.log.entries]

    def state(request: Request, body: bytes) -> Any:
        return {
            "regions": {name: _state(region) for name, region in cloud.regions.items()},
            "faults": [rule.model_dump() for rule in faults.rules],
            "waiting": list(api.waiting),
        }

    def change_instance(request: Request, body: bytes) -> Any:
        region, one = _find(cloud, request, "instances")
        change = InstanceChange.model_validate_json(body)
        _change(cloud, region, one, change)
        return _instance(one)

    def delete_instance(request: Request, body: bytes) -> Any:
        region, one = _find(cloud, request, "instances")
        one.running = None
        del region.instances[one.spec.instance_id]
        for disk_id in one.disk_ids:
            region.disks[disk_id].instance_id = None
        cloud.log.effect(cloud.settle(), "instance_deleted", region.name, one.spec.instance_id)
        return {}

    def change_snapshot(request: Request, body: bytes) -> Any:
        region, one = _find(cloud, request, "snapshots")
        befall = {"stall": cbs.stall, "vanish": cbs.vanish}[SnapshotChange.model_validate_json(body).do]
        befall(cloud, region, one, cloud.settle())
        return asdict(one)

    def add_faults(request: Request, body: bytes) -> Any:
        faults.add(*_RULES.validate_json(body if body.lstrip().startswith(b"[") else b"[" + body + b"]"))
        return [rule.model_dump() for rule in faults.rules]

    def clear_faults(request: Request, body: bytes) -> Any:
        faults.clear()
        return []

    def release(request: Request, body: bytes) -> Any:
        faults.release()
        return {}

    return [
        answered("/log", "GET", log),
        answered("/state", "GET", state),
        answered("/instances/{region}/{id}", "POST", change_instance),
        answered("/instances/{region}/{id}", "DELETE", delete_instance),
        answered("/snapshots/{region}/{id}", "POST", change_snapshot),
        answered("/faults", "POST", add_faults),
        answered("/faults", "DELETE", clear_faults),
        answered("/release", "POST", release),
    ]


def _find(cloud: Cloud, request: Request, kind: Literal["instances", "snapshots"]) -> tuple[Region, Any]:
    region = cloud.regions.get(request.path_params["region"])
    one = getattr(region, kind, {}).get(request.path_params["id"])
    if region is None or one is None:
        raise _Refused(404, f"{request.path_params['region']} has no {request.path_params['id']}")
    return region, one


def _change(cloud: Cloud, region: Region, one: Instance, change: InstanceChange) -> None:
    now = cloud.settle()
    if change.attach is not None and change.attach.disk_id in region.disks:
        raise _Refused(409, f"{change.attach.disk_id} is there already")
    # Only a symptom can be nothing; for all else, nothing means unchanged.
    written = change.model_dump(exclude_unset=True, exclude={"attach"})
    given = {name: value for name, value in written.items() if value is not None or name == "symptom"}
    of_spec = {name: given.pop(name) for name in list(given) if name not in _OWN}
    one.spec = one.spec.model_copy(update=of_spec)
    for name, value in given.items():
        setattr(one, name, value)
    if change.attach is not None:
        region.disks[change.attach.disk_id] = Disk(change.attach, "DATA_DISK", now, one.spec.instance_id)
        one.disk_ids.append(change.attach.disk_id)
    if change.state is not None:
        one.running = None
    if change.state is not None or change.agent is not None:
        one.fall_silent(now, cloud.durations.heartbeat)
        if one.state == "RUNNING":
            one.speak_up(now + cloud.durations.first_heartbeat)
    told = change.model_dump(mode="json", include=set(written), exclude={"attach"})
    told |= {"attach": change.attach.disk_id} if change.attach is not None else {}
    cloud.log.effect(now, "instance_changed", region.name, one.spec.instance_id, params=told)


def _state(region: Region) -> dict[str, Any]:
    return {
        "instances": {name: _instance(one) for name, one in region.instances.items()},
        "disks": {name: asdict(one) | {"spec": one.spec.model_dump()} for name, one in region.disks.items()},
        "snapshots": {name: asdict(one) for name, one in region.snapshots.items()},
    }


def _instance(one: Instance) -> dict[str, Any]:
    return asdict(one) | {"spec": one.spec.model_dump()}
