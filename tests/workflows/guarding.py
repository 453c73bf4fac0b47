"""A region of a test's own under guard: the production workers, and askers in the place of incidents."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

import worker
from activities.fleet import FleetActivities, FreezeReader, guard_of, read_freeze
from remediation import contract
from remediation.contract import PermitAnswer, PermitAsked
from remediation.decisions import Recipient
from remediation.fleet import FleetShown
from remediation.freezes import Freeze, FreezeAnswer, FreezeAsked, UnfreezeAsked
from remediation.settings import Settings
from tests.clouds import StagedCloud
from tests.remediation.facts import a_config
from tests.waiting import until
from tests.workflows.staging import Ears


@workflow.defn(name="Asker")
class Asker:
    """Stands where an incident is: hears whose turn has come, and ends when it is told to."""

    def __init__(self) -> None:
        self._turns: list[Any] = []
        self._over = False

    @workflow.run
    async def run(self) -> None:
        """Nothing of its own."""
        await workflow.wait_condition(lambda: self._over)

    @workflow.signal(name=contract.TURN_CAME)
    def turn_came(self, turn: Any) -> None:
        """A turn."""
        self._turns.append(turn)

    @workflow.signal
    def leave(self) -> None:
        """End."""
        self._over = True

    @workflow.query
    def turns(self) -> list[Any]:
        """All that came."""
        return self._turns


@dataclass
class Region:
    """A region of its own, its guard, and those who ask."""

    client: Client
    name: str
    task_queue: str
    cloud: StagedCloud = field(default_factory=StagedCloud)
    ears: Ears = field(default_factory=Ears)
    limits: dict[str, int] = field(default_factory=lambda: {"max_acting": 1, "max_actions_per_hour": 100})

    @property
    def guard(self) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(contract.fleet_id(self.name))

    def incident(self, name: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(contract.incident_id(self.name, f"ins-{name}"))

    async def ask(self, name: str, **changes: Any) -> PermitAnswer:
        """Ask as the activity of this one's incident does, which is begun if it is not there."""
        incident = await self.client.start_workflow(
            "Asker",
            id=contract.incident_id(self.name, f"ins-{name}"),
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        asking = ActivityEnvironment()
        asking.info = dataclasses.replace(
            asking.info, workflow_id=incident.id, workflow_run_id=incident.first_execution_run_id or ""
        )
        facts: dict[str, Any] = {
            "key": f"key-{name}",
            "instance_id": f"ins-{name}",
            "region": self.name,
            "rule": "disk-read-only",
            "incident_id": incident.id,
            "recipients": (Recipient(channel="oncall", place=0, kind="webhook"),),
            **self.limits,
        }
        question = PermitAsked(**{**facts, **changes})
        hands = FleetActivities(self.client, FreezeReader(self.client), self.task_queue)

        async def answered() -> PermitAnswer | None:
            try:
                return await asking.run(hands.ask_permit, question)
            except WorkflowUpdateFailedError:  # it came as the guard continued as new; Temporal tries it again
                return None

        answer: PermitAnswer = await until(answered)
        return answer

    async def tell(self, signal: str, name: str, **facts: Any) -> None:
        await self.guard.signal(signal, {"key": f"key-{name}", **facts})

    async def shown(self) -> FleetShown:
        shown: FleetShown = await self.guard.query(contract.FLEET, result_type=FleetShown)
        return shown

    async def acting(self) -> list[str]:
        return [one.asked.instance_id.removeprefix("ins-") for one in (await self.shown()).acting]

    async def waiting(self) -> list[str]:
        return [one.instance_id.removeprefix("ins-") for one in (await self.shown()).waiting]

    async def turn_of(self, name: str) -> None:
        """Until its turn has been signalled to its incident."""

        async def came() -> bool:
            turns: list[Any] = await self.incident(name).query("turns")
            return {"key": f"key-{name}"} in turns

        await until(came, seconds=120)

    async def freeze(self, seconds: float = 600, where: str = "", **changes: Any) -> FreezeAnswer:
        until_ = datetime.now(timezone.utc) + timedelta(seconds=seconds)
        asked = FreezeAsked(reason="we move house", by="ada", until=until_).model_dump(mode="json")
        return await self._update(contract.FREEZE, {**asked, **changes}, where or self.name)

    async def unfreeze(self, where: str = "") -> FreezeAnswer:
        asked = UnfreezeAsked(reason="we are there", by="ada").model_dump(mode="json")
        return await self._update(contract.UNFREEZE, asked, where or self.name)

    async def frozen(self, where: str = "") -> Freeze | None:
        return await read_freeze(self.client, where or self.name)

    async def _update(self, name: str, asked: Any, where: str) -> FreezeAnswer:
        answer: FreezeAnswer = await self.client.execute_update_with_start_workflow(
            name, asked, start_workflow_operation=guard_of(where, self.task_queue), result_type=FreezeAnswer
        )
        return answer


@asynccontextmanager
async def guarded(client: Client, unique: str, monkeypatch: pytest.MonkeyPatch, **limits: int) -> AsyncIterator[Region]:
    """A region whose name no other test has, with the workers that serve it."""
    monkeypatch.setattr(worker, "WORKFLOWS", [*worker.WORKFLOWS, Asker])
    monkeypatch.setattr(worker, "STRICT", worker.STRICT.with_passthrough_modules("tests"))
    region = Region(client, f"ap-test-{unique}", f"medic-{unique}")
    region.limits.update(limits)
    settings = Settings.model_validate({"task_queue": region.task_queue, "poll_interval": "1s", "rate_limits": "off"})
    stop = asyncio.Event()
    workers = worker.build_workers(client, settings, a_config(), region.cloud, webhook=region.ears)
    running = asyncio.create_task(worker.work(workers, stop))
    try:
        yield region
    finally:
        # The server is shared: what no worker of this test serves any more must not be asked by the next one.
        with contextlib.suppress(RPCError):
            await client.get_workflow_handle(contract.fleet_id(contract.EVERYWHERE)).terminate()
        stop.set()
        await running
