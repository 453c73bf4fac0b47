"""Whether anybody is there to work on what the door takes in: an alarm of the door's own, beside every receipt."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from datetime import datetime

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from remediation import contract
from starter.connection import TemporalUnreachable, reach
from starter.receipts import Receipt, WorkerSeen
from starter.start import start

LOOK_EVERY_SECONDS = 60.0
GRACE_SECONDS = 0.2
"""How much later than without it a receipt may come because of a look; doubled after each that took longer."""
LONGEST_GRACE_SECONDS = 3.2
_LOG = logging.getLogger("medic.door")


async def workers_of(client: Client, task_queue: str) -> list[str]:
    """The identities (`PID@HOST`) of the workers that polled for workflows within the last five minutes.

    Args:
        task_queue: the prefix of our task queues (`MEDIC_TASK_QUEUE`).

    Raises:
        TemporalUnreachable: no answer, or a refusal.
    """
    return [poller.identity for poller in await pollers_of(client, contract.Queue.WORKFLOWS, task_queue)]


async def pollers_of(client: Client, queue: contract.Queue, task_queue: str) -> Sequence[PollerInfo]:
    """Who polled this queue within the last five minutes: identity, and the build that it says it is.

    Raises:
        TemporalUnreachable: no answer, or a refusal.
    """
    of_workflows = queue is contract.Queue.WORKFLOWS
    asked = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue.of(task_queue)),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
        if of_workflows
        else TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    return (await reach(client, client.workflow_service.describe_task_queue(asked))).pollers


class WatchedStart:
    """`start` for a door's whole life: it also looks, once a minute at most, whether a worker polls.

    Temporal names the workers that polled within the last five minutes, so none named is none for that long (or a
    Temporal that has itself just started). The look goes on beside the hand-over; it neither delays nor fails it.
    """

    def __init__(self, task_queue: str) -> None:
        self._task_queue = task_queue
        self._seen: WorkerSeen = "unknown"
        self._look_again_at = 0.0
        self._grace = GRACE_SECONDS

    async def take(self, client: Client, body: object, *, received_at: datetime) -> Receipt:
        """As `start`, with `worker` in the receipt; raises what `start` raises."""
        looking = asyncio.ensure_future(self._look(client))
        try:
            receipt = await start(client, body, received_at=received_at, task_queue=self._task_queue)
            await asyncio.wait({looking}, timeout=self._grace)
            if not looking.done() and self._grace < LONGEST_GRACE_SECONDS:
                # A slow Temporal must not hide for ever that nobody works: the next receipt waits longer for its look.
                self._look_again_at, self._grace = 0.0, min(2 * self._grace, LONGEST_GRACE_SECONDS)
        finally:
            looking.cancel()
            await asyncio.wait({looking})  # a loop that is closed with a task on it complains
        return receipt.model_copy(update={"worker": self._seen})

    async def _look(self, client: Client) -> None:
        if time.monotonic() < self._look_again_at:
            return
        self._look_again_at = time.monotonic() + LOOK_EVERY_SECONDS
        self._seen = "unknown"  # until it is known: an old answer is none
        try:
            polling = await workers_of(client, self._task_queue)
        except TemporalUnreachable:
            return  # the hand-over tells it, if it concerns that too
        self._seen = "polls" if polling else "none polls"
        if not polling:
            reason = (
                "events are accepted and kept, and nobody works on them: "
                f"no worker has polled {self._task_queue} of namespace {client.namespace} for five minutes. "
                "Start `medic worker`, or set the same MEDIC_TASK_QUEUE and TEMPORAL_NAMESPACE for both"
            )
            _LOG.error(json.dumps({"status": "no worker", "reason": reason}))
