"""Whole runs against a cloud that misbehaves: one Temporal server and one set of workers, a simulator for each run."""

from __future__ import annotations

import asyncio
import gc
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from temporalio import activity
from temporalio.client import Client

from activities.clients.credentials import Credentials
from activities.clients.tencent import TencentCloud
from activities.cloud import Cloud
from remediation import contract
from remediation.config import read_config
from remediation.report import Outcome, RemediationResult
from remediation.settings import Settings
from simulator.checker import Facts, check
from simulator.log import Entry
from simulator.server import Server as Simulator
from simulator.server import serve
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY
from starter.start import start
from tests.end_to_end.fault import ACT_WITHIN_SECONDS, REGION, Fault
from tests.waiting import until
from tests.workflows.staging import Ears
from worker import build_workers, work

SPEED = 60.0  # of the cloud: what it takes a minute for is done in a second
AT_ONCE = 16
LONGEST_SECONDS = 150  # a reading after a deadline is tried for a minute, a call that may act for a minute and a half

PAGE = """
channels:
  oncall:
    to: [{webhook: "https://chat.example.com/robot"}]
rules:
  - {name: patient, when: {type: "cvm:ErrorEvent:DiskReadonly"}, run: patient, scope: {tag: "medic=on"}, mode: act}
  - {name: hasty, when: {type: "cvm:ErrorEvent:PingUnreachable"}, run: hasty, scope: {tag: "medic=on"}, mode: act}
  - {name: insistent, when: {type: "cvm:ErrorEvent:GuestOom"}, run: insistent, scope: {tag: "medic=on"}, mode: act}
runbooks:
  patient:
    snapshot: {timeout: 10m}
    ladder: [reboot: {timeout: 2m}]
    verify: {settle: 0s, timeout: 1m}
  hasty:
    snapshot: {timeout: 20s}
    ladder: [reboot: {timeout: 10s}]
    verify: {settle: 0s, timeout: 8s}
  insistent:
    snapshot: {timeout: 10m}
    ladder: [reboot: {timeout: 30s, resend: true}]
    verify: {settle: 0s, timeout: 1m}
guardrails: {max_age: 2h, act_within: 1h, max_acting: 100, max_actions_per_hour: 1000}
operators: [oncall]
"""
_TYPES = {"patient": "DiskReadonly", "hasty": "PingUnreachable", "insistent": "GuestOom"}
_KEYS = {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY}


@dataclass(frozen=True)
class Ending:
    """How one run ended, and everything that was wrong with it; `result` is None if it did not end."""

    fault: Fault
    result: RemediationResult | None
    wrong: tuple[str, ...]
    seconds: float

    @property
    def outcome(self) -> str:
        return self.result.outcome.value if self.result else "never ended"

    def __str__(self) -> str:
        why = f"{self.result.reason.code.value} {self.result.reason.facts}" if self.result else "-"
        return f"{self.fault.name}: {self.outcome} in {self.seconds:.0f} s, {why}" + "".join(
            f"\n    {one}" for one in self.wrong
        )


class Clouds:
    """In the cloud's place: hands each call to the real client of the simulator that the calling workflow is at."""

    def __init__(self) -> None:
        self._of: dict[str, Cloud] = {}

    def add(self, instance_id: str, url: str) -> Cloud:
        client = TencentCloud(Credentials(_KEYS, ()), endpoint=url, timeout_seconds=2)
        self._of[contract.incident_id(REGION, instance_id)] = client
        return client

    def __getattr__(self, name: str) -> Any:
        theirs = (activity.info().workflow_id or "").removesuffix("/remediation")
        return getattr(self._of[theirs], name)


