"""medic.yaml for commands that only look at it: no secret is needed, and no address is ever used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import misused, settings

if TYPE_CHECKING:
    from remediation.config import Config

ConfigOption = Annotated[str, typer.Option("--config", "-c", help="The page; else MEDIC_CONFIG, else medic.yaml.")]


def page_text(file: str) -> tuple[str, str]:
    """(name, text) of the page that is meant.

    Raises:
        BadParameter: it cannot be read.
    """
    name = file or settings().config
    try:
        return name, read_bytes(name).decode("utf-8")
    except UnicodeDecodeError:
        raise misused(f"{name} is not UTF-8") from None


def read_page(file: str) -> Config:
    """The page without its secrets.

    Raises:
        ConfigError: it has mistakes.
    """
    from remediation.config import read_config

    name, text = page_text(file)
    return read_config(text, name, None)


def read_bytes(file: str) -> bytes:
    """What is in a file; `-` is stdin.

    Raises:
        BadParameter: it cannot be read.
    """
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise misused(f"{file} cannot be read: {error.strerror}") from None
