"""The cloud function's cold start: from the start of a process to the receipt, beside a bare client's same start."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path

from bench.report import Report, progress
from tests.temporal_server import Server

ROOT = Path(__file__).resolve().parents[1]
# Each reads its event from stdin, says one line when Temporal has it, and takes a second event while it is warm.
_OURS = """
import json, sys
from starter.scf import main_handler
for line in sys.stdin:
    receipt = main_handler(json.loads(line), {"request_id": "bench"})
    print(receipt["events"][0]["status"], flush=True)
"""
_BARE = """
import asyncio, json, os, sys
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
async def main():
    client = await Client.connect(os.environ["TEMPORAL_ADDRESS"], namespace=os.environ["TEMPORAL_NAMESPACE"])
    for line in sys.stdin:
        event = json.loads(line)
        await client.start_workflow(
            "Incident", id="bare/" + event["subject"], task_queue="bench-cold",
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="take_event", start_signal_args=[{"alarm": event}],
        )
        print("accepted", flush=True)
asyncio.run(main())
"""


def measure_cold_start(report: Report, server: Server, quick: bool) -> None:
    """Medians of processes that are started in turn; nobody polls, so that nobody else is at work."""
    rounds = 5 if quick else 15
    progress.print(f"{rounds} cold starts of each")
    took: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": []}
    for number in range(rounds + 1):
        for kind, driver in (("bare", _BARE), ("ours", _OURS)):
            cold = _started(server, driver)
            if number:  # the first of each finds no byte code, and the disk's cache cold
                took[kind].append(cold)
    section = "cloud function: process start to receipt"
    for kind, name in (("bare", "bare client"), ("ours", "ours")):
        report.add(section, name, statistics.median(cold for cold, _ in took[kind]) * 1000, "ms")
        report.add(section, f"{name}, warm", statistics.median(warm for _, warm in took[kind]) * 1000, "ms")
    ratios = [ours[0] / bare[0] for ours, bare in zip(took["ours"], took["bare"], strict=True)]
    report.add(section, f"ours / bare: median of {rounds}", statistics.median(ratios), "ratio", at_most=1.5)


def _started(server: Server, driver: str) -> tuple[float, float]:
    """Seconds from the start of the process to its first receipt, and from the second event to the second."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIC_", "TEMPORAL_"))}
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603  # our own
        [sys.executable, "-c", driver],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**own, **server.environment, "MEDIC_TASK_QUEUE": "bench-cold"},
    ) as process:
        cold = _receipt(process, began)
        return cold, _receipt(process, time.perf_counter())


def _receipt(process: subprocess.Popen[str], since: float) -> float:
    event = {
        "id": uuid.uuid4().hex,
        "source": "cvm.cloud.tencent",
        "type": "cvm:ErrorEvent:DiskReadonly",
        "subject": f"ins-{uuid.uuid4().hex[:10]}",
        "region": "ap-bench",
        "time": int(time.time() * 1000),
        "status": "1",
        "data": {},
    }
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise RuntimeError("it has no pipes")
    process.stdin.write(json.dumps(event) + "\n")
    process.stdin.flush()
    if process.stdout.readline() != "accepted\n":
        process.kill()
        raise RuntimeError(f"it did not take the event: {process.stderr.read()[-2000:]}")
    return time.perf_counter() - since
