"""While nothing happens: the memory of what waits, and how soon it goes on after a kill."""

from __future__ import annotations

from pathlib import Path

from bench.load import percentile
from bench.report import Report, progress
from bench.standing import Restart, measure_memory, restart_while_idle, restart_while_waiting
from tests.temporal_server import Server


async def measure_memories(report: Report, server: Server, folder: Path, quick: bool) -> None:
    """Ours beside the bare pair, with as many that wait."""
    count = 100 if quick else 500
    progress.print(f"{count} waiting runs")
    bare = await measure_memory(server, "bare-plain", folder, count)
    lean = await measure_memory(server, "bare", folder, count)
    ours = await measure_memory(server, "waiting", folder, count)
    section = f"memory of a worker with {count} waiting"
    for kind, memory in (("bare", bare), ("bare, its modules loaded once", lean), ("ours", ours)):
        report.add(section, f"{kind}, nothing waits", memory.fresh, "MiB")
        report.add(section, f"{kind}, all wait", memory.waiting, "MiB")
        report.add(section, f"{kind}, each", memory.each_kib(count), "KiB")
    report.add(section, "ours / bare, whole process", ours.waiting / bare.waiting, "ratio", at_most=1.5)
    report.add(section, "ours / bare, each", ours.each_kib(count) / max(bare.each_kib(count), 1.0), "ratio")
    # The same saving given to the bare pair: what our own code costs on top of it.
    report.add(section, "ours / bare, its modules loaded once", ours.waiting / lean.waiting, "ratio")


async def measure_restarts(report: Report, server: Server, folder: Path, quick: bool) -> None:
    """Several kills in each situation."""
    trials = 2 if quick else 6
    progress.print(f"{trials} kills in each of two situations")
    waiting = [await restart_while_waiting(server, folder) for _ in range(trials)]
    idle = [await restart_while_idle(server, folder) for _ in range(trials)]
    for situation, some in (("in the snapshot wait", waiting), ("nothing in flight", idle)):
        _show(report, f"after SIGKILL, {situation}", some)


def _show(report: Report, section: str, some: list[Restart]) -> None:
    started = [one.task_from_start for one in some]
    report.add(section, "process start to next workflow task, p50", percentile(started, 50), "s")
    report.add(section, "process start to next workflow task, max", max(started), "s", at_most=5)
    report.add(section, "ready to next workflow task, max", max(one.task_from_ready for one in some), "s")
    readings = [one.reading_from_start for one in some if one.reading_from_start is not None]
    if readings:
        report.add(section, "process start to next look at the snapshot, p50", percentile(readings, 50), "s")
        report.add(section, "process start to next look at the snapshot, max", max(readings), "s")
