"""Ours and the bare pair behind one shape: start a worker, start one piece of work, find its end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from bench.bare import PARENT
from bench.notes import Note, read_notes
from remediation import contract
from starter.start import start
from tests.temporal_server import Server


@dataclass
class Running:
    """A worker process of one kind, and what it notes."""

    server: Server
    kind: str
    queue: str
    notes: Path
    process: subprocess.Popen[bytes]

    @property
    def client(self) -> Client:
        return self.server.client

    @property
    def is_bare(self) -> bool:
        return self.kind.startswith("bare")

    @property
    def noted(self) -> list[Note]:
        return read_notes(self.notes)

    @property
    def region(self) -> str:
        """Of its own: a region's guard runs where it was first asked. The simulator's crowd is in one place."""
        return "ap-guangzhou" if self.kind == "http" else f"ap-bench-{self.queue.rsplit('-', 1)[1]}"

    def cpu_seconds(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def rss_mib(self) -> float:
        return float(psutil.Process(self.process.pid).memory_info().rss) / 2**20

    async def begin(self, name: str, *, waits: bool = False) -> float:
        """Start one; returns the time at which it was asked for."""
        at = time.time()
        if self.is_bare:
            await self.client.start_workflow(
                PARENT, id=f"bare/{name}", task_queue=self.queue, start_signal="begin", start_signal_args=[waits]
            )
            return at
        event = {
            "id": uuid.uuid4().hex,
            "source": "cvm.cloud.tencent",
            "type": "cvm:ErrorEvent:DiskReadonly",
            "subject": f"ins-{name}",
            "region": self.region,
            "time": int(at * 1000),
            "status": "1",
            "data": {},
        }
        await start(self.client, event, received_at=datetime.now(timezone.utc), task_queue=self.queue)
        return at

    def parent(self, name: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(
            f"bare/{name}" if self.is_bare else contract.incident_id(self.region, f"ins-{name}")
        )

    def child(self, name: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(
            f"bare/{name}/child" if self.is_bare else contract.remediation_id(self.region, f"ins-{name}")
        )

    async def end(self, name: str) -> float:
        """Wait for the child's end; returns the server's time of it.

        Raises:
            RuntimeError: it did not end as recovered; then it was not the same work, and there is nothing to compare.
        """
        handle, pause = self.child(name), 0.02
        while True:
            try:
                result = await handle.result()
                break
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            await asyncio.sleep(pause)  # it has not begun yet
            pause = min(pause * 1.5, 0.3)  # many who ask often would be a load of their own
        if not self.is_bare and result["outcome"] != "recovered":
            raise RuntimeError(f"{handle.id} ended as {result['outcome']}: {result['reason']}")
        closed = (await handle.describe()).close_time
        if closed is None:
            raise RuntimeError(f"{handle.id} has a result and no end")
        return closed.timestamp()

    def kill(self) -> None:
        """SIGKILL, if it lives."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def restart(self) -> None:
        """A new process in the place of one that was killed."""
        self.process = _spawn(self.server, self.kind, self.queue, self.notes)


@contextmanager
def running(server: Server, kind: str, folder: Path) -> Iterator[Running]:
    """A worker process of this kind, on queues of its own: see worker_process.py."""
    suffix = "-one" if kind == "bare-one" else ""
    queue = f"bench-{kind}-{uuid.uuid4().hex[:6]}{suffix}"
    notes = folder / f"{queue}.notes"
    worker = Running(server, kind, queue, notes, _spawn(server, kind, queue, notes))
    try:
        yield worker
    finally:
        worker.kill()


def _spawn(server: Server, kind: str, queue: str, notes: Path) -> subprocess.Popen[bytes]:
    """Start it, and wait until it says that it is ready."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIC_", "TEMPORAL_"))}
    complaints = notes.with_suffix(".log")
    with complaints.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "bench.worker_process", kind, queue, str(notes)],
            env={**own, **server.environment},
            stdout=subprocess.PIPE,
            stderr=log,
        )
    if process.stdout is not None and process.stdout.readline() == b"ready\n":
        return process
    process.kill()
    process.wait()
    raise RuntimeError(f"the worker process of kind {kind} did not start: {complaints.read_text('utf-8')[-2000:]}")
