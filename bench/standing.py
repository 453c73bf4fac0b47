"""What a waiting run costs, and how soon it goes on after its worker was killed."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path

from bench.pair import Running, running, spawn
from remediation.contract import RECOVERED
from tests.temporal_server import Server

_LOOKS = 600  # five a second


async def memory_mib(server: Server, kind: str, folder: Path, count: int) -> tuple[float, float]:
    """RSS of the worker with `count` waiting runs in its cache, and what of it came with them."""
    with running(server, kind, folder) as worker:
        bare = worker.rss_mib()
        names = [uuid.uuid4().hex[:10] for _ in range(count)]
        for batch in range(0, count, 50):
            await asyncio.gather(*(worker.begin(name, waits=True) for name in names[batch : batch + 50]))
        await asyncio.gather(*(_waits(worker, name) for name in names))
        return worker.rss_mib(), worker.rss_mib() - bare


async def _waits(worker: Running, name: str) -> None:
    """Until both snapshots of this one are being waited for."""
    handle = worker.child(name)
    wanted = "nothing" if worker.kind == "bare" else "wait_until_ready"
    for _ in range(_LOOKS):
        try:
            pending = (await handle.describe()).raw_description.pending_activities
        except Exception:  # noqa: BLE001  # it has not begun yet
            pending = []  # type: ignore[assignment]
        if sum(one.activity_type.name == wanted and one.attempt > 1 for one in pending) == 2:
            return
        await asyncio.sleep(0.2)
    raise RuntimeError(f"{name} does not come to its wait: {[one.activity_type.name for one in pending]}")


async def restart_seconds(server: Server, folder: Path) -> tuple[float, float]:
    """Seconds from the new worker's `ready`, and from its process's start, to the run's next workflow task.

    The run waits for a snapshot; its worker is killed, and a signal comes while nobody is there.
    """
    with running(server, "slow", folder) as worker:
        name = uuid.uuid4().hex[:10]
        await worker.begin(name)
        await _waits(worker, name)
        worker.process.kill()
        worker.process.wait()
        handle = worker.child(name)
        before = (await handle.describe()).history_length
        await handle.signal(RECOVERED, {"not": "readable, and so without effect"})
        started = time.time()
        worker.process = spawn(server, "slow", worker.queue, worker.notes)
        ready = time.time()
        done = await _next_task(worker, name, before)
        worker.process.kill()
        worker.process.wait()
        if worker.process.stdout:
            worker.process.stdout.close()
        return max(done - ready, 0.0), done - started


async def _next_task(worker: Running, name: str, after: int) -> float:
    while True:
        history = await worker.child(name).fetch_history()
        for event in history.events[after:]:
            if event.HasField("workflow_task_completed_event_attributes"):
                return event.event_time.ToMicroseconds() / 1e6
        await asyncio.sleep(0.05)
