"""What a waiting run costs, and how soon it goes on after its worker was killed."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from bench.bare import NOTHING
from bench.pair import Running, running
from remediation.contract import RECOVERED
from tests.temporal_server import Server

_PATIENCE = 150.0


@dataclass(frozen=True)
class Memory:
    """RSS of a worker process, in MiB: after its start, and with all that waits in its cache."""

    fresh: float
    waiting: float

    def each_kib(self, count: int) -> float:
        return 1024 * (self.waiting - self.fresh) / count


@dataclass(frozen=True)
class Restart:
    """Seconds after a SIGKILL, from the new process's start and from its `ready`."""

    task_from_start: float
    task_from_ready: float
    reading_from_start: float | None = None


async def measure_memory(server: Server, kind: str, folder: Path, count: int) -> Memory:
    """`count` runs that wait for their snapshots; the cache has room for more than all of them."""
    with running(server, kind, folder) as worker:
        fresh = worker.rss_mib()
        names = [uuid.uuid4().hex[:10] for _ in range(count)]
        for batch in range(0, count, 50):
            some = names[batch : batch + 50]
            await asyncio.gather(*(worker.begin(name, waits=True) for name in some))
            await asyncio.gather(*(_reads(worker, name) for name in some))
        return Memory(fresh, worker.rss_mib())


async def restart_while_waiting(server: Server, folder: Path) -> Restart:
    """A run waits for its snapshots; its worker is killed, and a signal for it comes while nobody is there."""
    with running(server, "polling", folder) as worker:
        name = uuid.uuid4().hex[:10]
        await worker.begin(name)
        await _reads(worker, name)
        worker.kill()
        handle = worker.child(name)
        before = (await handle.describe()).history_length
        await handle.signal(RECOVERED, {"not": "readable, and so without effect"})
        started, ready = _restart(worker)
        done = await _next_task(handle, before)
        reading = await _reads(worker, name, since=started) - started
        return Restart(done - started, max(done - ready, 0.0), reading)


async def restart_while_idle(server: Server, folder: Path) -> Restart:
    """Nothing is in flight, an incident remembers; the worker is killed, and the instance's next event comes."""
    with running(server, "ours", folder) as worker:
        name = uuid.uuid4().hex[:10]
        await worker.begin(name)
        await worker.end(name)
        await asyncio.sleep(1)  # the incident has taken its end down
        worker.kill()
        incident = worker.parent(name)
        before = (await incident.describe()).history_length
        await worker.begin(name)
        started, ready = _restart(worker)
        done = await _next_task(incident, before)
        return Restart(done - started, max(done - ready, 0.0))


def _restart(worker: Running) -> tuple[float, float]:
    started = time.time()
    worker.restart()
    return started, time.time()


async def _next_task(handle: WorkflowHandle[Any, Any], after: int) -> float:
    """The server's time of the first workflow task that was completed after so many events."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        history = await handle.fetch_history()
        for event in history.events[after:]:
            if event.HasField("workflow_task_completed_event_attributes"):
                return event.event_time.ToMicroseconds() / 1e6
        await asyncio.sleep(0.05)
    raise RuntimeError(f"{handle.id} had no workflow task within {_PATIENCE:g} s")


async def _reads(worker: Running, name: str, since: float = 0.0) -> float:
    """Until both snapshots of this one have been looked at, and are waited for; returns when the first look was.

    Args:
        since: only looks after this time count.
    """
    handle, wanted = worker.child(name), NOTHING if worker.is_bare else "wait_until_ready"
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            pending = (await handle.describe()).raw_description.pending_activities
        except RPCError:  # it has not begun yet
            pending = []  # type: ignore[assignment]  # the protobuf's own list type
        looks = [
            one.last_attempt_complete_time.ToMicroseconds() / 1e6
            for one in pending
            if one.activity_type.name == wanted and one.attempt > 1
        ]
        if sum(at > since for at in looks) == 2:
            return min(looks)
        await asyncio.sleep(0.1)
    raise RuntimeError(f"{handle.id} did not come to its wait within {_PATIENCE:g} s")
