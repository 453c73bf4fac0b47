"""Waits: as long as they must be, at the same price in history, and through every restart."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from remediation.cloud import CREATE_SNAPSHOT, REBOOT
from remediation.reasons import Code
from remediation.report import Outcome
from tests.clouds import StagedCloud
from tests.waiting import until
from tests.workflows.staging import called, ended_within, stage, without_tasks

pytestmark = pytest.mark.temporal

MOST_EVENTS = 100


async def events_of(client: Client, unique: str, cloud: StagedCloud) -> int:
    async with stage(client, unique, cloud) as on:
        await on.send()
        result = await on.ended()
        history = await on.remediation.fetch_history()
    assert result.outcome is Outcome.RECOVERED
    return len(history.events)


async def test_a_long_wait_leaves_as_many_events_as_a_short_one(client: Client, unique: str) -> None:
    short = await events_of(client, f"{unique}a", StagedCloud(polls_until_ready=1))
    long = await events_of(client, f"{unique}b", StagedCloud(polls_until_ready=12))

    assert abs(long - short) <= 10
    assert max(short, long) <= MOST_EVENTS


async def test_a_snapshot_of_four_hours_is_waited_for_in_one_activity(
    time_skipping: WorkflowEnvironment, unique: str
) -> None:
    cloud = StagedCloud(polls_until_ready=45)
    patient = ("operators: [desk]", "operators: [desk]\nguardrails: {act_within: 12h}")
    async with stage(time_skipping.client, unique, cloud, patient, poll_interval="5m") as on:
        began = await time_skipping.get_current_time()
        await on.send(at=began)

        async def begun() -> bool:
            return await called(on, CREATE_SNAPSHOT, 2)

        await until(begun)  # skipped before that, people would be told that the cloud is silent
        result = await ended_within(time_skipping, on, timedelta(hours=5))
        history = await on.remediation.fetch_history()

    waited = next(step for step in result.steps if step.name == "snapshots")
    assert result.outcome is Outcome.RECOVERED
    assert waited.seconds > 3.5 * 3600
    assert without_tasks(history) <= 52
    assert cloud.mutating() == ["CreateSnapshot", "CreateSnapshot", REBOOT]


async def test_a_snapshot_is_not_waited_for_longer_than_a_reboot_is_allowed(
    time_skipping: WorkflowEnvironment, unique: str
) -> None:
    cloud = StagedCloud(polls_until_ready=45)
    async with stage(time_skipping.client, unique, cloud, poll_interval="5m") as on:
        began = await time_skipping.get_current_time()
        await on.send(at=began)
        await on.decided()
        result = await ended_within(time_skipping, on, timedelta(hours=2))

    waited = next(step for step in result.steps if step.name == "snapshots")
    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.ACT_TOO_LATE)
    assert waited.seconds < 1.1 * 3600
    assert REBOOT not in cloud.mutating()


async def test_a_wait_goes_on_when_all_workers_have_been_replaced(client: Client, unique: str) -> None:
    cloud = StagedCloud(polls_until_ready=6)
    async with stage(client, unique, cloud) as on:
        await on.send()

        async def waiting() -> bool:
            return cloud.calls.count("DescribeSnapshots") >= 4

        await until(waiting)
    async with stage(client, unique, cloud) as on:
        result = await on.ended()

    assert result.outcome is Outcome.RECOVERED
    assert cloud.mutating() == ["CreateSnapshot", "CreateSnapshot", REBOOT]


async def test_a_snapshot_that_makes_no_progress_ends_the_run_before_the_reboot_and_before_its_deadline(
    client: Client, unique: str
) -> None:
    hasty = ("snapshot: {timeout: 4h}", "snapshot: {timeout: 4h, stall: 3s}")
    async with stage(client, unique, StagedCloud(polls_until_ready=10**6), hasty) as on:
        await on.send()
        result = await on.ended()

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.SNAPSHOT_STALLED)
    assert REBOOT not in on.cloud.mutating()
