"""docker-compose.yml and the Dockerfile name only what the project has; no engine is needed to find a typo."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import cli
from remediation.settings import Settings

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_runs_a_command_that_the_console_has(name: str) -> None:
    known = {command.name for command in cli.app.registered_commands}

    assert OURS[name]["command"] in known


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_sets_only_variables_that_somebody_reads(name: str) -> None:
    ours = {f"MEDIC_{field.upper()}" for field in Settings.model_fields}
    page = (ROOT / "medic.yaml").read_text(encoding="utf-8")
    read = ours | set(re.findall(r"\$\{(\w+)\}", page))

    for variable in OURS[name]["environment"]:
        assert variable in read or variable.startswith(("TEMPORAL_", "TENCENTCLOUD_"))


def test_every_image_has_a_version_and_every_port_is_on_loopback() -> None:
    for service in COMPOSE["services"].values():
        assert "build" in service or re.search(r":\d+\.\d+\.\d+$", service["image"])
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_image_copies_files_that_exist_and_that_its_context_lets_in() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for line in re.findall(r"^COPY (.*)$", dockerfile, re.M) for name in line.split()[:-1]}

    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
