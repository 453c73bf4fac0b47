"""The bare pair: a parent and a child with as many activities as ours, which do nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ParentClosePolicy

PARENT, CHILD = "BareParent", "BareChild"


@activity.defn
def nothing(name: str) -> str:
    """Returns what it was given; a name that ends in `for ever` is never ready."""
    if name.endswith("for ever"):
        raise ApplicationError("not yet", type="NotYet", next_retry_delay=timedelta(hours=1))
    return name


def _call(name: str) -> Awaitable[str]:
    return workflow.execute_activity(
        nothing, name, start_to_close_timeout=timedelta(seconds=15), schedule_to_close_timeout=timedelta(hours=4)
    )


@workflow.defn(name=CHILD)
class BareChild:
    """Ten activities in the order and the parallelism of a remediation of two disks with one recipient."""

    @workflow.run
    async def run(self, waits: bool) -> str:
        """`waits`: stay in the wait for the snapshots."""
        await _call("look")
        told = asyncio.ensure_future(_call("tell"))
        await asyncio.gather(self._protect("system disk", waits), self._protect("data disk", waits))
        for name in ("reboot", "back", "verify"):
            await _call(name)
        await told
        return await _call("tell")

    async def _protect(self, disk: str, waits: bool) -> None:
        await _call(f"snapshot of {disk}")
        await _call(f"{disk} for ever" if waits else f"{disk} is ready")


@workflow.defn(name=PARENT)
class BareParent:
    """Takes one signal, decides in a local activity, starts the child and waits for it."""

    def __init__(self) -> None:
        self._waits: bool | None = None

    @workflow.signal
    def begin(self, waits: bool) -> None:
        self._waits = waits

    @workflow.run
    async def run(self) -> Any:
        """Returns what the child returns."""
        await workflow.wait_condition(lambda: self._waits is not None)
        await workflow.execute_local_activity(nothing, "decide", start_to_close_timeout=timedelta(seconds=10))
        return await workflow.execute_child_workflow(
            CHILD,
            self._waits,
            id=f"{workflow.info().workflow_id}/child",
            parent_close_policy=ParentClosePolicy.ABANDON,
        )
