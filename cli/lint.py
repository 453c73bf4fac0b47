"""`medic lint`: what is wrong with medic.yaml, and what cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Code, Output, OutputOption, write, write_json
from cli.pages import page_text

if TYPE_CHECKING:
    from remediation.errors import ConfigError
    from remediation.linting import Severity

_COLOURS = {"error": "red", "warning": "yellow"}


def register(app: typer.Typer) -> None:
    app.command(name="lint")(run)


def run(
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="Else MEDIC_CONFIG, else medic.yaml; - is stdin.")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for warnings too.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Check medic.yaml without starting anything: neither secrets nor Temporal nor the cloud are needed.

    Errors: what the worker would refuse, and rules that can never run. Warnings: what may not be meant.

    [bold]Example:[/bold]  medic lint medic.yaml --strict
    """
    name, text = page_text(file)
    found = lint_text(text, name)
    if output is Output.JSON:
        write_json({"file": name, "findings": [_as_dict(severity, place) for severity, place in found]})
    else:
        for severity, place in found:
            where = f"{place.file}:{place.line}:{place.column}" if place.line else place.file
            write(f"{where} {typer.style(severity.value, fg=_COLOURS[severity.value])}: {_message(place)}")
            if place.source:
                write(f"    {place.source}\n    {' ' * (place.column - 1)}^")
        typer.echo(f"{name}: {_count(found)}", err=True)
    failing = found if strict else [one for one in found if one[0].value == "error"]
    raise typer.Exit(Code.FAILED if failing else Code.WELL)


def lint_text(text: str, name: str) -> list[tuple[Severity, ConfigError]]:
    """Everything about a page that is wrong, or may not be meant, by its place."""
    from dataclasses import replace

    from activities.clients.anything import MISSING, missing
    from remediation.config import read_config
    from remediation.errors import ConfigError
    from remediation.linting import Severity, lint
    from remediation.yaml_marks import load

    try:
        config = read_config(text, name, None)
    except ConfigError as refused:
        return [(Severity.ERROR, replace(one, others=())) for one in (refused, *refused.others)]
    page = load(text, name)
    found = [(one.severity, page.error(one.path, one.message)) for one in lint(config)]
    # On the worker's machine it is an error; the page may be looked at on another.
    found += [(Severity.WARNING, page.error(path, MISSING)) for path in missing(config)]
    return sorted(found, key=lambda one: (one[1].line, one[1].column))


def _message(place: ConfigError) -> str:
    return f"{place.path}: {place.message}" if place.path else place.message


def _as_dict(severity: Severity, place: ConfigError) -> dict[str, Any]:
    shown = {name: getattr(place, name) for name in ("file", "line", "column", "path", "message")}
    return {"severity": severity.value, **shown}


def _count(found: list[tuple[Severity, ConfigError]]) -> str:
    kinds = [severity.value for severity, _ in found]
    counts = [(kinds.count(kind), kind) for kind in ("error", "warning")]
    said = [f"{count} {kind}{'s' if count > 1 else ''}" for count, kind in counts if count]
    return ", ".join(said) or "nothing to find fault with"
