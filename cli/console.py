"""What the commands share: where words go, exit codes, and errors in one clear line."""

from __future__ import annotations

import getpass
import json
import os
import socket
import traceback
from collections.abc import Coroutine, Sequence
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from remediation.settings import Settings

T = TypeVar("T")


class Code(IntEnum):
    """How the process ends."""

    WELL = 0
    FAILED = 1
    USAGE = 2
    NOT_RECOVERED = 3
    NOT_APPROVED = 4
    NO_RULE = 5
    TIMED_OUT = 124


class Output(str, Enum):
    """How data is written to stdout."""

    TEXT = "text"
    JSON = "json"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="How data is written to stdout.")]


def settings() -> Settings:
    """Our settings from the environment.

    Raises:
        ConfigError: one cannot be right, or is one that nobody reads.
    """
    from remediation.settings import read_settings

    return read_settings(os.environ)


def err() -> Console:
    """Stderr, for progress and advice."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def look(command: Coroutine[Any, Any, T]) -> T:
    """Run a command that only looks at what Temporal does: Ctrl-C ends the looking alone, with exit 130."""
    import asyncio

    try:
        return asyncio.run(command)
    except KeyboardInterrupt:
        typer.echo("stopped looking; what was begun goes on in Temporal (`medic runs`)", err=True)
        raise typer.Exit(130) from None


def write(line: str) -> None:
    """A line of data on stdout; its colours only for a terminal that wants them."""
    typer.echo(line, color=None if _colour() else False)


def write_json(value: Any) -> None:
    """The one JSON object of a command, on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def write_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns on stdout, as wide as they need to be: for eyes as well as for `grep` and `awk`."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def fail(error: BaseException) -> typer.Exit:
    """Tell an error in one line on stderr, and return the exit that goes with it."""
    from remediation.errors import MedicError

    if os.environ.get("MEDIC_LOG_LEVEL") == "debug":
        typer.echo("".join(traceback.format_exception(error)), err=True)
    if isinstance(error, (MedicError, OSError)):
        _say_error(str(error))
    else:
        told = " ".join(str(error).split())
        _say_error(f"this should not happen: {type(error).__name__}: {told}. MEDIC_LOG_LEVEL=debug shows the traceback")
    return typer.Exit(Code.FAILED)


def misused(problem: str) -> typer.BadParameter:
    """A mistake in how a command was called: exit 2, with the usage."""
    return typer.BadParameter(problem)


def _say_error(text: str) -> None:
    typer.echo(typer.style("error:", fg="red") + f" {text}", err=True, color=None if _colour() else False)


def _colour() -> bool:
    return "NO_COLOR" not in os.environ


def who() -> str:
    """The user and the machine that a command comes from: what a name that somebody gives is recorded beside."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError):  # a user without a name, as in a container
        return f"somebody@{socket.gethostname()}"
