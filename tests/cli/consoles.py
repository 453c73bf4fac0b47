"""The console as a process of its own, as people and scripts use it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.temporal_server import Server
from tests.workflows.staging import region_of

ROOT = Path(__file__).parents[2]
_SECONDS = 60


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def medic(*arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> Ended:
    """Run `medic …` to its end, with nothing of this process's own settings."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIC_", "TEMPORAL_"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli",
        *arguments,
        cwd=ROOT,
        env={**plain, "NO_COLOR": "1", "COLUMNS": "200", "TEMPORAL_CONFIG_FILE": os.devnull, **(env or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), _SECONDS)
    except asyncio.TimeoutError:
        process.kill()
        out, err = await process.communicate()
        raise AssertionError(f"medic {arguments} hangs; it said: {err.decode()}") from None
    return Ended(process.returncode or 0, out.decode(), err.decode())


class Console:
    """`medic` with the settings that lead to one stage."""

    def __init__(self, server: Server, unique: str) -> None:
        self._env = {**server.environment, "MEDIC_TASK_QUEUE": f"medic-{unique}"}
        self.instance, self.region = f"ins-{unique}", region_of(unique)

    async def __call__(self, *arguments: str, stdin: str = "") -> Ended:
        return await medic(*arguments, env=self._env, stdin=stdin)

    async def send(self, kind: str = "disk-read-only", *more: str) -> Ended:
        return await self("send", "--type", kind, "--instance", self.instance, "--region", self.region, "--wait", *more)
