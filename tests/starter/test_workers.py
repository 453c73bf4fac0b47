"""The door says when nobody is there to work on what it takes in, and it never waits for that."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timezone
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.workflowservice.v1 import DescribeTaskQueueResponse
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from starter.receipts import Receipt
from starter.workers import LONGEST_GRACE_SECONDS, WatchedStart
from tests.starter.deliveries import envelope, signals
from tests.waiting import until


@workflow.defn(name="Idle")
class Idle:
    """A worker has to have some workflow."""

    @workflow.run
    async def run(self) -> None:
        """Nobody starts it."""


async def taken(door: WatchedStart, client: Client, instance_id: str) -> Receipt:
    return await door.take(client, envelope(instance_id), received_at=datetime.now(timezone.utc))


def alarms(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]


async def test_where_nobody_polls_the_receipt_says_so_and_one_error_names_the_queue(
    client: Client, unique: str, caplog: pytest.LogCaptureFixture
) -> None:
    door = WatchedStart(f"medic-{unique}")
    receipts = [await taken(door, client, f"ins-{unique}") for _ in range(3)]
    assert [one.worker for one in receipts] == ["none polls"] * 3
    (alarm,) = alarms(caplog)
    assert f"medic-{unique}" in alarm
    assert "medic worker" in alarm


async def test_a_worker_that_polls_is_seen(client: Client, unique: str, caplog: pytest.LogCaptureFixture) -> None:
    async def sees() -> bool:
        receipt = await taken(WatchedStart(f"medic-{unique}"), client, f"ins-{unique}")
        return receipt.worker == "polls"

    async with Worker(client, task_queue=f"medic-{unique}", workflows=[Idle]):
        await until(sees)
    caplog.clear()
    assert await sees()  # for five minutes after its last poll
    assert alarms(caplog) == []


class Looks:
    """A client of the dev server of which only the look fares otherwise."""

    def __init__(self, client: Client, refused: bool, seconds: float | None = None) -> None:
        self._client = client
        self._refused = refused
        self._seconds = seconds
        self.looks = 0

    def __getattr__(self, name: str) -> Any:
        return self if name == "workflow_service" else getattr(self._client, name)

    async def describe_task_queue(self, _: object) -> DescribeTaskQueueResponse:
        self.looks += 1
        if self._refused:
            raise RPCError("not for you", RPCStatusCode.PERMISSION_DENIED, b"")
        if self._seconds is None:
            await asyncio.Event().wait()
        await asyncio.sleep(self._seconds or 0)
        return DescribeTaskQueueResponse()


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "without an answer"])
async def test_a_look_neither_delays_for_long_nor_fails_a_receipt(
    client: Client, unique: str, caplog: pytest.LogCaptureFixture, refused: bool
) -> None:
    door, looks = WatchedStart(f"medic-{unique}"), Looks(client, refused)
    for _ in range(2):
        receipt = await asyncio.wait_for(taken(door, looks, f"ins-{unique}"), 5)  # type: ignore[arg-type]  # a stand-in
        assert (receipt.events[0].status, receipt.worker) == ("accepted", "unknown")
    assert len(await signals(client, f"cvm/ap-guangzhou/ins-{unique}")) == 2
    assert looks.looks == (1 if refused else 2)
    assert alarms(caplog) == []


async def test_that_nobody_works_is_said_however_slow_the_look_is(
    client: Client, unique: str, caplog: pytest.LogCaptureFixture
) -> None:
    door, looks = WatchedStart(f"medic-{unique}"), Looks(client, refused=False, seconds=1)

    async def says_so() -> bool:
        receipt = await taken(door, looks, f"ins-{unique}")  # type: ignore[arg-type]  # a stand-in
        return receipt.worker == "none polls"

    await until(says_so)
    assert len(alarms(caplog)) == 1
    assert looks.looks > 1


async def test_where_the_look_is_never_answered_not_every_receipt_waits_for_it(client: Client, unique: str) -> None:
    door, looks = WatchedStart(f"medic-{unique}"), Looks(client, refused=False)
    door._grace = LONGEST_GRACE_SECONDS
    for _ in range(2):
        await taken(door, looks, f"ins-{unique}")  # type: ignore[arg-type]  # a stand-in
    assert looks.looks == 1
