"""medic certify as a process, against the simulator: what is assumed of the cloud, switched both ways."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from remediation.cloud import APPLY_SNAPSHOT, CREATE_SNAPSHOT, REBOOT, START, STOP
from simulator.world import World
from tests.end_to_end.deployment import Deployment, deployment, world
from tests.temporal_server import Server

pytestmark = [pytest.mark.temporal, pytest.mark.processes]


def throw_away(durations: dict[str, float] | None = None, **manners: Any) -> World:
    one = world({"system_snapshot": 20, "data_snapshot": 20, **(durations or {})})
    region, theirs = next(iter(one.regions.items()))
    instance = theirs.instances[0].model_copy(update={"tags": {"medic-certify": "yes"}, **manners})
    theirs = theirs.model_copy(update={"instances": (instance, *theirs.instances[1:])})
    return one.model_copy(update={"regions": {region: theirs}})


async def certify(on: Deployment, *words: str) -> tuple[int, dict[str, str], str]:
    """Its exit code, what it found of each assumption, and what it said beside."""
    where = ("certify", on.instances[0], "--region", on.region, "--command", "cmd-guestpr0", "--timeout", "20s")
    done = await asyncio.to_thread(on.once, *where, "--output", "json", *words)
    found = json.loads(done.stdout)["findings"] if done.stdout.strip() else []
    return done.returncode, {one["assumption"]: one["holds"] for one in found}, done.stderr


async def test_a_cloud_that_is_as_assumed_is_certified_and_the_file_says_so(server: Server, tmp_path: Path) -> None:
    with deployment(server, tmp_path, throw_away()) as on:
        file = str(tmp_path / "certificate.json")
        code, found, said = await certify(on, "--yes", "--rollback", "--file", file)
        order = on.mutating()
    holds = [one for one in found.values() if one == "holds"]
    assert (code, len(holds), set(found.values())) == (0, 11, {"holds", "not seen"}), found
    job = ["InvokeCommand", CREATE_SNAPSHOT, CREATE_SNAPSHOT, REBOOT, "InvokeCommand"]
    assert order == [*job, STOP, APPLY_SNAPSHOT, APPLY_SNAPSHOT, START]
    assert "reboot" in said
    kept = json.loads((tmp_path / "certificate.json").read_text(encoding="utf-8"))
    assert {one["assumption"]: one["holds"] for one in kept["findings"]} == found


async def test_a_cloud_that_reports_a_reboot_which_was_none_is_found_out(server: Server, tmp_path: Path) -> None:
    with deployment(server, tmp_path, throw_away(reboots_for_real=False)) as on:
        code, found, _ = await certify(on, "--yes")
        assert STOP not in on.mutating()
    wrong = [assumption for assumption, holds in found.items() if holds == "does not hold"]
    assert (code, len(wrong)) == (1, 1), found
    assert "booted the guest anew" in wrong[0]


async def test_nothing_is_done_to_an_instance_that_is_not_meant_or_without_a_yes(
    server: Server, tmp_path: Path
) -> None:
    with deployment(server, tmp_path) as on:
        code, found, said = await certify(on, "--yes")
        assert (code, found, on.mutating()) == (1, {}, [])
        assert "does not carry the tag medic-certify=yes" in said
    with deployment(server, tmp_path, throw_away()) as on:
        code, found, said = await certify(on)  # nobody confirms
        assert (code, found, on.mutating()) == (2, {}, [])
        assert "--yes" in said
