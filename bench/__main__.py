"""`make bench`: everything in one run, on a dev server of its own; `--quick` for a first look."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.load import Load, p, run_load
from bench.pair import running
from bench.standing import memory_mib, restart_seconds
from remediation import contract
from tests.temporal_server import Server, dev_server

console, progress = Console(), Console(stderr=True)


class Findings:
    """Rows of the report: what was measured, and the goal, if there is one."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str | float | bool | None]] = []

    def add(self, what: str, value: float, unit: str, *, goal: str = "", met: bool | None = None) -> None:
        self.rows.append({"what": what, "value": round(value, 3), "unit": unit, "goal": goal, "met": met})
        progress.print(f"  {what}: {value:.3g} {unit}", highlight=False)

    def show(self) -> None:
        table = Table("measured", "value", "unit", "goal", "")
        for row in self.rows:
            mark = {True: "met", False: "[bold red]not met[/]", None: ""}[row["met"]]  # type: ignore[index]  # a bool or None
            table.add_row(str(row["what"]), f"{row['value']:g}", str(row["unit"]), str(row["goal"]), mark)
        console.print(table)


def main(
    quick: Annotated[bool, typer.Option(help="Fewer and shorter runs.")] = False,
    to: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
) -> None:
    """Measure ours beside a bare parent and child with as many activities that do nothing."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, temporalio {version('temporalio')}"
    console.print(f"{machine}; server, worker and client on the same machine")
    findings = Findings()
    asyncio.run(_measure(findings, quick))
    findings.show()
    if to is not None:
        to.write_text(json.dumps({"machine": machine, "rows": findings.rows}, indent=1), encoding="utf-8")


async def _measure(findings: Findings, quick: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="medic-bench-") as name:
        folder = Path(name)
        async with dev_server() as server:
            await _side_by_side(findings, server, folder, quick)
            await _over_http(findings, server, folder, quick)
        async with dev_server() as server:
            await _standing(findings, server, folder, quick)


async def _side_by_side(findings: Findings, server: Server, folder: Path, quick: bool) -> None:
    rounds, many, few = (2, 60, 8) if quick else (5, 150, 20)
    loads: dict[tuple[str, int], list[Load]] = {}
    with running(server, "bare", folder) as bare, running(server, "ours", folder) as ours:
        for worker in (bare, ours):
            await run_load(worker, 20, 10)  # caches and pollers are warm
        for number in range(rounds):
            progress.print(f"round {number + 1} of {rounds}", highlight=False)
            for at_once, total in ((1, few), (50, many)):
                for worker in (bare, ours):
                    loads.setdefault((worker.kind, at_once), []).append(await run_load(worker, total, at_once))
        await _history(findings, server, loads["ours", 1][0].names[0])
    for at_once in (1, 50):
        rate = {kind: statistics.median(one.per_second for one in loads[kind, at_once]) for kind in ("bare", "ours")}
        for kind in ("bare", "ours"):
            ends = tuple(value for one in loads[kind, at_once] for value in one.end_ms)
            findings.add(f"{kind}, {at_once} at once", rate[kind], "remediations/s")
            findings.add(f"{kind}, {at_once} at once: event to end, p50", p(ends, 50), "ms")
            findings.add(f"{kind}, {at_once} at once: event to end, p99", p(ends, 99), "ms")
        ratio = rate["ours"] / rate["bare"]
        goal, met = ("≥ 0.6", ratio >= 0.6) if at_once == 50 else ("", None)
        findings.add(f"throughput, ours / bare, {at_once} at once", ratio, "ratio", goal=goal, met=met)
        notices = tuple(value for one in loads["ours", at_once] for value in one.notice_ms)
        goal, met = ("≤ 150", p(notices, 50) <= 150) if at_once == 1 else ("", None)
        findings.add(f"event to first notice, {at_once} at once, p50", p(notices, 50), "ms", goal=goal, met=met)
        findings.add(f"event to first notice, {at_once} at once, p99", p(notices, 99), "ms")
    for kind in ("bare", "ours"):
        each = statistics.median(one.cpu_ms_each for one in loads[kind, 50])
        findings.add(f"worker CPU a remediation, {kind}", each, "ms")
    findings.add("calls of the cloud a remediation", loads["ours", 1][-1].calls_each, "calls")


async def _history(findings: Findings, server: Server, name: str) -> None:
    instance = f"ins-{name}"
    for kind, workflow_id in (
        ("RemediateInstance", contract.remediation_id("ap-guangzhou", instance)),
        ("Incident", contract.incident_id("ap-guangzhou", instance)),
    ):
        described = await server.client.get_workflow_handle(workflow_id).describe()
        size = described.raw_description.workflow_execution_info.history_size_bytes
        events = described.history_length
        goal, met = ("≤ 100", events <= 100) if kind == "RemediateInstance" else ("", None)
        findings.add(f"history of {kind}, two disks", events, "events", goal=goal, met=met)
        findings.add(f"history of {kind}", size / 1024, "KiB")


async def _over_http(findings: Findings, server: Server, folder: Path, quick: bool) -> None:
    progress.print("with the real SDK over HTTP", highlight=False)
    total = 30 if quick else 100
    with running(server, "http", folder) as worker:
        load = await run_load(worker, total, 50, [f"{number:08}" for number in range(total)])
    findings.add("with the simulator over HTTP, 50 at once", load.per_second, "remediations/s")


async def _standing(findings: Findings, server: Server, folder: Path, quick: bool) -> None:
    count, trials = (100, 2) if quick else (500, 5)
    progress.print(f"{count} waiting runs", highlight=False)
    bare, bare_grown = await memory_mib(server, "bare", folder, count)
    ours, ours_grown = await memory_mib(server, "waiting", folder, count)
    findings.add(f"worker memory, {count} waiting, bare", bare, "MiB")
    findings.add(f"worker memory, {count} waiting, ours", ours, "MiB")
    findings.add("memory, ours / bare", ours / bare, "ratio", goal="≤ 1.5", met=ours / bare <= 1.5)
    findings.add("memory a waiting run, ours / bare", ours_grown / max(bare_grown, 0.1), "ratio")
    progress.print("kill and restart", highlight=False)
    waits = [await restart_seconds(server, folder) for _ in range(trials)]
    worst = max(ready for ready, _ in waits)
    findings.add("after SIGKILL: worker ready → next workflow task, worst", worst, "s", goal="≤ 5", met=worst <= 5)
    findings.add("after SIGKILL: process start → next workflow task, worst", max(all_ for _, all_ in waits), "s")


if __name__ == "__main__":
    typer.run(main)
