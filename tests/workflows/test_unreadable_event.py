"""What could not be read: kept, told at once, and many of them in one digest an hour."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from remediation import contract
from starter.start import start
from tests.waiting import until
from tests.workflows.staging import Stage, skip, stage

pytestmark = pytest.mark.temporal


async def test_each_body_is_kept_and_only_the_first_is_told_at_once(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        elements = [{"source": "cos.cloud.tencent", "type": "x", "n": f"{unique}-{n}"} for n in range(5)]
        receipt = await start(
            client, {"EventList": elements}, received_at=datetime.now(timezone.utc), task_queue=on.task_queue
        )
        why = [await client.get_workflow_handle(one.workflow_id).result() for one in receipt.events]
        await until(lambda: _heard(on, 1))
        digest = client.get_workflow_handle(contract.unreadable_digest_id(on.task_queue))
        history = await digest.fetch_history()
        await digest.terminate("the test is over")

    assert len({one.workflow_id for one in receipt.events}) == 5
    assert all("cos.cloud.tencent" in one for one in why)
    assert on.ears.headlines() == ["NEEDS YOU"]
    assert sum(e.HasField("workflow_execution_signaled_event_attributes") for e in history.events) == 4


async def test_what_follows_within_the_hour_is_told_in_one_digest_at_its_end(
    time_skipping: WorkflowEnvironment, unique: str
) -> None:
    async with stage(time_skipping.client, unique) as on:
        digest = await time_skipping.client.start_workflow(
            contract.UNREADABLE_DIGEST, "the first", id=f"digest-{unique}", task_queue=on.task_queue
        )
        for number in range(6):
            await digest.signal(contract.TAKE_UNREADABLE, f"one more, {number}")
        await skip(time_skipping, timedelta(hours=2))
        told = await digest.result()

    assert told == 7
    assert on.ears.headlines() == ["NEEDS YOU", "NEEDS YOU"]
    assert "one more, 5" in on.ears.heard[1]["text"]


async def _heard(on: Stage, count: int) -> bool:
    return len(on.ears.heard) >= count
