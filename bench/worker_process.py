"""The worker that is measured, in a process of its own: `python -m bench.worker_process KIND QUEUE NOTES`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.clients.credentials import Credentials
from activities.clients.tencent import TencentCloud
from activities.cloud import Cloud
from bench.bare import BareChild, BareParent, nothing
from remediation.config import read_config
from remediation.settings import Settings
from simulator.server import serve
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY, InstanceSpec, World, load_world
from starter.connection import connect
from tests.clouds import StagedCloud
from worker import build_workers, work

PAGE = """
channels:
  oncall: {to: [{webhook: "http://127.0.0.1/nobody"}]}
rules:
  - name: disk-read-only
    when: {type: "cvm:ErrorEvent:DiskReadonly", status: "1"}
    notify: [oncall]
    run: snapshot-and-reboot
    scope: {tag: "medic=on"}
    mode: act
runbooks:
  snapshot-and-reboot:
    snapshot: {timeout: 4h}
    ladder: [reboot]
    verify: {settle: 0s, timeout: 1m}
operators: [oncall]
"""
SIMULATED = 200  # instances of the simulated world


class Notes:
    """Stands where webhooks go: a line a notice, with its time and the calls of the cloud so far."""

    def __init__(self, path: Path, calls: list[str]) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._calls = calls

    def send(self, url: str, payload: dict[str, Any], *, idempotency_key: str) -> int:
        self._file.write(
            f"{time.time()} {payload['instance_id']} {payload['headline'].split()[0]} {len(self._calls)}\n"
        )
        self._file.flush()
        return 200


async def main(kind: str, queue: str, notes: Path) -> None:
    """Run until SIGTERM; say `ready` on stdout once every worker polls."""
    client = await connect()
    with ExitStack() as stack:
        workers = list(_workers(kind, client, queue, notes, stack))
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await work(workers, stop)


def _workers(kind: str, client: Client, queue: str, notes: Path, stack: ExitStack) -> Iterator[Worker]:
    if kind == "bare":
        yield Worker(
            client,
            task_queue=queue,
            workflows=[BareParent, BareChild],
            activities=[nothing],
            activity_executor=ThreadPoolExecutor(300),
            max_concurrent_activities=300,
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
            max_cached_workflows=2000,
        )
        return
    poll = "1h" if kind == "waiting" else "1s"
    settings = Settings.model_validate({"task_queue": queue, "rate_limits": "off", "poll_interval": poll})
    staged = StagedCloud(polls_until_ready=10**9 if kind in ("waiting", "slow") else 1, polls_until_back=0)
    cloud: Cloud = _simulated(stack) if kind == "http" else staged
    config = read_config(PAGE, "bench.yaml", {})
    yield from build_workers(client, settings, config, cloud, webhook=Notes(notes, staged.calls))


def _simulated(stack: ExitStack) -> TencentCloud:
    """The real SDK over HTTP to a simulator so fast that a poll finds everything done."""
    server = stack.enter_context(serve(_crowd(), speed=10_000))
    keys = {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY}
    return TencentCloud(Credentials(keys, ()), endpoint=server.url)


def _crowd() -> World:
    world = load_world()
    region = world.regions["ap-guangzhou"]
    first = region.instances[0]
    crowd = tuple(_numbered(first, number) for number in range(SIMULATED))
    region = region.model_copy(update={"instances": crowd})
    return world.model_copy(update={"limits": False, "regions": {"ap-guangzhou": region}})


def _numbered(model: InstanceSpec, number: int) -> InstanceSpec:
    system = model.system_disk.model_copy(update={"disk_id": f"disk-sys{number:05}"})
    data = model.data_disks[0].model_copy(update={"disk_id": f"disk-dat{number:05}"})
    update = {"instance_id": f"ins-{number:08}", "system_disk": system, "data_disks": (data,)}
    return model.model_copy(update=update)


if __name__ == "__main__":
    os.environ.setdefault("NO_PROXY", "127.0.0.1")
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
