"""`medic simulator` and `medic worker` as processes: what they say, and that they end when told to."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.cli.consoles import ROOT, medic
from tests.temporal_server import Server

pytestmark = pytest.mark.processes
PAGE = "channels: {ops: {to: [{webhook: 'http://127.0.0.1:9/x'}]}}\nrules: []\noperators: [ops]\n"


@asynccontextmanager
async def running(*arguments: str, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`medic …` in the background, its stderr to be read; it ends well at SIGTERM."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIC_", "TEMPORAL_"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli",
        *arguments,
        cwd=ROOT,
        env={**plain, "NO_COLOR": "1", "TEMPORAL_CONFIG_FILE": os.devnull, **env},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
        process.terminate()
        await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    return (await asyncio.wait_for(process.stderr.readline(), 20)).decode()


async def test_the_simulator_prints_the_settings_that_lead_to_it() -> None:
    async with running("simulator", "--port", "0") as process:
        first, second = await _line(process), await _line(process)
    url = re.search(r"http://127\.0\.0\.1:\d+", first)
    assert url is not None
    assert second.startswith(f"export MEDIC_CLOUD_ENDPOINT={url[0]} TENCENTCLOUD_SECRET_ID=AKID")
    assert " TENCENTCLOUD_SECRET_KEY=" in second


async def test_a_taken_port_and_a_broken_world_are_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = await medic("simulator", "--port", str(taken.getsockname()[1]))
    assert told.code == 1
    assert "cannot listen on 127.0.0.1:" in told.err
    world = tmp_path / "world.yaml"
    world.write_text("regionss: {}\n", encoding="utf-8")
    told = await medic("simulator", "--world", str(world))
    assert told.code == 1
    assert told.err.startswith(f"error: {world} region")
    assert "Traceback" not in told.err


@pytest.mark.temporal
async def test_the_worker_says_what_it_polls_and_ends_well_at_sigterm(
    server: Server, unique: str, tmp_path: Path
) -> None:
    page = tmp_path / "medic.yaml"
    page.write_text(PAGE, encoding="utf-8")
    env = {
        **server.environment,
        "MEDIC_CONFIG": str(page),
        "MEDIC_TASK_QUEUE": f"medic-{unique}",
        "TENCENTCLOUD_SECRET_ID": "AKIDx",
        "TENCENTCLOUD_SECRET_KEY": "x",
    }
    async with running("worker", **env) as process:
        said = await _line(process)
        assert f"medic-{unique}-reboots" in said
        assert said.startswith("{")  # not a terminal: an object a line
