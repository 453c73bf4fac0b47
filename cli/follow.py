"""The live story of a run, told to people until it ends."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta, timezone
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
)

from cli.lookup import ask, describe, standing
from cli.timeline import Line, read_timeline
from remediation.errors import MedicError
from remediation.report import RemediationResult
from starter.connection import TemporalUnreachable, reach

# Between two looks: soon after a change, slower while nothing moves.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 2.0
_LOOKS = {"waiting": ("…", "yellow"), "running": ("▸", "cyan"), "done": ("✓", "green"), "failed": ("✗", "red")}


class RunFailed(MedicError):
    """The run was ended from outside, or could not say how it ended."""


async def follow(
    client: Client,
    workflow_id: str,
    run_id: str,
    *,
    console: Console,
    on_change: Callable[[Sequence[Line]], None] | None = None,
) -> RemediationResult:
    """Show a remediation on `console` until it ends; neither needs nor disturbs a worker.

    Args:
        run_id: "" means the latest run of this id.
        on_change: called with all steps whenever one of them began, moved or ended.

    Raises:
        NotFound: there is no such run.
        RunFailed: it ended without a result.
    """
    handle = client.get_workflow_handle(workflow_id, run_id=run_id or None, result_type=RemediationResult)
    screen = _Table(console) if console.is_terminal else _Plain(console)
    with screen.context:
        await _watch(client, handle, screen, on_change)
    return await result_of(client, handle)


async def result_of(client: Client, handle: WorkflowHandle[Any, RemediationResult]) -> RemediationResult:
    """The result of a run that has ended.

    Raises:
        RunFailed: it has none.
    """
    try:
        return await reach(client, handle.result(follow_runs=False))
    except WorkflowFailureError as error:
        raise RunFailed(f"{handle.id} ended without a result: {error.cause or error}") from None


async def read_story(
    client: Client, handle: WorkflowHandle[Any, Any], described: WorkflowExecutionDescription
) -> list[Line]:
    """All steps of a run so far."""
    history = await ask(client, f"run {handle.id}", handle.fetch_history())
    return await _lines(client, history.events, described)


async def _watch(
    client: Client,
    handle: WorkflowHandle[Any, Any],
    screen: _Screen,
    on_change: Callable[[Sequence[Line]], None] | None,
) -> None:
    events: Sequence[HistoryEvent] = ()
    moved: list[tuple[Any, ...]] = []
    pause = _FIRST_PAUSE
    while True:
        try:
            described = await describe(client, handle)
            if described.history_length != len(events):
                events = (await ask(client, f"run {handle.id}", handle.fetch_history())).events
        except TemporalUnreachable as error:
            screen.note(f"{error.reason}; trying again")
            pause = _LONGEST_PAUSE
        else:
            lines = await _lines(client, events, described)
            screen.show(lines, described)
            now = [(line.step, line.state, line.attempts, line.detail) for line in lines]
            pause = _FIRST_PAUSE if now != moved else min(pause * 1.3, _LONGEST_PAUSE)
            if now != moved and on_change is not None:
                on_change(lines)
            moved = now
            if described.status is not WorkflowExecutionStatus.RUNNING:
                return
        await asyncio.sleep(pause)


async def _lines(client: Client, events: Sequence[HistoryEvent], described: WorkflowExecutionDescription) -> list[Line]:
    pending = described.raw_description.pending_activities
    return await read_timeline(events, pending, client.data_converter, datetime.now(timezone.utc))


class _Screen(ABC):
    """Where the story is shown."""

    context: AbstractContextManager[Any] = nullcontext()

    def __init__(self, console: Console) -> None:
        self._console = console

    @abstractmethod
    def show(self, lines: Sequence[Line], run: WorkflowExecutionDescription) -> None:
        """The whole story so far."""

    def note(self, text: str) -> None:
        """Something beside the story."""
        self._console.print(text, style="yellow")


class _Table(_Screen):
    """A table that is drawn again in its place."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.context = self._live = Live(console=console, auto_refresh=False, vertical_overflow="visible")

    def show(self, lines: Sequence[Line], run: WorkflowExecutionDescription) -> None:
        self._live.update(table_of(lines, f"{run.id} · {standing(run)}"), refresh=True)


class _Plain(_Screen):
    """A line for each change, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._said: dict[tuple[str, datetime, int], tuple[str, str]] = {}
        self._noted = ""

    def show(self, lines: Sequence[Line], run: WorkflowExecutionDescription) -> None:
        self._noted = ""
        alike: Counter[tuple[str, datetime]] = Counter()
        for line in lines:
            # Not by its place: a timer shows a second after it began, before what began later and was told already.
            alike[line.step, line.started_at] += 1
            which = (line.step, line.started_at, alike[line.step, line.started_at])
            # A wait is read again and again: that it is being read right now is no news.
            said = ("open" if line.is_open else line.state, line.detail)
            if self._said.get(which) != said:
                self._said[which] = said
                self._console.print(plain(line), soft_wrap=True)

    def note(self, text: str) -> None:
        if text != self._noted:
            self._noted = text
            self._console.print(text, soft_wrap=True)


def table_of(lines: Sequence[Line], title: str) -> Group:
    """The steps as a table for a terminal, below their title, which may be wider than they are."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    table.add_column("step")
    table.add_column("tries", justify="right")
    table.add_column("time", justify="right")
    table.add_column("")
    for line in lines:
        sign, colour = _LOOKS[line.state]
        # Text, not markup: what comes from the cloud may hold brackets.
        table.add_row(
            Text(sign, colour), Text(line.step), str(line.attempts or ""), span(line.seconds), Text(line.detail, "dim")
        )
    return Group(Text(title, "italic"), table)


def plain(line: Line) -> str:
    """One step as one line: `14:02:11 ✓ snapshot of data disk disk-1 (1.2 s)`."""
    sign, _ = _LOOKS["running" if line.is_open else line.state]
    tries = f", {line.attempts} tries" if line.attempts > 1 and not line.is_open else ""
    took = "" if line.is_open else f" ({span(line.seconds)}{tries})"
    detail = f": {line.detail}" if line.detail else ""
    at = line.started_at + timedelta(seconds=line.seconds)
    return f"{at.astimezone():%H:%M:%S} {sign} {line.step}{took}{detail}"


def span(seconds: float) -> str:
    """`4.2 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
