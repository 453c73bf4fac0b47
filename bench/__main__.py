"""`make bench`: everything in one run, on dev servers of its own; `ARGS=--quick` for a first look."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.cold import measure_cold_start
from bench.matching import measure_matching
from bench.replaying import measure_replaying
from bench.report import Report, progress
from bench.sides import measure_over_http, measure_side_by_side
from bench.still import measure_memories, measure_restarts
from tests.temporal_server import dev_server, server_speaks_on_stderr


def main(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer and shorter runs.")] = False,
    pure: Annotated[bool, typer.Option("--pure", help="Only what needs no Temporal server.")] = False,
    to: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
) -> None:
    """Measure ours beside a bare parent and child with as many activities that do nothing, and what is pure alone."""
    report = Report()
    with server_speaks_on_stderr() as out:
        measure_matching(report, quick)
        measure_replaying(report, quick)
        if not pure:
            asyncio.run(_measure(report, quick))
        report.show(Console(file=out))
    if to is not None:
        report.write(to)


async def _measure(report: Report, quick: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="medic-bench-") as name:
        folder = Path(name)
        progress.print(report.machine)
        async with dev_server() as server:
            await measure_side_by_side(report, server, folder, quick)
            await measure_over_http(report, server, folder, quick)
        async with dev_server() as server:
            await asyncio.to_thread(measure_cold_start, report, server, quick)
        async with dev_server() as server:  # afresh: the restarts are not to wait behind what was
            await measure_restarts(report, server, folder, quick)
            await measure_memories(report, server, folder, quick)


if __name__ == "__main__":
    typer.run(main)
