"""The timeline out of a real history: with the steps' own words, and while no worker lives."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Worker

from cli.timeline import Line, read_timeline
from tests.waiting import until

pytestmark = pytest.mark.temporal


@activity.defn(name="look")
async def look() -> str:
    attempt = activity.info().attempt
    if attempt < 3:
        raise ApplicationError(f"{attempt * 40} %", next_retry_delay=timedelta(milliseconds=10))
    return "ready"


@activity.defn(name="refuse")
async def refuse() -> None:
    raise ApplicationError("the instance is isolated", non_retryable=True)


@activity.defn(name="wait")
async def wait() -> None:
    raise ApplicationError("still at 45 %", next_retry_delay=timedelta(hours=1))


@workflow.defn(name="TinyStory")
class TinyStory:
    """A wait that takes three looks, a step that fails, a rest, and a wait that does not end."""

    @workflow.run
    async def run(self, endless: bool) -> None:
        soon = timedelta(seconds=30)
        await workflow.execute_activity("look", start_to_close_timeout=soon, summary="wait until it is ready")
        try:
            await workflow.execute_activity("refuse", start_to_close_timeout=soon, summary="try it")
        except ActivityError:
            await workflow.sleep(0.05, summary="let it settle")
        if endless:
            await workflow.execute_activity("wait", start_to_close_timeout=soon, summary="wait for ever")


async def _timeline(client: Client, handle: WorkflowHandle[TinyStory, None]) -> list[Line]:
    described = await handle.describe()
    history = await handle.fetch_history()
    pending = described.raw_description.pending_activities
    return await read_timeline(history.events, pending, client.data_converter, datetime.now(timezone.utc))


def _worker(client: Client, queue: str) -> Worker:
    return Worker(client, task_queue=queue, workflows=[TinyStory], activities=[look, refuse, wait])


async def test_each_step_has_its_words_its_attempts_and_its_ending(client: Client, unique: str) -> None:
    async with _worker(client, unique):
        handle = await client.start_workflow(TinyStory.run, False, id=f"tiny-{unique}", task_queue=unique)
        await handle.result()
    waited, tried, rested = await _timeline(client, handle)
    assert (waited.step, waited.activity, waited.state, waited.attempts) == (
        "wait until it is ready",
        "look",
        "done",
        3,
    )
    assert waited.seconds > 0.02
    assert (tried.step, tried.state, tried.detail) == ("try it", "failed", "the instance is isolated")
    assert (rested.step, rested.activity, rested.state) == ("let it settle", "", "done")
    assert waited.started_at <= tried.started_at <= rested.started_at


async def test_what_is_awaited_shows_what_was_seen_last_after_the_worker_is_gone(client: Client, unique: str) -> None:
    async with _worker(client, unique):
        handle = await client.start_workflow(TinyStory.run, True, id=f"tiny-{unique}", task_queue=unique)

        async def seen() -> bool:
            lines = await _timeline(client, handle)
            return bool(lines) and lines[-1].detail == "still at 45 %"

        await until(seen)
    last = (await _timeline(client, handle))[-1]
    assert (last.step, last.state, last.detail) == ("wait for ever", "waiting", "still at 45 %")
    assert last.is_open
    assert last.attempts >= 1
    await handle.terminate()
    ended = (await _timeline(client, handle))[-1]
    assert (ended.state, ended.detail) == ("failed", "the run ended before it did")


async def test_a_run_that_no_worker_has_taken_has_no_steps_yet(client: Client, unique: str) -> None:
    handle = await client.start_workflow(TinyStory.run, False, id=f"tiny-{unique}", task_queue=f"nobody-{unique}")
    assert await _timeline(client, handle) == []
    await handle.terminate()
