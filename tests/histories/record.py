"""Records a history of every outcome: `python -m tests.histories.record VERSION`; recorded ones are never edited."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from remediation.approvals import Choice, Matter
from remediation.cloud import REBOOT, Instance, Operation
from remediation.errors import OutcomeUnknown
from tests.clouds import StagedCloud
from tests.temporal_server import dev_server
from tests.waiting import until
from tests.workflows.answering import ASKS, GOOD, HARD, ROLLBACK, answer, asked
from tests.workflows.staging import Stage, stage

FOLDER = Path(__file__).parent
Change = tuple[str, str]


def _scrubbed(value: Any) -> Any:
    """Without what names a machine; replay looks at neither."""
    if isinstance(value, dict):
        return {
            key: "worker" if key in ("identity", "lastWorkerIdentity") else _scrubbed(one)
            for key, one in value.items()
            if key != "stackTrace"
        }
    return [_scrubbed(one) for one in value] if isinstance(value, list) else value


async def _waiting(on: Stage) -> None:
    async def seen() -> bool:
        return on.cloud.calls.count("DescribeSnapshots") >= 4

    await until(seen)


async def _recovers(on: Stage) -> None:
    await _waiting(on)
    await on.send(status="0")


async def _is_cancelled(on: Stage) -> None:
    await _waiting(on)
    await on.remediation.cancel()


async def _is_sent_twice(on: Stage) -> None:
    await on.send(event_id="the-same")
    await on.send(event_id="the-same")


def _losing_answers() -> StagedCloud:
    def lose(action: str) -> None:
        raise OutcomeUnknown("no usable answer", action=action)

    return StagedCloud(after_effect=lose)


def _losing_requests() -> StagedCloud:
    def lose(action: str) -> None:
        if action == "RebootInstances":
            raise OutcomeUnknown("no usable answer", action=action)

    return StagedCloud(on_call=lose)


def _stopped(instance_id: str) -> Instance:
    return Instance(
        instance_id="ins-x", region="ap-guangzhou", state="STOPPED", tags={"medic": "on"}, operation=Operation()
    )


async def _is_denied(on: Stage) -> None:
    await answer(on, await asked(on, Matter.FIRST_ACTION), Choice.STOP)


async def _is_rolled_back(on: Stage) -> None:
    question = await asked(on, Matter.ROLLBACK)
    on.cloud.reboot_ends_as = "SUCCESS"
    await answer(on, question)


async def _goes_unprotected(on: Stage) -> None:
    await answer(on, await asked(on, Matter.SLOW_SNAPSHOT), Choice.UNPROTECTED)


async def _nothing(on: Stage) -> None:
    return None


def _endless() -> StagedCloud:
    return StagedCloud(polls_until_ready=10_000)


CASES: dict[str, tuple[Callable[[], StagedCloud], tuple[Change, ...], Callable[[Stage], Awaitable[None]]]] = {
    "recovered": (lambda: StagedCloud(polls_until_ready=3), (), _is_sent_twice),
    "recovered-adopted": (_losing_answers, (), _nothing),
    "recovered_by_itself": (_endless, (), _recovers),
    "cancelled": (_endless, (), _is_cancelled),
    "refused": (lambda: StagedCloud(instance=_stopped), (), _nothing),
    "would_act": (StagedCloud, (("mode: act", "mode: observe"),), _nothing),
    "not_recovered": (lambda: StagedCloud(reboot_ends_as="FAILED"), (), _nothing),
    "handed_over-unknown": (_losing_requests, (), _nothing),
    "handed_over-timeout": (
        _endless,
        (("snapshot: {timeout: 4h}", "snapshot: {timeout: 3s}"),),
        _nothing,
    ),
}


_ASK = (("    mode: act", "    mode: ask"), ASKS)
CASES |= {
    "denied": (StagedCloud, _ASK, _is_denied),
    "handed_over-not_answered": (
        StagedCloud,
        (*_ASK, ("    verify:", "    approval: {within: 1s}\n    verify:")),
        _nothing,
    ),
    "recovered-hard": (lambda: StagedCloud(hangs={"SOFT"}), (HARD,), _nothing),
    "recovered-stop_and_start": (lambda: StagedCloud(hangs={"SOFT"}, busy_refuses={REBOOT}), (HARD,), _nothing),
    "recovered-rollback": (
        lambda: StagedCloud(reboot_ends_as="FAILED", snapshots=dict(GOOD)),
        (ROLLBACK, ASKS),
        _is_rolled_back,
    ),
    "recovered-unprotected": (
        _endless,
        (("snapshot: {timeout: 4h}", "snapshot: {timeout: 4h, ask_after: 1s}"), ASKS),
        _goes_unprotected,
    ),
}


async def record(version: str) -> None:
    """Run every case on a dev server and write both workflows' histories below `version`/."""
    folder = FOLDER / version
    folder.mkdir()
    async with dev_server() as server:
        for number, (name, (cloud, changes, meanwhile)) in enumerate(CASES.items()):
            async with stage(server.client, f"case{number}", cloud(), *changes, signature_validity="2s") as on:
                await on.send()
                await meanwhile(on)
                await on.ended()

                async def told(on: Stage = on) -> bool:
                    return all(one.run is None or one.run.ended_at is not None for one in await on.decided())

                await until(told)
                for kind, handle in (("incident", on.incident), ("remediation", on.remediation)):
                    history = _scrubbed(json.loads((await handle.fetch_history()).to_json()))
                    text = json.dumps({"workflow_id": handle.id, "history": history}, indent=1)
                    (folder / f"{name}.{kind}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1]))
