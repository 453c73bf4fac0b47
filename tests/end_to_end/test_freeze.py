"""`medic freeze` against real processes: after it has said that it is in force, the cloud's log shows no change."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from remediation.cloud import CREATE_SNAPSHOT, REBOOT
from remediation.contract import DECISIONS, EVERYWHERE, Record, fleet_id, incident_id
from remediation.freezes import CERTAIN_AFTER_SECONDS
from remediation.reasons import Code
from remediation.report import Outcome
from simulator.checker import FleetFacts, check_fleet
from simulator.world import World
from tests.end_to_end.deployment import PAGE, Deployment, deployment, world
from tests.temporal_server import Server
from tests.waiting import until

pytestmark = [pytest.mark.temporal, pytest.mark.processes]


PLENTY = 12


async def medic(on: Deployment, *words: str, code: int = 0) -> str:
    """What `medic …` says on stdout, as a process of its own."""
    done = await asyncio.to_thread(on.once, *words)
    assert done.returncode == code, done.stderr
    return done.stdout


@asynccontextmanager
async def frozen(on: Deployment, *where: str) -> AsyncIterator[float]:
    """A freeze of some hours, from when it was said to be in force; seconds since the epoch."""
    words = ("--reason", "we move house", "--until", "2h", *where, "--output", "json")
    try:
        said = json.loads(await medic(on, "freeze", *words))
        in_force = datetime.fromisoformat(said["freeze"]["since"]).timestamp() + CERTAIN_AFTER_SECONDS
        assert time.time() >= in_force
        yield in_force
    finally:
        # The server is shared with other tests.
        await medic(on, "unfreeze", "--reason", "we are there", *where)
        guard = fleet_id(where[1] if where else EVERYWHERE)
        await on.temporal.client.get_workflow_handle(guard).terminate()


def facts(on: Deployment, in_force: float) -> FleetFacts:
    scope = {
        one.instance_id: (one.system_disk.disk_id, *(disk.disk_id for disk in one.data_disks))
        for one in on.cloud.cloud.world.regions[on.region].instances
    }
    return FleetFacts(on.region, scope, frozen=((in_force, float("inf")),))


async def decided(on: Deployment, number: int) -> Record:
    """What was decided about the one alarm of that instance."""
    incident = on.temporal.client.get_workflow_handle(incident_id(on.region, on.instances[number - 1]))

    async def known() -> list[Record]:
        answer: list[Record] = await incident.query(DECISIONS, result_type=list[Record])
        return answer

    records: list[Record] = await until(known)
    return records[0]


def plenty() -> World:
    """A world of many instances that can all be healed."""
    # Long enough that what is begun as people freeze it is still at its snapshots when the freeze is in force.
    one = world({"system_snapshot": 500, "data_snapshot": 500})
    region, theirs = next(iter(one.regions.items()))
    template = theirs.instances[0]
    many = tuple(
        template.model_copy(
            update={
                "instance_id": f"{template.instance_id[:-4]}s{number:03}",
                "system_disk": template.system_disk.model_copy(update={"disk_id": f"disk-manysys{number}"}),
                "data_disks": (),
            }
        )
        for number in range(PLENTY)
    )
    regions = {region: theirs.model_copy(update={"instances": many})}
    return one.model_copy(update={"regions": regions})


async def test_a_run_between_snapshot_and_reboot_reboots_nothing_after_a_freeze(server: Server, tmp_path: Path) -> None:
    # At this speed the snapshots are ready some seconds after the freeze is in force.
    with deployment(server, tmp_path, world({"system_snapshot": 400, "data_snapshot": 400})) as on:
        on.command("worker")
        await on.send()

        async def snapshots_are_being_made() -> bool:
            return on.calls(CREATE_SNAPSHOT) == 2

        await until(snapshots_are_being_made, seconds=60)
        async with frozen(on, "--region", on.region) as in_force:
            shown = json.loads(await medic(on, "fleet", "--output", "json"))
            result = await on.ended()
            log = on.cloud.log

    assert [one["freeze"]["reason"] for one in shown["regions"] if one["region"] == on.region] == ["we move house"]
    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.FROZEN)
    assert all(one.ready for one in result.snapshots)
    assert REBOOT not in [one.name for one in log]
    assert check_fleet(log, facts(on, in_force)) == []


async def test_in_a_storm_nothing_is_changed_in_any_region_after_a_freeze_of_all(
    server: Server, tmp_path: Path
) -> None:
    with deployment(
        server, tmp_path, plenty(), page=f"{PAGE}guardrails: {{max_acting: 100, max_actions_per_hour: 100}}\n"
    ) as on:
        on.command("worker")

        async def storm(first: int, last: int) -> None:
            await asyncio.gather(*(on.send(number) for number in range(first, last + 1)))

        await storm(1, PLENTY // 2)

        async def it_acts() -> bool:
            return on.calls(REBOOT) >= 1

        await until(it_acts, seconds=60)
        raging = asyncio.create_task(storm(PLENTY // 2 + 1, PLENTY - 1))  # as people freeze it
        async with frozen(on) as in_force:
            await raging
            await on.send(PLENTY)
            records = [await decided(on, number + 1) for number in range(PLENTY)]
            begun = [number + 1 for number, record in enumerate(records) if record.kind == "remediate"]
            results = [await on.ended(number) for number in begun]
            log = on.cloud.log

    assert {record.kind for record in records} == {"remediate", "hold"}
    assert "froze all" in records[-1].said
    ends = {(one.outcome, one.reason.code) for one in results}
    assert {outcome for outcome, _ in ends} <= {Outcome.RECOVERED, Outcome.REFUSED, Outcome.HANDED_OVER}
    assert {code for outcome, code in ends if outcome is not Outcome.RECOVERED} == {Code.FROZEN}
    assert check_fleet(log, facts(on, in_force)) == []


async def test_a_freeze_that_is_written_wrongly_says_what_to_write(server: Server, tmp_path: Path) -> None:
    with deployment(server, tmp_path) as on:
        for words, said in (
            (("--until", "2h"), "Missing option '--reason'"),
            (("--reason", "why", "--until", "soon"), "write 90m, 2h, 3d"),
            (("--reason", "why", "--until", "2020-01-01T00:00Z"), "is not in the future"),
            (("--reason", "why", "--until", "2026-01-01T00:00"), "has no zone"),
            (("--reason", "why", "--until", "400d"), "31 days at most"),
            (("--reason", "", "--until", "2h"), "--reason: "),
            (("--reason", "why", "--until", "2h", "--region", "nowhere"), "is not a region"),
        ):
            done = await asyncio.to_thread(on.once, "freeze", *words, NO_COLOR="1", COLUMNS="300")
            assert (done.returncode, said in done.stderr) == (2, True), done.stderr
