"""How the demo ends: the outcome, the time of each step, the cloud's own log, the notices, the run's address."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from remediation.report import Outcome, RemediationResult
from remediation.telling import say
from simulator.inbox import Received
from simulator.log import Entry


@dataclass(frozen=True)
class Closing:
    """All that the demo has to show."""

    result: RemediationResult
    log: Sequence[Entry]
    notices: tuple[Received, ...]
    broken: tuple[str, ...]
    url: str
    seconds: float

    @property
    def proves_it(self) -> bool:
        return self.result.outcome is Outcome.RECOVERED and not self.broken


def show_closing(closing: Closing, console: Console) -> None:
    """For people, on stdout."""
    result = closing.result
    colour = "green" if closing.proves_it else "red"
    console.print(f"\n[bold {colour}]{result.outcome.value}[/]  {say(result.reason)}\n")
    steps = Table("step", "seconds", title="what took how long", title_justify="left")
    for step in result.steps:
        steps.add_row(step.name, f"{step.seconds:.1f}")
    console.print(steps)
    console.print(_log_table(closing.log))
    for line in closing.broken:
        console.print(f"[bold red]not proven:[/] {line}")
    if not closing.broken:
        console.print("[bold green]proven[/] by the cloud's log: one snapshot a disk, all NORMAL before the one reboot")
    shown: set[str] = set()
    for notice in closing.notices:
        text = (notice.body["text"] if isinstance(notice.body, dict) else str(notice.body)).strip()
        console.rule(f"{notice.kind} to {notice.to}, {_clock(notice.at)}", align="left")
        short = text.splitlines()[0] + "\n(the same text)" if text in shown else text
        console.print(short, highlight=False, markup=False, soft_wrap=True)
        shown.add(text)
    console.rule()
    console.print(f"the run in the Temporal UI: {closing.url}", highlight=False, soft_wrap=True)
    console.print(f"took {closing.seconds:.0f} s in all", highlight=False)


def write_closing(closing: Closing) -> None:
    """For machines: one JSON object on stdout."""
    found: dict[str, Any] = {
        "outcome": closing.result.outcome.value,
        "proven": closing.proves_it,
        "broken": list(closing.broken),
        "seconds": round(closing.seconds, 1),
        "url": closing.url,
        "result": closing.result.model_dump(mode="json"),
        "log": [entry.as_dict() for entry in closing.log],
        "notices": [{"kind": one.kind, "to": one.to, "at": one.at, "body": one.body} for one in closing.notices],
    }
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2))


def _reads(count: int) -> str:
    return f"[dim]{count} read{'' if count == 1 else 's'}[/]"


def _log_table(log: Sequence[Entry]) -> Table:
    """Every mutating call and every effect; of the reads in between only how many they were."""
    table = Table("time", "the cloud's own log", "about", "request", title="in the cloud's order", title_justify="left")
    reads = 0
    for entry in log:
        if entry.kind == "call" and entry.name.startswith("Describe"):
            reads += 1
            continue
        if reads:
            table.add_row("", _reads(reads), "", "")
            reads = 0
        name = f"[bold]{entry.name}[/]" if entry.kind == "call" else f"  {entry.name}"
        error = f" [red]{entry.error}[/]" if entry.error else ""
        table.add_row(_clock(entry.at), name + error, ", ".join(entry.targets), (entry.request_id or "")[:8])
    if reads:
        table.add_row("", _reads(reads), "", "")
    return table


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).astimezone().strftime("%H:%M:%S.%f")[:-3]