@dataclass
class Trials:
    """The workers, and the runs that are tried on them; each fault is tried once, whoever asks for it how often."""

    client: Client
    task_queue: str
    clouds: Clouds
    ears: Ears
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _begun: dict[str, asyncio.Task[Ending]] = field(default_factory=dict)

    def begin(self, faults: tuple[Fault, ...]) -> list[asyncio.Task[Ending]]:
        for fault in faults:
            if fault.name not in self._begun:
                self._begun[fault.name] = asyncio.create_task(self._in_its_turn(fault))
        return [self._begun[fault.name] for fault in faults]

    async def endings(self, faults: tuple[Fault, ...]) -> list[Ending]:
        return await asyncio.gather(*self.begin(faults))

    async def give_up(self) -> None:
        for task in self._begun.values():
            task.cancel()
        await asyncio.gather(*self._begun.values(), return_exceptions=True)

    async def _in_its_turn(self, fault: Fault) -> Ending:
        async with self._places:
            return await self._try(fault)

    async def _try(self, fault: Fault) -> Ending:
        instance_id, began = f"ins-{uuid.uuid4().hex[:8]}", time.monotonic()
        world = fault.world(instance_id)
        with serve(world, speed=SPEED) as cloud:
            theirs = self.clouds.add(instance_id, cloud.url)
            if fault.knock:
                await asyncio.to_thread(theirs.describe_agent, REGION, instance_id)
            alarmed_at = datetime.now(timezone.utc) - timedelta(seconds=fault.age)
            await self._send(fault, instance_id, alarmed_at)
            recovered_at = await self._recover(fault, instance_id, cloud) if fault.recovers_at else None
            result = await self._ended(instance_id)
            log = cloud.log
        facts = Facts.of(
            world,
            REGION,
            instance_id,
            speed=SPEED,
            alarmed_at=int(alarmed_at.timestamp() * 1000) / 1000,
            act_within=ACT_WITHIN_SECONDS,
            recovered_at=recovered_at,
        )
        wrong = [f"{one.promise} {one.said}" for one in check(log, facts)]
        wrong += _misconduct(fault, result, log, self._closings(instance_id))
        return Ending(fault, result, tuple(wrong), time.monotonic() - began)

    async def _recover(self, fault: Fault, instance_id: str, cloud: Simulator) -> float:
        """Send the recovery once its time has come; returns when it had been received."""

        async def acted() -> bool:
            return any(one.kind == "call" and one.name == fault.recovers_at for one in cloud.log)

        await until(acted, LONGEST_SECONDS)
        await self._send(fault, instance_id, datetime.now(timezone.utc), status="0")
        return time.time()

    async def _send(self, fault: Fault, instance_id: str, at: datetime, status: str = "1") -> None:
        event = {
            "id": uuid.uuid4().hex,
            "source": "cvm.cloud.tencent",
            "type": f"cvm:ErrorEvent:{_TYPES[fault.runbook]}",
            "subject": instance_id,
            "region": REGION,
            "time": int(at.timestamp() * 1000),
            "status": status,
            "data": {"appId": 1},
        }
        await start(self.client, event, received_at=datetime.now(timezone.utc), task_queue=self.task_queue)

    async def _ended(self, instance_id: str) -> RemediationResult | None:
        workflow_id = contract.remediation_id(REGION, instance_id)
        run = self.client.get_workflow_handle(workflow_id, result_type=RemediationResult)
        await until(run.describe, LONGEST_SECONDS)
        try:
            return await asyncio.wait_for(run.result(), LONGEST_SECONDS)
        except asyncio.TimeoutError:
            await run.terminate("it hangs")
            return None

    def _closings(self, instance_id: str) -> list[str]:
        told = [one for one in self.ears.heard if one["instance_id"] == instance_id]
        return [one["outcome"] for one in told if one["outcome"] is not None]


def _misconduct(fault: Fault, result: RemediationResult | None, log: list[Entry], closings: list[str]) -> list[str]:
    """What the checker cannot see in the cloud's log alone: P4, P10, P11, and the endings that this fault allows."""
    if result is None:
        return [f"P11 it did not end within {LONGEST_SECONDS} s"]
    wrong = []
    if result.outcome not in fault.allowed:
        allowed = ", ".join(sorted(one.value for one in fault.allowed))
        wrong.append(f"allowed are only {allowed}")
    accepted = [one.request_id for one in log if one.name == "reboot_accepted" and _is_ours(one, log)]
    if len(accepted) not in fault.reboots:
        wrong.append(f"{len(accepted)} reboots were accepted, expected {sorted(fault.reboots)}")
    if closings != [result.outcome.value]:
        wrong.append(f"P4 people were told of these endings: {closings}")
    done = [one.request_id for one in log if one.name == "reboot_done"]
    if result.outcome is Outcome.RECOVERED and (result.reboot is None or result.reboot.request_id not in done):
        wrong.append("P10 recovered, and the cloud did no reboot of ours")
    return wrong


def _is_ours(effect: Entry, log: list[Entry]) -> bool:
    return any(one.kind == "call" and one.request_id == effect.request_id for one in log)


@asynccontextmanager
async def trials(client: Client) -> AsyncIterator[Trials]:
    """The production's workers with its real cloud client over HTTP, on a queue of their own."""
    settings = Settings.model_validate(
        {
            "task_queue": f"medic-{uuid.uuid4().hex[:8]}",
            "poll_interval": "1s",
            "signature_validity": "2s",
            "cloud_patience": "30s",
            "cloud_timeout": "2s",
            "rate_limits": "off",
            "fold_after": 10**6,  # each ending is looked for by itself
        }
    )
    clouds, ears, stop = Clouds(), Ears(), asyncio.Event()
    config = read_config(PAGE, "medic.yaml", {})
    running = asyncio.create_task(
        work(build_workers(client, settings, config, cast(Cloud, clouds), webhook=ears), stop)
    )
    on = Trials(client, settings.task_queue, clouds, ears)
    # A full collection of all that the tests before have left would stop a workflow for longer than Temporal lets it.
    gc.collect()
    gc.freeze()
    try:
        yield on
    finally:
        gc.unfreeze()
        await on.give_up()
        stop.set()
        await running
