"""`medic health`: whether the worker or the door on this machine is well; for a container's health check."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import Code, look, settings

if TYPE_CHECKING:
    from remediation.settings import Settings


class Part(str, Enum):
    """What is asked after."""

    WORKER = "worker"
    DOOR = "door"


def register(app: typer.Typer) -> None:
    app.command(name="health")(run)


def run(
    part: Annotated[Part, typer.Argument(help="worker: one of this machine polls; door: it answers, and Temporal.")],
) -> None:
    """Say whether the worker or the door on this machine is well: exit 0, else 1.

    A worker that stopped polling is noticed within five minutes: so long Temporal remembers it.

    [bold]Example:[/bold]  medic health worker
    """
    chosen = settings()
    problem = look(_of_the_worker(chosen)) if part is Part.WORKER else _of_the_door(chosen)
    if problem:
        typer.echo(problem, err=True)
        raise typer.Exit(Code.FAILED)
    typer.echo(f"the {part.value} is well", err=True)


async def _of_the_worker(chosen: Settings) -> str:
    import socket

    from starter.connection import connect
    from starter.workers import workers_of

    polling = await workers_of(await connect(), chosen.task_queue)
    here = socket.gethostname()
    # The SDK's own identity of a client: `PID@HOST`.
    if any(identity.endswith(f"@{here}") for identity in polling):
        return ""
    return f"no worker on {here} polls {chosen.task_queue}; elsewhere {len(polling)} do"


def _of_the_door(chosen: Settings) -> str:
    import urllib.error
    import urllib.request

    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(chosen.webhook_host, chosen.webhook_host)  # noqa: S104  # not bound
    url = f"http://{f'[{host}]' if ':' in host else host}:{chosen.webhook_port}/healthz"
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is this machine
    try:
        with straight.open(url, timeout=10) as answer:
            return "" if answer.status == 200 else f"{url} answers {answer.status}"
    except urllib.error.HTTPError as error:
        return f"{url} answers {error.code}: {error.read(500).decode(errors='replace')}"
    except OSError as error:
        return f"{url} does not answer: {error}"
