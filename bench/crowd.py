"""The simulator with many sick instances, behind the real SDK over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from activities.clients.credentials import Credentials
from activities.clients.tencent import TencentCloud
from simulator.server import serve
from simulator.specs import InstanceSpec
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY, World, load_world

_REGION, _INSTANCES = "ap-guangzhou", 200


def crowd_name(number: int) -> str:
    """What follows `ins-` in the id of that instance."""
    return f"{number:08}"


@contextmanager
def simulated() -> Iterator[TencentCloud]:
    """So fast that a first look finds everything done."""
    keys = {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY}
    with serve(_crowd(), speed=10_000) as server:
        yield TencentCloud(Credentials(keys, ()), endpoint=server.url)


def _crowd() -> World:
    world = load_world()
    region = world.regions[_REGION]
    crowd = tuple(_numbered(region.instances[0], number) for number in range(_INSTANCES))
    region = region.model_copy(update={"instances": crowd})
    return world.model_copy(update={"limits": False, "regions": {_REGION: region}})


def _numbered(model: InstanceSpec, number: int) -> InstanceSpec:
    system = model.system_disk.model_copy(update={"disk_id": f"disk-sys{number:05}"})
    data = model.data_disks[0].model_copy(update={"disk_id": f"disk-dat{number:05}"})
    update = {"instance_id": f"ins-{crowd_name(number)}", "system_disk": system, "data_disks": (data,)}
    return model.model_copy(update=update)
