"""The story on stage: the production workers on a queue of their own, a cloud in memory, and what was told."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from remediation import contract
from remediation.cloud import Instance, Operation
from remediation.config import Config, read_config
from remediation.contract import Record
from remediation.errors import NoticeFailed
from remediation.report import RemediationResult
from remediation.settings import Settings
from starter.start import start
from tests.clouds import StagedCloud
from tests.waiting import until
from worker import build_workers, work

PAGE = """
channels:
  oncall:
    to: [{webhook: "https://chat.example.com/robot/secret"}]
  desk:
    to: [{webhook: "https://desk.example.com/secret"}]
rules:
  - name: disk-read-only
    when: {type: "cvm:ErrorEvent:DiskReadonly", status: ["1", "-"]}
    notify: [oncall]
    run: snapshot-and-reboot
    scope: {tag: "medic=on"}
    mode: act
  - name: instance-rebooted
    when: {type: "cvm:ErrorEvent:GuestReboot"}
    notify: [oncall]
runbooks:
  snapshot-and-reboot:
    snapshot: {timeout: 4h}
    ladder: [reboot: {timeout: 5m}]
    verify: {settle: 0s, timeout: 1m}
operators: [desk]
"""


@dataclass
class Ears:
    """Stands where webhooks are sent; remembers what was said, and may refuse."""

    heard: list[dict[str, Any]] = field(default_factory=list)
    deaf: set[str] = field(default_factory=set)

    def send(self, url: str, payload: dict[str, Any], *, idempotency_key: str) -> int:
        if any(host in url for host in self.deaf):
            raise NoticeFailed("answered 503", permanent=False)
        self.heard.append({**payload, "to": url})
        return 200

    def headlines(self) -> list[str]:
        return [one["headline"] for one in self.heard]


@dataclass
class Stage:
    """One running set of workers, and one instance that falls sick; `sent` is every event, as it was sent."""

    client: Client
    cloud: StagedCloud
    ears: Ears
    task_queue: str
    instance_id: str
    sent: list[dict[str, Any]] = field(default_factory=list)

    @property
    def incident(self) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(contract.incident_id(self.cloud.region, self.instance_id))

    @property
    def remediation(self) -> WorkflowHandle[Any, RemediationResult]:
        workflow_id = contract.remediation_id(self.cloud.region, self.instance_id)
        return self.client.get_workflow_handle(workflow_id, result_type=RemediationResult)

    async def send(
        self, kind: str = "DiskReadonly", status: str = "1", *, event_id: str = "", at: datetime | None = None
    ) -> str:
        """Send one event through the door; returns its id."""
        event_id = event_id or uuid.uuid4().hex
        at = at or datetime.now(timezone.utc)
        event = {
            "id": event_id,
            "source": "cvm.cloud.tencent",
            "type": f"cvm:ErrorEvent:{kind}",
            "subject": self.instance_id,
            "region": self.cloud.region,
            "time": int(at.timestamp() * 1000),
            "status": status,
            "data": {"appId": 1},
        }
        self.sent.append(event)
        await start(self.client, event, received_at=at, task_queue=self.task_queue)
        return event_id

    async def decided(self, count: int = 1) -> list[Record]:
        """The incident's decisions, once there are that many."""

        async def enough() -> list[Record] | None:
            records = await self.incident.query(contract.DECISIONS, result_type=list[Record])
            return records if len(records) >= count else None

        records: list[Record] = await until(enough)
        return records

    async def ended(self) -> RemediationResult:
        """The result of the remediation, which may not have begun yet."""

        async def begun() -> bool:
            return await self.remediation.describe() is not None

        await until(begun)
        return await self.remediation.result()


def region_of(unique: str) -> str:
    """A region of the test's own: its limits are granted by a guard that would serve every test otherwise."""
    return f"ap-test-{unique}"


async def skip(environment: WorkflowEnvironment, time: timedelta) -> None:
    """Let so much time pass, in pieces: one long skip is one call, which a busy machine does not answer in time."""
    piece = timedelta(minutes=2)
    while time > timedelta():
        await environment.sleep(min(piece, time))
        time -= piece


async def ended_within(environment: WorkflowEnvironment, on: Stage, time: timedelta) -> RemediationResult:
    """The result of the remediation, for which time passes up to its end and no further.

    A skip that goes on when nothing is left to happen may never be answered: the server counts an activity that was
    cancelled between two attempts as one it still waits for.
    """
    skipping = asyncio.create_task(skip(environment, time))
    try:
        return await on.ended()
    finally:
        skipping.cancel()
        await asyncio.gather(skipping, return_exceptions=True)


def without_tasks(history: WorkflowHistory) -> int:
    """How many events there are beside those of workflow tasks: how many of these depends on what comes together."""
    tasks = ("workflow_task_scheduled", "workflow_task_started", "workflow_task_completed")
    names = (str(one.WhichOneof("attributes")) for one in history.events)
    return sum(not name.startswith(tasks) for name in names)


def page(*changes: tuple[str, str]) -> Config:
    """The stage's medic.yaml, with some of its text replaced."""
    text = PAGE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_config(text, "medic.yaml", {})


def an_instance(**facts: object) -> Instance:
    healthy: dict[str, object] = {
        "instance_id": "ins-x",
        "region": "ap-guangzhou",
        "name": "web-1",
        "state": "RUNNING",
        "tags": {"medic": "on"},
        "operation": Operation(request_id="r-0"),
    }
    return Instance.model_validate({**healthy, **facts})


async def called(on: Stage, action: str, times: int) -> bool:
    """Whether the cloud was asked for this at least so often."""
    return on.cloud.calls.count(action) >= times


@asynccontextmanager
async def stage(
    client: Client,
    unique: str,
    cloud: StagedCloud | None = None,
    *changes: tuple[str, str],
    ears: Ears | None = None,
    **settings: Any,
) -> AsyncIterator[Stage]:
    """Workers on the queue `medic-<unique>`; `changes` are replacements in the page, `settings` those of the worker."""
    cloud, ears, task_queue = cloud or StagedCloud(), ears or Ears(), f"medic-{unique}"
    cloud.region = region_of(unique)
    chosen = Settings(**{"task_queue": task_queue, "poll_interval": "1s", "rate_limits": "off", **settings})
    workers = build_workers(client, chosen, page(*changes), cloud, webhook=ears)
    stop = asyncio.Event()
    running = asyncio.create_task(work(workers, stop))
    try:
        yield Stage(client, cloud, ears, task_queue, f"ins-{unique}")
    finally:
        stop.set()
        await running
