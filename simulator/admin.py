"""What Tencent does not offer: look behind the curtain, and let things happen to machines, snapshots and calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from ipaddress import ip_address
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from simulator import cbs
from simulator.api import Api
from simulator.befalling import Impossible, befall, change_account, change_instance, delete_instance, happen
from simulator.cloud import Cloud
from simulator.connections import Door
from simulator.faults import FaultRule, Faults
from simulator.happenings import AccountChange, Happening, InstanceChange, SnapshotChange
from simulator.state import Instance, Region

_RULES = TypeAdapter(list[FaultRule])


class _Refused(Exception):
    def __init__(self, status: int, reason: Any) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def admin_routes(cloud: Cloud, faults: Faults, api: Api, door: Door) -> list[Route]:
    """GET log · GET state · POST, DELETE instances/<region>/<id> · POST snapshots/<region>/<id> · POST account ·
    POST happenings · POST, DELETE faults · POST release · POST refuse/<seconds>; all of them for this machine alone,
    and JSON in and out. After a `refuse` the admin API cannot be reached either until its seconds are over."""

    def answered(path: str, method: str, do: Callable[[Request, bytes], Any]) -> Route:
        async def endpoint(request: Request) -> JSONResponse:
            try:
                if request.client is None or not ip_address(request.client.host).is_loopback:
                    raise _Refused(403, "only for this machine")
                body = await request.body()
                with cloud.lock:
                    cloud.settle()
                    answer = do(request, body)
                    cloud.remember(cloud.settle())
                    return JSONResponse(answer)
            except _Refused as refused:
                return JSONResponse({"error": refused.reason}, status_code=refused.status)
            except Impossible as impossible:
                return JSONResponse({"error": str(impossible)}, status_code=409)
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

    def change(request: Request, body: bytes) -> Any:
        region, one = _find(cloud, request, "instances")
        change_instance(cloud, region, one, InstanceChange.model_validate_json(body), cloud.settle())
        return _instance(one)

    def delete(request: Request, body: bytes) -> Any:
        region, one = _find(cloud, request, "instances")
        delete_instance(cloud, region, one, cloud.settle())
        return {}

    def account(request: Request, body: bytes) -> Any:
        change_account(cloud, AccountChange.model_validate_json(body), cloud.settle())
        return {}

    def let_happen(request: Request, body: bytes) -> Any:
        what = Happening.model_validate_json(body)
        (befall if what.in_seconds else happen)(cloud, what, cloud.settle())
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

    def refuse(request: Request, body: bytes) -> Any:
        door.refuse(request.path_params["seconds"])
        return {}

    return [
        answered("/log", "GET", log),
        answered("/state", "GET", state),
        answered("/instances/{region}/{id}", "POST", change),
        answered("/instances/{region}/{id}", "DELETE", delete),
        answered("/snapshots/{region}/{id}", "POST", change_snapshot),
        answered("/account", "POST", account),
        answered("/happenings", "POST", let_happen),
        answered("/faults", "POST", add_faults),
        answered("/faults", "DELETE", clear_faults),
        answered("/release", "POST", release),
        answered("/refuse/{seconds:float}", "POST", refuse),
    ]


def _find(cloud: Cloud, request: Request, kind: Literal["instances", "snapshots"]) -> tuple[Region, Any]:
    region = cloud.regions.get(request.path_params["region"])
    one = getattr(region, kind, {}).get(request.path_params["id"])
    if region is None or one is None:
        raise _Refused(404, f"{request.path_params['region']} has no {request.path_params['id']}")
    return region, one


def _state(region: Region) -> dict[str, Any]:
    return {
        "instances": {name: _instance(one) for name, one in region.instances.items()},
        "disks": {name: asdict(one) | {"spec": one.spec.model_dump()} for name, one in region.disks.items()},
        "snapshots": {name: asdict(one) for name, one in region.snapshots.items()},
    }


def _instance(one: Instance) -> dict[str, Any]:
    return asdict(one) | {"spec": one.spec.model_dump()}
