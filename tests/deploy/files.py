"""The files of the deployment as they are written, and the tools of others that know how they have to be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

import cli

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
ONCE = sorted(name for name, service in SERVICES.items() if service["restart"].startswith("on-failure"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
_LOCK = ROOT / "requirements" / "deploy.txt"
_TOOLS = ROOT / ".venv-deploy"


def tools() -> Path:
    """Where requirements/deploy.txt is installed, from the registry that pip is set to; made anew when it changed."""
    made_of = _TOOLS / "lock.txt"  # written last: an installation that was interrupted is made anew
    if not made_of.exists() or made_of.read_bytes() != _LOCK.read_bytes():
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
            "--upgrade",
            "--no-deps",
        ]
        done = subprocess.run(
            [*pip, "--require-hashes", "--target", str(_TOOLS), "-r", str(_LOCK)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            pytest.fail(f"what these tests need cannot be fetched from pip's registry: {done.stderr[-500:]}")
        made_of.write_bytes(_LOCK.read_bytes())
    return _TOOLS


def understood(words: list[str]) -> None:
    """Raises unless the console has this command, with these arguments and options."""
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]  # a group has commands
    commands[words[0]].make_context(words[0], list(words[1:]))


def instructions(name: str) -> list[str]:
    """What follows each `NAME` of the Dockerfile, in order."""
    return [line.strip() for line in re.findall(rf"^{name} (.*)$", DOCKERFILE, re.M)]


def plain_environment() -> dict[str, str]:
    """This process's, without settings of ours or of Temporal's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MEDIC_", "TEMPORAL_"))}
