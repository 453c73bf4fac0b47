"""`medic schema`: the JSON Schema of medic.yaml, for editors."""

from __future__ import annotations

import typer

from cli.console import write_json


def register(app: typer.Typer) -> None:
    app.command(name="schema")(run)


def run() -> None:
    """Write the JSON Schema of medic.yaml: an editor that has it completes, explains and underlines.

    [bold]Example:[/bold]  medic schema > medic.schema.json
    """
    from remediation.config import Config
    from remediation.schema import page_schema

    write_json(page_schema(Config))
