"""No event is lost where an incident's run ends: an event comes in at the end of each of its workflow tasks."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta, timezone

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.worker import Worker

from activities.decisions import DecisionActivities
from remediation import contract
from remediation.contract import IncidentMemory, Record
from remediation.decisions import Timing
from remediation.events import parse_event
from remediation.incidents import MEMORY
from tests.temporal_server import dev_server
from tests.waiting import until
from tests.workflows.meddling import Meddling
from tests.workflows.staging import page, region_of
from workflows.incident import Incident

pytestmark = pytest.mark.temporal

LIVES = 3


class Scene:
    """One incident, and events that are sent to it as the door sends them."""

    def __init__(self, client: Client, unique: str) -> None:
        self.client = client
        self.task_queue = f"medic-{unique}"
        self.instance_id, self.region = f"ins-{unique}", region_of(unique)
        self.id = contract.incident_id(self.region, self.instance_id)
        self.sent: list[str] = []
        self._told: dict[str, list[Record]] = {}

    async def send(self, event_id: str) -> None:
        now = datetime.now(timezone.utc)
        event = {"id": event_id, "type": "cvm:ErrorEvent:NvmeError", "source": "cvm.cloud.tencent", "status": "-"}
        where = {"subject": self.instance_id, "region": self.region, "time": int(now.timestamp() * 1000), "data": {}}
        self.sent.append(event_id)
        alarm = contract.TakenEvent(alarm=parse_event({**event, **where}, now))
        await self.client.start_workflow(
            contract.INCIDENT,
            id=self.id,
            task_queue=self.task_queue,
            start_signal=contract.TAKE_EVENT,
            start_signal_args=[alarm.model_dump(mode="json")],
        )

    async def records(self) -> list[Record]:
        """What all runs of the incident have decided; a record that was handed on counts once."""
        found: dict[tuple[str, datetime], Record] = {}
        async for one in self.client.list_workflows(f'WorkflowId = "{self.id}"'):
            told = self._told.get(one.run_id) or await self._ask(one.run_id)
            if one.status is not WorkflowExecutionStatus.RUNNING:
                self._told[one.run_id] = told  # it will not say anything else: asked once, it is replayed once
            found |= {(record.event_id, record.decided_at): record for record in told}
        return list(found.values())

    async def _ask(self, run_id: str) -> list[Record]:
        run = self.client.get_workflow_handle(self.id, run_id=run_id)
        told: list[Record] = await run.query(contract.DECISIONS, result_type=list[Record])
        return told

    async def statuses(self) -> Counter[WorkflowExecutionStatus | None]:
        return Counter([one.status async for one in self.client.list_workflows(f'WorkflowId = "{self.id}"')])


@asynccontextmanager
async def working(scene: Scene, meddle: Callable[[bool], None]) -> AsyncIterator[None]:
    async with Worker(
        scene.client,
        task_queue=scene.task_queue,
        workflows=[Incident],
        activities=[DecisionActivities(page(), Timing()).decide_event],
        activity_executor=ThreadPoolExecutor(4),
        workflow_runner=Meddling(meddle),
    ):
        yield


def sending(scene: Scene, most: int, *, at_the_end: bool) -> Callable[[bool], None]:
    """Sends an event at the end of each task, or of those that end a run; `most` of them at most."""
    loop, numbers = asyncio.get_running_loop(), itertools.count()

    def meddle(ends: bool) -> None:
        if (ends or not at_the_end) and len(scene.sent) < most:
            # The server may hold a signal back until the run that is about to close has closed: then it is not awaited.
            with suppress(FutureTimeout):
                asyncio.run_coroutine_threadsafe(scene.send(f"event-{next(numbers)}"), loop).result(0.5)

    return meddle


async def test_an_event_that_comes_just_as_the_incident_closes_is_decided_all_the_same(
    client: Client, unique: str
) -> None:
    scene = Scene(client, unique)
    almost_over = datetime.now(timezone.utc) - MEMORY + timedelta(seconds=1)
    memory = IncidentMemory(last_event_at=almost_over).model_dump(mode="json")
    async with working(scene, sending(scene, 1, at_the_end=True)):
        await client.start_workflow(contract.INCIDENT, memory, id=scene.id, task_queue=scene.task_queue)

        async def decided() -> list[Record]:
            return await scene.records()

        records: list[Record] = await until(decided)

    assert [(record.event_id, record.kind) for record in records] == [("event-0", "ignore")]


async def test_events_at_the_end_of_each_task_are_decided_once_each_over_many_lives_of_an_incident(unique: str) -> None:
    async with dev_server("limit.historyCount.suggestContinueAsNew=20") as server:
        scene = Scene(server.client, unique)
        async with working(scene, sending(scene, 40, at_the_end=False)):

            async def all_decided() -> bool:
                return len(scene.sent) >= 40 and len(await scene.records()) >= len(scene.sent)

            async def has_lived_often() -> bool:
                await scene.send(f"own-{len(scene.sent)}")
                await until(all_decided, 60)
                return (await scene.statuses())[WorkflowExecutionStatus.CONTINUED_AS_NEW] >= LIVES

            await until(has_lived_often, 120)
            kinds = Counter((record.event_id, record.kind) for record in await scene.records())
            statuses = await scene.statuses()

    assert kinds == Counter((event_id, "ignore") for event_id in scene.sent)
    assert statuses[WorkflowExecutionStatus.RUNNING] == 1
