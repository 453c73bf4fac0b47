"""Time-outs and failures of activities, as the server really reports them, in our own words."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from remediation.contract import FINAL, FINAL_WHEN_MUTATING
    from workflows.calls import _in_our_words

pytestmark = pytest.mark.temporal
attempts: dict[str, int] = {}


@activity.defn
async def behave(key: str, kind: str) -> str:
    """Fails, sleeps or succeeds as its name says."""
    attempts[key] = attempts.get(key, 0) + 1
    if kind == "hangs":
        await asyncio.Event().wait()
    if kind == "is fine at the third attempt" and attempts[key] == 3:
        return "fine"
    name = "NotYet" if kind in ("is never ready", "is fine at the third attempt") else kind
    raise ApplicationError(f"{name} at attempt {attempts[key]}", type=name, next_retry_delay=timedelta(seconds=0.1))


@workflow.defn
class OneCall:
    """Makes one call and returns what our words for its failure are."""

    @workflow.run
    async def run(self, key: str, kind: str, mutating: bool) -> list[str]:
        """Returns the class of our word, and its message."""
        try:
            done: Any = await workflow.execute_activity(
                behave,
                args=[key, kind],
                task_queue=f"{key}-nobody" if kind == "nobody is there" else None,
                start_to_close_timeout=timedelta(seconds=1),
                schedule_to_close_timeout=timedelta(seconds=3),
                retry_policy=RetryPolicy(
                    backoff_coefficient=1.0,
                    non_retryable_error_types=list(FINAL_WHEN_MUTATING if mutating else FINAL),
                ),
            )
        except ActivityError as error:
            ours = _in_our_words(error, mutating)
            return [type(ours).__name__, str(ours)]
        return ["Done", str(done)]


@pytest.mark.parametrize(
    ("kind", "mutating", "word", "tried"),
    [
        # What a dead worker looks like to the server: the one case that must never be tried again blindly.
        ("hangs", True, "Unknown", 1),
        ("OutcomeUnknown", True, "Unknown", 1),
        ("is fine at the third attempt", True, "Done", 3),
        ("Refused", True, "CallFailed", 1),
        ("NeedsPeople", False, "CallFailed", 1),
        ("is never ready", False, "Expired", None),
        ("hangs", False, "Expired", None),
        ("nobody is there", False, "Expired", 0),
        ("nobody is there", True, "NotStarted", 0),
    ],
)
async def test_a_failure_becomes_the_word_that_says_whether_it_may_have_been_done(
    client: Client, unique: str, kind: str, mutating: bool, word: str, tried: int | None
) -> None:
    queue = f"calls-{unique}"
    async with Worker(client, task_queue=queue, workflows=[OneCall], activities=[behave]):
        [said, _] = await client.execute_workflow(
            OneCall.run, args=[unique, kind, mutating], id=f"call-{unique}", task_queue=queue
        )

    assert said == word
    assert tried is None or attempts.get(unique, 0) == tried
