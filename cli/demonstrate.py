"""`medic demo`: a sick instance is healed, for real, on this machine."""

from __future__ import annotations

import importlib
from typing import Annotated

import typer

from cli.console import Output, OutputOption


def register(app: typer.Typer) -> None:
    app.command(name="demo")(run)


def run(
    keep: Annotated[bool, typer.Option("--keep", help="Leave all of it running to look around, until Ctrl-C.")] = False,
    kill: Annotated[bool, typer.Option("--kill/--no-kill", help="Kill the worker half-way and start another.")] = True,
    output: OutputOption = Output.TEXT,
) -> None:
    """Heal a sick instance on this machine: a real Temporal, a simulated cloud, and a worker that is killed half-way.

    Needs neither an account nor Docker, and leaves nothing behind.

    [bold]Example:[/bold]  medic demo --keep
    """
    demo = importlib.import_module("cli.demo")
    raise typer.Exit(demo.run(keep=keep, kill=kill, output=output.value))
