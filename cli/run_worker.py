"""`medic worker`: does the work that Temporal hands out."""

from __future__ import annotations

import typer

from cli.console import settings


def register(app: typer.Typer) -> None:
    app.command(name="worker")(run)


def run() -> None:
    """Do the work: decide about alarms, make snapshots, reboot, verify, tell people.

    It runs until SIGTERM or Ctrl-C, then finishes what is in its hands within MEDIC_SHUTDOWN_GRACE. Kill it at any
    moment and start it again: every run goes on where it stood. Start as many as you like.

    [bold]Example:[/bold]  MEDIC_CONFIG=medic.yaml medic worker
    """
    chosen = settings()

    import asyncio

    from cli.logs import set_up_logs
    from worker import run_worker

    set_up_logs(chosen)
    asyncio.run(run_worker(chosen))
