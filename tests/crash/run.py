"""One case: a deployment of its own, a worker that dies at its moment, another one, and what became of it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.service import RPCError

from remediation import contract
from remediation.approvals import Answer, Answered, Choice
from remediation.contract import ANSWER
from remediation.report import Outcome, RemediationResult
from simulator.checker import Facts, check
from tests.crash.cases import Case, Story, Workflow, allowed
from tests.end_to_end.climbing import APPROVER, climbing, open_question, sick
from tests.end_to_end.climbing import facts as climb_facts
from tests.end_to_end.deployment import SPEED, Deployment, deployment, world
from tests.temporal_server import Server
from tests.waiting import until

_PATIENCE = {"reboot": 120.0, "climb": 300.0}
_VALIDITY = "3s"  # the time of a signature, shortened: the simulator holds no call back for longer than that
# Of the cloud, whose time is SPEED times as fast. A rollback has to be seen under way, and the API does not tell of one
# that is over: like a real one it takes longer than a dead worker's call is waited for.
_DURATIONS = {"rollback": 800.0, "stop": 20.0}
_RUNG = "8s"


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


async def nominal(server: Server, folder: Path, story: Story) -> dict[Workflow, list[str]]:
    """The names of the events of a run in which nothing goes wrong."""
    with _on(server, folder, story) as on:
        on.command("worker")
        await on.send()
        async with _approver(on):
            await _ended(on, story)
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
    started, patience = time.monotonic(), _PATIENCE[case.story]
    with _on(server, folder, case.story) as on:
        if case.hold:
            on.cloud.faults.add(case.hold)
        if case.fate:
            on.cloud.faults.add(case.fate)
        worker = on.command("worker")
        alarmed_at = time.time()
        await on.send()
        async with _approver(on) as approvals:
            if case.event:
                await until(lambda: _has_events(on, case), seconds=patience)
            else:
                await until(lambda: _is_held(on), seconds=patience)
            await _kill(on, worker, case)
            in_hand = await _pending(on)
            on.command("worker")
            result = await _ended(on, case.story)
        facts = _facts(on, case.story, approvals, result, alarmed_at=alarmed_at, act_within=3600)
        broken = [f"{breach.promise}: {breach.said}" for breach in check(on.cloud.log, facts)]
        broken += _untold(on, result)
    if result is None:
        return Verdict(case.name, "none", "", (*broken, "P11: it did not end"), False, time.monotonic() - started)
    fine = allowed(result.outcome, result.reason.code, in_hand)
    seconds = round(time.monotonic() - started, 1)
    return Verdict(case.name, result.outcome.value, result.reason.code.value, tuple(broken), fine, seconds)


def _on(server: Server, folder: Path, story: Story) -> AbstractContextManager[Deployment]:
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"MEDIC_SIGNATURE_VALIDITY": _VALIDITY}
    if story == "reboot":
        return deployment(server, folder, world(), **settings)
    simulated = sick(_DURATIONS, soft_reboot="hangs")
    return deployment(server, folder, simulated, page=climbing(next(iter(simulated.regions)), _RUNG), **settings)


def _facts(
    on: Deployment, story: Story, approvals: list[Answered], result: RemediationResult | None, **known: Any
) -> Facts:
    if story == "reboot":
        return Facts.of(on.cloud.cloud.world, on.region, on.instances[0], speed=SPEED, **known)
    healed = result is not None and result.outcome is Outcome.RECOVERED
    said_at = result.ended_at.timestamp() if result is not None and healed else None
    approved_at = approvals[0].at.timestamp() if approvals else None
    return climb_facts(on, approved_at, said_recovered_at=said_at, **known)


@asynccontextmanager
async def _approver(on: Deployment) -> AsyncIterator[list[Answered]]:
    """Somebody who says yes to whatever is asked, whichever worker lives; yields what was taken."""
    taken: list[Answered] = []

    async def say_yes() -> None:
        while True:
            with suppress(RPCError, WorkflowQueryFailedError, WorkflowUpdateFailedError):
                question = await open_question(on)
                if question is not None:
                    yes = Answer(plan=question.plan, choice=Choice.GO, by=APPROVER, why="the backups are good")
                    told = yes.model_dump(mode="json")
                    taken.append(await on.remediation().execute_update(ANSWER, told, result_type=Answered))
            await asyncio.sleep(0.5)

    saying = asyncio.create_task(say_yes())
    try:
        yield taken
    finally:
        saying.cancel()
        with suppress(asyncio.CancelledError):
            await saying


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


async def _pending(on: Deployment) -> set[str]:
    """The activities that were being tried when the worker died."""
    try:
        described = await on.remediation().describe()
    except RPCError:  # it has not begun yet
        return set()
    return {one.activity_type.name for one in described.raw_description.pending_activities}


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


async def _ended(on: Deployment, story: Story) -> RemediationResult | None:
    async def closed() -> bool:
        return (await on.remediation().describe()).close_time is not None

    try:
        await until(closed, seconds=_PATIENCE[story])
    except AssertionError:
        return None
    return await on.remediation().result()


def _untold(on: Deployment, result: RemediationResult | None) -> list[str]:
    """P4: one outcome, and people hear of it."""
    told = {one.body["outcome"] for one in on.box.received if one.kind == "webhook"} - {None}
    ended = {result.outcome.value} if result is not None else set()
    return [] if told == ended else [f"P4: people were told of the endings {sorted(told)}, and it was {sorted(ended)}"]
