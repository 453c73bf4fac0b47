"""One case: a deployment of its own, a worker that dies at its moment, another one, and what became of it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from remediation import contract
from remediation.report import RemediationResult
from simulator.checker import Facts, check
from tests.crash.cases import Case, Workflow, allowed
from tests.end_to_end.deployment import SPEED, Deployment, deployment, world
from tests.temporal_server import Server
from tests.waiting import until

_PATIENCE = 120.0
_VALIDITY = "3s"  # the time of a signature, shortened: the simulator holds no call back for longer than that


@dataclass(frozen=True)
class Verdict:
    """What became of one case; `broken` names the promises, and is empty if all were kept."""

    case: str
    outcome: str
    reason: str
    broken: tuple[str, ...]
    allowed: bool
    seconds: float

    @property
    def ok(self) -> bool:
        return self.allowed and not self.broken

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


async def nominal(server: Server, folder: Path) -> dict[Workflow, list[str]]:
    """The names of the events of a run in which nothing goes wrong."""
    with _on(server, folder) as on:
        on.command("worker")
        await on.send()
        await on.ended()
        histories: dict[Workflow, WorkflowHandle[Any, Any]] = {
            "remediation": on.remediation(),
            "incident": _handle(on, "incident"),
        }
        names: dict[Workflow, list[str]] = {}
        for name, one in histories.items():
            names[name] = [_name(event) async for event in one.fetch_history_events()]
        return names


async def run(server: Server, case: Case, folder: Path) -> Verdict:
    """Let it happen; never raises for what the product does, only for what the harness cannot do."""
    started = time.monotonic()
    with _on(server, folder) as on:
        if case.hold:
            on.cloud.faults.add(case.hold)
        if case.fate:
            on.cloud.faults.add(case.fate)
        worker = on.command("worker")
        alarmed_at = time.time()
        await on.send()
        if case.event:
            await until(lambda: _has_events(on, case), seconds=_PATIENCE)
        else:
            await until(lambda: _is_held(on), seconds=_PATIENCE)
        await _kill(on, worker, case)
        reboot_in_hand = await _is_pending(on, "reboot_instance")
        on.command("worker")
        result = await _ended(on)
        facts = Facts.of(world_of(on), on.region, on.instances[0], speed=SPEED, alarmed_at=alarmed_at, act_within=3600)
        broken = [f"{breach.promise}: {breach.said}" for breach in check(on.cloud.log, facts)]
        broken += _untold(on, result)
    if result is None:
        return Verdict(case.name, "none", "", (*broken, "P11: it did not end"), False, time.monotonic() - started)
    fine = allowed(result.outcome, result.reason.code, reboot_in_hand=reboot_in_hand)
    seconds = round(time.monotonic() - started, 1)
    return Verdict(case.name, result.outcome.value, result.reason.code.value, tuple(broken), fine, seconds)


def world_of(on: Deployment) -> Any:
    return on.cloud.cloud.world


def _on(server: Server, folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    return deployment(server, folder, world(), MEDIC_SIGNATURE_VALIDITY=_VALIDITY)


def _handle(on: Deployment, name: Workflow) -> WorkflowHandle[Any, Any]:
    if name == "remediation":
        return on.remediation()
    return on.temporal.client.get_workflow_handle(contract.incident_id(on.region, on.instances[0]))


def _name(event: Any) -> str:
    activity = event.activity_task_scheduled_event_attributes.activity_type.name
    return f"{EventType.Name(event.event_type).removeprefix('EVENT_TYPE_').lower()} {activity}".strip()


async def _has_events(on: Deployment, case: Case) -> bool:
    described = await _handle(on, case.workflow).describe()
    # A run may be over before the poll sees the event: then it is killed as the last thing it has.
    return described.history_length >= case.event or described.close_time is not None


async def _is_pending(on: Deployment, activity: str) -> bool:
    try:
        return await on.pending(activity, 0)
    except RPCError:  # it has not begun yet
        return False


async def _is_held(on: Deployment) -> bool:
    return bool(on.cloud.waiting)


async def _kill(on: Deployment, worker: subprocess.Popen[bytes], case: Case) -> None:
    """SIGKILL; and what was held goes its way, before it or after it."""
    if case.stopped:
        os.kill(worker.pid, signal.SIGSTOP)
        answered = len(on.cloud.log)
        on.cloud.faults.release()

        async def said() -> bool:
            return not on.cloud.waiting and len(on.cloud.log) >= answered

        await until(said)
    on.kill(worker)
    on.cloud.faults.release()


async def _ended(on: Deployment) -> RemediationResult | None:
    async def closed() -> bool:
        return (await on.remediation().describe()).close_time is not None

    try:
        await until(closed, seconds=_PATIENCE)
    except AssertionError:
        return None
    return await on.remediation().result()


def _untold(on: Deployment, result: RemediationResult | None) -> list[str]:
    """P4: one outcome, and people hear of it."""
    told = [one.body["headline"] for one in on.box.received if one.kind == "webhook"]
    ends = set(told) & {"RECOVERED", "NEEDS YOU"}
    if result is None or not ends:
        return [f"P4: people were told {told} and no ending"]
    return [] if len(ends) == 1 else [f"P4: people were told two endings: {told}"]
