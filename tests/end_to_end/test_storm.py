"""A storm: 500 instances fall sick at once, and the region's limits hold by the cloud's own log; nothing is lost."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from temporalio.client import Client

from activities.clients.credentials import Credentials
from activities.clients.tencent import TencentCloud
from remediation import contract, folding
from remediation.config import read_config
from remediation.contract import Record
from remediation.report import Outcome
from remediation.settings import Settings
from simulator.checker import FleetFacts, check_fleet
from simulator.server import serve
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY, DEMO_WORLD, World
from starter.start import start
from tests.end_to_end.deployment import PAGE
from tests.waiting import until
from tests.workflows.staging import Ears, region_of
from worker import build_workers, work

pytestmark = [pytest.mark.temporal, pytest.mark.busy]
EVENTS, MAX_ACTING, AN_HOUR, MOST_NOTICES = 500, 3, 10, 20
SPEED = 60.0
LIMITS = f"guardrails: {{max_acting: {MAX_ACTING}, max_actions_per_hour: {AN_HOUR}}}\n"


def sick(region: str) -> World:
    """A region of 500 instances of one system disk each, all of which a reboot heals."""
    demo = World.model_validate(yaml.safe_load(DEMO_WORLD.read_text(encoding="utf-8")))
    template = demo.regions["ap-guangzhou"].instances[0]
    many = tuple(
        template.model_copy(
            update={
                "instance_id": f"ins-{number:08}",
                "system_disk": template.system_disk.model_copy(update={"disk_id": f"disk-storm{number}"}),
                "data_disks": (),
            }
        )
        for number in range(EVENTS)
    )
    theirs = demo.regions["ap-guangzhou"].model_copy(update={"instances": many})
    return demo.model_copy(update={"regions": {region: theirs}})


def an_event(instance_id: str, region: str) -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex,
        "source": "cvm.cloud.tencent",
        "type": "cvm:ErrorEvent:DiskReadonly",
        "subject": instance_id,
        "region": region,
        "time": int(datetime.now(timezone.utc).timestamp() * 1000),
        "status": "1",
        "data": {},
    }


async def gathered(some: Iterable[Any], at_once: int = 25) -> list[Any]:
    places = asyncio.Semaphore(at_once)

    async def in_its_turn(one: Any) -> Any:
        async with places:
            return await one

    return await asyncio.gather(*(in_its_turn(one) for one in some))


def named(ears: Ears) -> Counter[str]:
    """The instances of which people heard an end, in a notice of its own or together with others."""
    singles = [one["instance_id"] for one in ears.heard if one["outcome"]]
    folded = [kept["instance_id"] for one in ears.heard for kept in one["folded"] if kept["outcome"]]
    return Counter([*singles, *folded])


@pytest.mark.timeout(400)
async def test_a_storm_is_healed_within_the_regions_limits_and_told_in_few_notices(
    client: Client, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Five minutes of people's time are some seconds here, as one of the cloud's is a sixtieth.
    monkeypatch.setattr(folding, "WINDOW", timedelta(seconds=30))
    region, ears, stop = region_of(unique), Ears(), asyncio.Event()
    settings = Settings.model_validate({"task_queue": f"medic-{unique}", "poll_interval": "1s", "rate_limits": "off"})
    config = read_config(
        PAGE.replace(", {mail: oncall@example.com}", "") + LIMITS,
        "medic.yaml",
        {"ONCALL_WEBHOOK": "https://chat.example.com/robot"},
    )
    with serve(sick(region), speed=SPEED) as cloud:
        keys = {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY}
        theirs = TencentCloud(Credentials(keys, ()), endpoint=cloud.url)
        working = asyncio.create_task(work(build_workers(client, settings, config, theirs, webhook=ears), stop))
        instances = [f"ins-{number:08}" for number in range(EVENTS)]

        async def decided(instance_id: str) -> Record:
            incident = client.get_workflow_handle(contract.incident_id(region, instance_id))

            async def known() -> list[Record]:
                answer: list[Record] = await incident.query(contract.DECISIONS, result_type=list[Record])
                return answer

            records: list[Record] = await until(known, 120)
            assert len(records) == 1
            return records[0]

        now = datetime.now(timezone.utc)
        await gathered(
            start(client, an_event(one, region), received_at=now, task_queue=settings.task_queue) for one in instances
        )

        async def an_hours_worth_has_ended() -> bool:
            return sum(named(ears).values()) >= AN_HOUR

        await until(an_hours_worth_has_ended, 200)
        records = await gathered(decided(one) for one in instances)
        log = cloud.log
        stop.set()
        await working

    begun = {one: record.run for one, record in zip(instances, records, strict=True) if record.run is not None}
    assert Counter(record.kind for record in records) == {"remediate": AN_HOUR, "hold": EVENTS - AN_HOUR}
    assert {run.outcome for run in begun.values()} == {Outcome.RECOVERED}
    ended = {one: (run.ended_at.timestamp(),) for one, run in begun.items() if run.ended_at is not None}
    scope = {f"ins-{number:08}": (f"disk-storm{number}",) for number in range(EVENTS)}
    facts = FleetFacts(region, scope, max_acting=MAX_ACTING, max_actions_per_hour=AN_HOUR, ended=ended)
    assert check_fleet(log, facts) == []
    assert named(ears) == Counter(list(begun))
    assert len(ears.heard) <= MOST_NOTICES
    assert "HELD" in ears.headlines()
