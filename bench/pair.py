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
from temporalio.service import RPCError

from bench.bare import PARENT
from remediation import contract
from starter.start import start
from tests.temporal_server import Server

REGION = "ap-guangzhou"


@dataclass
class Running:
    """A worker process, and what it wrote."""

    kind: str
    client: Client
    queue: str
    notes: Path
    process: subprocess.Popen[bytes]

    @property
    def measured(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    def cpu_seconds(self) -> float:
        times = self.measured.cpu_times()
        return float(times.user + times.system)

    def rss_mib(self) -> float:
        return float(self.measured.memory_info().rss) / 2**20

    def noted(self) -> list[tuple[float, str, str, int]]:
        """(time, instance, headline, calls of the cloud so far) of each notice."""
        lines = self.notes.read_text(encoding="utf-8").split("\n") if self.notes.exists() else []
        rows = (line.split() for line in lines if line)
        return [(float(at), instance, headline, int(calls)) for at, instance, headline, calls in rows]

    async def begin(self, name: str, *, waits: bool = False) -> float:
        """Start one; returns the time at which it was asked for."""
        at = time.time()
        if self.kind == "bare":
            await self.client.start_workflow(
                PARENT, id=f"bare/{name}", task_queue=self.queue, start_signal="begin", start_signal_args=[waits]
            )
            return at
        event = {
            "id": uuid.uuid4().hex,
            "source": "cvm.cloud.tencent",
            "type": "cvm:ErrorEvent:DiskReadonly",
            "subject": f"ins-{name}",
            "region": REGION,
            "time": int(at * 1000),
            "status": "1",
            "data": {},
        }
        await start(self.client, event, received_at=datetime.now(timezone.utc), task_queue=self.queue)
        return at

    def child(self, name: str) -> WorkflowHandle[Any, Any]:
        workflow_id = f"bare/{name}/child" if self.kind == "bare" else contract.remediation_id(REGION, f"ins-{name}")
        return self.client.get_workflow_handle(workflow_id)

    async def end(self, name: str) -> float:
        """Wait for the child's end; returns the server's time of it."""
        handle = self.child(name)
        while True:
            try:
                await handle.result()
            except RPCError:
                await asyncio.sleep(0.02)  # it has not begun yet
                continue
            closed = (await handle.describe()).close_time
            if closed is not None:
                return closed.timestamp()


@contextmanager
def running(server: Server, kind: str, folder: Path, queue: str = "") -> Iterator[Running]:
    """A worker process of this kind: bare, ours, waiting (for ever, never looking), slow (for ever), http."""
    queue = queue or f"bench-{kind}-{uuid.uuid4().hex[:6]}"
    notes = folder / f"{queue}.notes"
    process = spawn(server, kind, queue, notes)
    try:
        yield Running(kind, server.client, queue, notes, process)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def spawn(server: Server, kind: str, queue: str, notes: Path) -> subprocess.Popen[bytes]:
    """Start it, and wait until it says that it is ready."""
    process = subprocess.Popen(  # noqa: S603  # our own module
        [sys.executable, "-m", "bench.worker_process", kind, queue, str(notes)],
        env={**os.environ, **server.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    if process.stdout is None or process.stdout.readline() != b"ready\n":
        raise RuntimeError(f"the worker process of kind {kind} did not start")
    return process
