"""`medic serve`: the webhook that takes events in."""

from __future__ import annotations

import typer

from cli.console import settings


def register(app: typer.Typer) -> None:
    app.command(name="serve")(run)


def run() -> None:
    """Take events in: POST /events (one envelope, or an EventList), GET /healthz.

    It listens at MEDIC_WEBHOOK_HOST:MEDIC_WEBHOOK_PORT (127.0.0.1:8000). As soon as others can reach it, it demands
    MEDIC_WEBHOOK_TOKEN as a bearer token, or a signature by one of MEDIC_WEBHOOK_KEYS. EventBridge itself calls the
    cloud function instead (starter/scf.py).

    [bold]Example:[/bold]  MEDIC_WEBHOOK_TOKEN=$(openssl rand -hex 32) MEDIC_WEBHOOK_HOST=0.0.0.0 medic serve
    """
    chosen = settings()

    from cli.logs import set_up_logs
    from starter import webhook

    set_up_logs(chosen)
    webhook.run(chosen)
