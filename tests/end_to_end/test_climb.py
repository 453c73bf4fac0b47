"""A whole ladder with real processes: reboots in vain, and a rollback that a person approved at the console."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from remediation.approvals import Choice, Matter, Question
from remediation.cloud import APPLY_SNAPSHOT, REBOOT, START, STOP
from remediation.reasons import Code
from remediation.report import Outcome, RemediationResult
from simulator.checker import check
from tests.end_to_end.climbing import APPROVER, GOOD, climbing, facts, open_question, sick
from tests.end_to_end.deployment import Deployment, deployment
from tests.temporal_server import Server
from tests.waiting import until

pytestmark = [pytest.mark.temporal, pytest.mark.processes, pytest.mark.timeout(300)]


async def asked(on: Deployment) -> Question:
    question: Question = await until(lambda: open_question(on), 120)
    return question


async def approve(on: Deployment, question: Question) -> None:
    said = ("--plan", question.plan, "--as", APPROVER, "--reason", "the backups of the night are good")
    done = await asyncio.to_thread(on.once, "approve", on.remediation().id, *said)
    assert done.returncode == 0, done.stderr


def broken(on: Deployment, result: RemediationResult, **known: Any) -> list[str]:
    """The promises that the cloud's own log shows to be broken."""
    approved_at = next((one.at.timestamp() for one in result.answers), None)
    judged = facts(on, approved_at, alarmed_at=result.started_at.timestamp() - 1, **known)
    return [f"{one.promise} {one.said}" for one in check(on.cloud.log, judged)]


async def test_a_ladder_that_only_a_rollback_ends_keeps_every_promise_although_the_worker_is_killed_on_each_rung(
    server: Server, tmp_path: Path
) -> None:
    simulated = sick(soft_reboot="hangs")
    with deployment(server, tmp_path, simulated, page=climbing(next(iter(simulated.regions)))) as on:
        worker = on.command("worker")

        async def kill_while(activity: str, calls: int, action: str) -> None:
            """As it waits there, and not while the call itself is in its hands."""
            nonlocal worker

            async def so() -> bool:
                return on.calls(action) == calls and await on.pending(activity)

            await until(so, 120)
            on.kill(worker)
            worker = on.command("worker")

        await on.send()
        await kill_while("wait_until_done", 1, REBOOT)
        await kill_while("wait_until_done", 1, STOP)
        question = await asked(on)
        assert (question.matter, Choice.GO in question.choices) == (Matter.ROLLBACK, True)
        assert [one.snapshot_id for one in question.disks] == list(GOOD)
        on.kill(worker)  # an approval outlives it
        worker = on.command("worker")
        await approve(on, await asked(on))
        await kill_while("wait_until_rolled_back", 1, APPLY_SNAPSHOT)
        result = await on.ended()
        wrong = broken(on, result, said_recovered_at=result.ended_at.timestamp())
        acts = [one for one in on.mutating() if one in (REBOOT, STOP, START, APPLY_SNAPSHOT)]

    assert result.outcome is Outcome.RECOVERED
    assert {Code.BOOT_NEW, Code.MOUNTS_WRITABLE} <= {one.code for one in result.proven}
    assert wrong == []
    assert acts.count(APPLY_SNAPSHOT) == 2
    assert acts[-1] == START
    assert [one.by for one in result.answers] == [APPROVER]
    assert "medic approve" in str(on.box.received)


async def test_a_rollback_that_fails_half_way_leaves_the_instance_stopped_and_says_how_to_go_on(
    server: Server, tmp_path: Path
) -> None:
    one = sick()
    region, theirs = next(iter(one.regions.items()))
    [data] = theirs.instances[0].data_disks
    failing = theirs.instances[0].model_copy(update={"data_disks": (data.model_copy(update={"rollback": "fails"}),)})
    theirs = theirs.model_copy(update={"instances": (failing, *theirs.instances[1:])})
    simulated = one.model_copy(update={"regions": {region: theirs}})
    with deployment(server, tmp_path, simulated, page=climbing(region)) as on:
        on.command("worker")
        await on.send()
        await approve(on, await asked(on))
        result = await on.ended()
        wrong = broken(on, result)
        starts = on.calls(START)

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.ROLLBACK_FAILED)
    assert len(result.rolled_back) == 1
    assert starts == 0
    assert wrong == []
