"""The bare pair: a parent and a child with as many activities as ours, on as many queues, which do nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

from temporalio import workflow
from temporalio.workflow import ParentClosePolicy

PARENT, CHILD, NOTHING = "BareParent", "BareChild", "nothing"
# The suffixes of our own queues, and how a name says that it is told to people, or never ready.
NOTICES, READINGS, SNAPSHOTS, WAITS, REBOOTS = "-notices", "-readings", "-snapshots", "-snapshot-waits", "-reboots"
FLEET = "-fleet"
QUEUES = (NOTICES, READINGS, SNAPSHOTS, WAITS, REBOOTS, FLEET)
TELL, FOR_EVER = "tell", "for ever"


@workflow.defn(name=CHILD)
class BareChild:
    """The activities of a remediation of two disks with one recipient, in their order and parallelism."""

    @workflow.run
    async def run(self, waits: bool) -> str:
        """`waits`: stay in the wait for the snapshots."""
        await _call("look", READINGS)
        told = asyncio.ensure_future(_call(TELL, NOTICES))
        await asyncio.gather(_protect("system disk", waits), _protect("data disk", waits))
        await _call("reboot", REBOOTS)
        await _call("back", READINGS)
        await _call("verify", READINGS)
        await told
        return await _call(TELL, NOTICES)


@workflow.defn(name=PARENT)
class BareParent:
    """Takes one signal, decides twice in local activities, reads and asks, starts the child and waits for it."""

    def __init__(self) -> None:
        self._waits: bool | None = None

    @workflow.signal
    def begin(self, waits: bool) -> None:
        self._waits = waits

    @workflow.run
    async def run(self) -> str:
        """Returns what the child returns."""
        await workflow.wait_condition(lambda: self._waits is not None)
        await _decide()
        await _call("reach", READINGS)
        decided = await _decide()
        await _call("ask", FLEET)
        child: str = await workflow.execute_child_workflow(
            CHILD,
            self._waits,
            id=f"{workflow.info().workflow_id}/child",
            result_type=str,
            parent_close_policy=ParentClosePolicy.ABANDON,
        )
        return f"{decided}, {child}"


async def _decide() -> str:
    decided: str = await workflow.execute_local_activity(
        NOTHING, "decide", result_type=str, start_to_close_timeout=timedelta(seconds=10)
    )
    return decided


async def _protect(disk: str, waits: bool) -> None:
    await _call(f"snapshot of {disk}", SNAPSHOTS)
    await _call(f"{disk} {FOR_EVER}" if waits else f"{disk} is ready", WAITS)


def _call(name: str, queue: str) -> Awaitable[str]:
    """One activity; where all is on one queue, the suffixes lead nowhere and are left out."""
    own = workflow.info().task_queue
    return workflow.execute_activity(
        NOTHING,
        name,
        task_queue=own if own.endswith("-one") else own + queue,
        result_type=str,
        start_to_close_timeout=timedelta(seconds=15),
        schedule_to_close_timeout=timedelta(hours=4),
    )
