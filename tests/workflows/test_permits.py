"""A remediation and its permit: when it counts, when it is given back, and what a freeze makes of it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from activities.fleet import read_freeze
from remediation import contract
from remediation.cloud import CREATE_SNAPSHOT
from remediation.errors import OutcomeUnknown
from remediation.reasons import Code
from remediation.report import Outcome, RemediationResult
from tests.remediation.facts import an_alarm, an_order
from tests.waiting import until
from tests.workflows.guarding import Region, guarded

pytestmark = pytest.mark.temporal


@pytest_asyncio.fixture
async def region(client: Client, unique: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Region]:
    async with guarded(client, unique, monkeypatch) as one:
        yield one


async def begun(region: Region, name: str = "a", key: str = "key-a", **order: Any) -> WorkflowHandle[Any, Any]:
    now = datetime.now(timezone.utc)
    alarm = {"region": region.name, "instance_id": f"ins-{name}", "occurred_at": now, "received_at": now}
    wanted = contract.RemediateInput(
        run_key=uuid.uuid4().hex[:10],
        alarm=an_alarm().model_copy(update=alarm),
        order=an_order(**{"runbook": {"verify": {"settle": "0s", "timeout": "1m"}}, **order}),
        recipients=(),
        incident_id=contract.incident_id(region.name, f"ins-{name}"),
        permit_key=key,
    )
    return await region.client.start_workflow(
        contract.REMEDIATE_INSTANCE,
        wanted,
        id=contract.remediation_id(region.name, f"ins-{name}"),
        task_queue=region.task_queue,
        result_type=RemediationResult,
    )


async def to_the_guard(region: Region, run: WorkflowHandle[Any, Any]) -> list[str]:
    """What a run has signalled to the guard, in order."""
    history = await run.fetch_history()
    sent = [one.signal_external_workflow_execution_initiated_event_attributes for one in history.events]
    guard = contract.fleet_id(region.name)
    return [one.signal_name for one in sent if one.workflow_execution.workflow_id == guard]


async def test_a_run_begins_to_count_with_its_first_call_and_gives_its_permit_back_at_its_end(region: Region) -> None:
    await region.ask("a")
    run = await begun(region)
    result = await run.result()
    assert result.outcome is Outcome.RECOVERED
    assert await to_the_guard(region, run) == [contract.SENT, contract.ENDED]
    shown = await region.shown()
    assert (shown.acting, shown.within_the_hour) == ((), 1)


async def test_a_run_that_sent_nothing_does_not_count(region: Region) -> None:
    await region.ask("a")
    run = await begun(region, scope={"tag": "medic=never"})
    assert (await run.result()).outcome is Outcome.REFUSED
    assert await to_the_guard(region, run) == [contract.ENDED]
    shown = await region.shown()
    assert (shown.acting, shown.within_the_hour) == ((), 0)


async def test_a_call_whose_answer_was_lost_counts(region: Region) -> None:
    def lose(action: str) -> None:
        raise OutcomeUnknown("no usable answer", action=action)

    region.cloud.on_call = lambda action: lose(action) if action == CREATE_SNAPSHOT else None
    await region.ask("a")
    run = await begun(region, timing={"validity_seconds": 1, "patience_seconds": 20})
    assert (await run.result()).outcome is Outcome.HANDED_OVER
    assert await to_the_guard(region, run) == [contract.SENT, contract.ENDED]
    assert (await region.shown()).within_the_hour == 1


async def test_a_run_without_a_permit_tells_no_guard(region: Region) -> None:
    run = await begun(region, key="")
    assert (await run.result()).outcome is Outcome.RECOVERED
    assert await to_the_guard(region, run) == []


async def test_a_run_whose_guard_is_gone_ends_well(region: Region) -> None:
    run = await begun(region)
    assert (await run.result()).outcome is Outcome.RECOVERED


async def test_a_frozen_region_ends_a_run_before_its_first_call_and_says_who_froze_it(region: Region) -> None:
    await region.freeze()
    result = await (await begun(region)).result()
    assert (result.outcome, result.reason.code) == (Outcome.REFUSED, Code.FROZEN)
    assert (result.reason.facts["by"], result.reason.facts["why"]) == ("ada", "we move house")
    assert region.cloud.mutating() == []
    assert any("ada 已冻结" in one["text"] for one in region.ears.heard)


@pytest.mark.parametrize("where", ["", contract.EVERYWHERE])
async def test_a_freeze_between_snapshot_and_reboot_ends_the_run_with_its_snapshots_and_no_reboot(
    region: Region, where: str
) -> None:
    region.cloud.polls_until_ready = 10_000
    run = await begun(region)

    async def waits() -> bool:
        return region.cloud.calls.count("DescribeSnapshots") >= 4

    await until(waits)
    try:
        await region.freeze(where=where)
        region.cloud.polls_until_ready = 1
        result = await run.result()
    finally:
        await region.unfreeze(where=where)
    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.FROZEN)
    assert [one.ready for one in result.snapshots] == [True, True]
    assert region.cloud.mutating() == [CREATE_SNAPSHOT, CREATE_SNAPSHOT]


async def test_a_namespace_that_is_not_there_does_not_say_that_nothing_is_frozen(client: Client) -> None:
    elsewhere = Client(client.service_client, namespace="nowhere", data_converter=client.data_converter)
    with pytest.raises(RPCError, match="nowhere"):
        await read_freeze(elsewhere, "ap-guangzhou")


async def test_while_the_freeze_cannot_be_read_nothing_is_sent(region: Region) -> None:
    """The memo of a guard that nobody can read is as good as a server that does not answer."""
    await region.client.start_workflow(
        "Asker",
        id=contract.fleet_id(region.name),
        task_queue=region.task_queue,
        memo={contract.FREEZE: {"of": "a later version"}},
    )
    run = await begun(region)

    async def tried() -> bool:
        described = await run.describe()
        waiting = described.raw_description.pending_activities
        return any("could not be read" in one.last_failure.message and one.attempt > 1 for one in waiting)

    await until(tried)
    assert region.cloud.mutating() == []
    await run.cancel()
    assert (await run.result()).outcome is Outcome.CANCELLED
    assert region.cloud.mutating() == []
