"""What was measured, beside the goals: a table for people, JSON for machines."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

progress = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Row:
    """One figure; `met` is None where there is no goal."""

    what: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None


@dataclass
class Report:
    """The figures so far, in sections, and where they come from."""

    sections: dict[str, list[Row]] = field(default_factory=dict)
    machine: str = field(
        default_factory=lambda: (
            f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
            f"Python {platform.python_version()}, temporalio {version('temporalio')}; "
            "server, worker and client share the machine"
        )
    )
    command: str = field(default_factory=lambda: shlex.join(["python", "-m", "bench", *sys.argv[1:]]))

    def add(
        self,
        section: str,
        what: str,
        value: float,
        unit: str,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        """One more figure, and its goal, if there is one."""
        goal, met = "", None
        if at_least is not None:
            goal, met = f"≥ {at_least:g}", value >= at_least
        if at_most is not None:
            goal, met = f"≤ {at_most:g}", value <= at_most
        self.sections.setdefault(section, []).append(Row(what, round(value, 3), unit, goal, met))
        progress.print(f"  {section}: {what}: {_short(value)} {unit}")

    def show(self, console: Console) -> None:
        """The table, a section after the other."""
        table = Table("measured", "value", "unit", "goal", "")
        table.columns[1].justify = "right"
        for section, rows in self.sections.items():
            table.add_section()
            table.add_row(f"[bold]{section}[/]")
            for row in rows:
                mark = "" if row.met is None else "[green]met[/]" if row.met else "[bold red]not met[/]"
                table.add_row(f"  {row.what}", _short(row.value), row.unit, row.goal, mark)
        console.print(table)
        console.print(self.machine, highlight=False)
        console.print(f"$ {self.command}", highlight=False)

    def write(self, path: Path) -> None:
        rows = {section: [asdict(row) for row in rows] for section, rows in self.sections.items()}
        whole = {"machine": self.machine, "command": self.command, "sections": rows}
        path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
