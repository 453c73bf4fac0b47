"""medic snapshots as a process: against the simulator, over the real SDK."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.deployment import deployment
from tests.temporal_server import Server

pytestmark = [pytest.mark.temporal, pytest.mark.processes]


async def test_what_a_repair_has_made_is_listed_with_its_age_and_its_end(server: Server, tmp_path: Path) -> None:
    import asyncio
    import json

    with deployment(server, tmp_path) as on:
        on.command("worker")
        await on.send()
        await on.ended()
        listed = await asyncio.to_thread(on.once, "snapshots", "--region", on.region, "--output", "json")
        shown = await asyncio.to_thread(on.once, "snapshots", "--region", on.region)
    assert listed.returncode == 0, listed.stderr
    told = json.loads(listed.stdout)
    assert [(one["instance_id"], one["purpose"], one["in_use"]) for one in told["snapshots"]] == [
        (on.instances[0], "before_repair", False)
    ] * 2
    assert all(one["cost"].startswith("until ") for one in told["snapshots"])
    assert told["quota"]["count"] == 2
    assert f"2 of ours, 2 in all; {on.region} takes" in shown.stderr
