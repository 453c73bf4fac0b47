"""Side by side under load: ours and the bare pair in turn, on the same server, in the same minutes."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from bench.histories import footprint
from bench.load import Load, notices_at_rest, percentile, run_load
from bench.pair import Running, running
from bench.report import Report, progress
from tests.temporal_server import Server

MANY = 50
Loads = dict[tuple[str, int], list[Load]]


async def measure_side_by_side(report: Report, server: Server, folder: Path, quick: bool) -> None:
    """Throughput, latency, histories, CPU and calls; the ratio is the median of those of the single rounds."""
    rounds, many, few = (2, 60, 8) if quick else (5, 100, 15)
    loads: Loads = {}
    with (
        running(server, "bare", folder) as bare,
        running(server, "ours", folder) as ours,
        running(server, "bare-one", folder) as alone,
    ):
        for worker in (bare, ours, alone):
            await run_load(worker, 20, 10)  # caches and pollers are warm
        await _histories(report, bare, ours)
        rest = await notices_at_rest(ours, 8 if quick else 20)
        report.add("people told", "first notice at rest, p50", percentile(rest, 50), "ms", at_most=150)
        report.add("people told", "first notice at rest, p99", percentile(rest, 99), "ms")
        for number in range(rounds):
            progress.print(f"round {number + 1} of {rounds}")
            order = (bare, ours) if number % 2 == 0 else (ours, bare)  # neither always has the warmer server
            for at_once, total in ((1, few), (MANY, many)):
                for worker in order:
                    loads.setdefault((worker.kind, at_once), []).append(await run_load(worker, total, at_once))
            if number < 2:
                loads.setdefault((alone.kind, MANY), []).append(await run_load(alone, many, MANY))
    for at_once in (1, MANY):
        _side(report, loads, at_once)
    _costs(report, loads)


async def measure_over_http(report: Report, server: Server, folder: Path, quick: bool) -> None:
    """Beside it, without a goal: the real SDK and the simulator, in the worker's process."""
    if find_spec("simulator.server") is None:
        progress.print("there is no simulator here")
        return
    from bench.crowd import crowd_name

    names = [crowd_name(number) for number in range(30 if quick else 100)]
    with running(server, "http", folder) as worker:
        load = await run_load(worker, len(names), MANY, names)
    report.add(f"{MANY} at once", "ours with the simulator over HTTP (one run)", load.per_second, "remediations/s")


async def _histories(report: Report, bare: Running, ours: Running) -> None:
    """Of one piece of work of each; refuses to compare pairs that do not have the same work."""
    names: dict[str, str] = {}
    for worker in (bare, ours):
        loaded = await run_load(worker, 1, 1)
        names[worker.kind] = loaded.names[0]
    await asyncio.sleep(1)  # the parents have taken the ends down
    child = await footprint(ours.child(names["ours"]))
    parent = await footprint(ours.parent(names["ours"]))
    bare_child = await footprint(bare.child(names["bare"]))
    bare_parent = await footprint(bare.parent(names["bare"]))
    if child.work != bare_child.work or parent.work != bare_parent.work:
        raise RuntimeError(
            "the bare pair has not the same activities, local activities and children as ours: "
            f"{bare_child.work} and {child.work}, parents {bare_parent.work} and {parent.work}. Mend bench/bare.py"
        )
    section = "history of one remediation of two disks"
    report.add(section, "RemediateInstance", child.events, "events", at_most=100)
    report.add(section, "RemediateInstance", child.kib, "KiB")
    report.add(section, "RemediateInstance", child.tasks, "workflow tasks")
    report.add(section, "Incident", parent.events, "events")
    report.add(section, "Incident", parent.kib, "KiB")
    report.add(section, "Incident", parent.tasks, "workflow tasks")
    report.add(section, "bare child, parent", bare_child.events + bare_parent.events, "events")
    report.add(section, "bare child, parent", bare_child.kib + bare_parent.kib, "KiB")
    report.add(section, "bare child, parent", bare_child.tasks + bare_parent.tasks, "workflow tasks")
    report.add(section, "activities, the same in both", child.work[0], "activities")


def _side(report: Report, loads: Loads, at_once: int) -> None:
    section = f"{at_once} at once"
    for kind in ("bare", "ours"):
        some = loads[kind, at_once]
        report.add(section, kind, _median(one.per_second for one in some), "remediations/s")
        for what, values in (
            ("event to first notice", [ms for one in some for ms in one.notice_ms]),
            ("event to end", [ms for one in some for ms in one.end_ms]),
        ):
            report.add(section, f"{kind}, {what}, p50", percentile(values, 50), "ms")
            report.add(section, f"{kind}, {what}, p99", percentile(values, 99), "ms")
    ratios = _ratios(loads["ours", at_once], loads["bare", at_once])
    what = f"throughput, ours / bare: median of {len(ratios)} rounds"
    report.add(section, what, statistics.median(ratios), "ratio", at_least=0.6 if at_once == MANY else None)
    report.add(section, "throughput, ours / bare: lowest round", min(ratios), "ratio")
    if at_once == MANY:
        one = _ratios(loads["ours", MANY], loads["bare-one", MANY])
        report.add(section, "ours / bare pair on a single queue", statistics.median(one), "ratio")


def _costs(report: Report, loads: Loads) -> None:
    section = "cost of one remediation"
    for kind in ("bare", "ours"):
        each = _median(one.cpu_ms_each for one in loads[kind, MANY])
        report.add(section, f"worker CPU, {kind}, {MANY} at once", each, "ms")
    report.add(section, "calls of the cloud", _median(one.calls_each for one in loads["ours", 1]), "calls")


def _ratios(ours: Sequence[Load], bare: Sequence[Load]) -> list[float]:
    return [mine.per_second / theirs.per_second for mine, theirs in zip(ours, bare, strict=False)]


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)
