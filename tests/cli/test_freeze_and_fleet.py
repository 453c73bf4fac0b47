"""freeze, unfreeze and fleet as processes, against a real server and a guard of the test's own region."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.cli.consoles import Ended, medic
from tests.temporal_server import Server
from tests.waiting import until
from tests.workflows.guarding import Region, guarded

pytestmark = pytest.mark.temporal


@pytest_asyncio.fixture
async def region(server: Server, unique: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Region]:
    async with guarded(server.client, unique, monkeypatch) as one:
        yield one


async def console(server: Server, region: Region, *words: str) -> Ended:
    return await medic(*words, env={**server.environment, "MEDIC_TASK_QUEUE": region.task_queue})


async def test_who_waits_why_and_what_is_frozen_is_shown_and_a_freeze_is_lifted(server: Server, region: Region) -> None:
    await region.ask("a")
    await region.ask("b")
    shown = await console(server, region, "fleet", "--region", region.name)
    assert shown.code == 0, shown.err
    assert "1 of 1" in shown.out
    assert "at work   ins-a  disk-read-only  may begin" in shown.out
    assert "ins-a are under repair; `max_acting` allows 1" in shown.out

    frozen = await console(
        server, region, "freeze", "--reason", "we move", "--until", "2h", "--by", "ada", "--region", region.name
    )
    assert frozen.code == 0, frozen.err
    assert f"in force: nothing that changes an instance is sent in {region.name} until " in frozen.out

    async def listed() -> bool:  # visibility lags behind
        everywhere = await console(server, region, "fleet", "--output", "json")
        mine = [one for one in everywhere.json["regions"] if one["region"] == region.name]
        return bool(mine) and mine[0]["freeze"]["by"] == "ada"

    await until(listed)
    lifted = await console(server, region, "unfreeze", "--reason", "we are there", "--region", region.name)
    assert (lifted.code, "it was, by ada: we move" in lifted.out) == (0, True), lifted.err
    again = await console(server, region, "unfreeze", "--reason", "we are there", "--region", region.name)
    assert (again.code, f"{region.name} is not frozen" in again.err) == (1, True)


async def test_where_nobody_is_at_work_that_is_said_and_is_no_error(server: Server, region: Region) -> None:
    shown = await console(server, region, "fleet", "--region", region.name)
    assert (shown.code, shown.out) == (0, "")
    assert "nobody is at work or waits, and nothing is frozen" in shown.err
    as_json = await console(server, region, "fleet", "--region", region.name, "--output", "json")
    assert as_json.json == {"regions": [], "silent": {}}
