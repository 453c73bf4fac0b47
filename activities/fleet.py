"""A region's limits and freezes: asking its guard for a permit, and reading whether people have frozen it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from remediation import contract
from remediation.contract import EVERYWHERE, Holder, HoldersAsked, PermitAnswer, PermitAsked, Queue, fleet_id
from remediation.errors import Throttled
from remediation.freezes import Freeze

_RPC = timedelta(seconds=5)
# Longer than the reading's own time-out: it ends by itself, and says why.
_ANSWER_SECONDS = 6.0


class Freezes(Protocol):
    """Whether people have frozen a region, or all of them, at this moment."""

    def in_force(self, region: str) -> Freeze | None:
        """Raises Throttled if it cannot be known: then nothing is sent."""
        ...


class FreezeReader:
    """Reads freezes from the guards' own records; those who ask while a reading is under way share the next one.

    Nobody is given a reading that was begun before they asked, and nothing is kept: the promise that nothing is sent
    after a freeze rests on both.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._under_way: dict[str, asyncio.Task[Freeze | None]] = {}
        self._next: dict[str, asyncio.Task[Freeze | None]] = {}

    async def read(self, where: str) -> Freeze | None:
        """The freeze of a region or of `all`; raises what `read_freeze` raises."""
        if where not in self._next:
            self._next[where] = asyncio.create_task(self._read_after(self._under_way.get(where), where))
        return await asyncio.shield(self._next[where])  # who gives up does so alone

    async def _read_after(self, before: asyncio.Task[Freeze | None] | None, where: str) -> Freeze | None:
        if before is not None:
            await asyncio.wait([before])
        self._under_way[where] = self._next.pop(where)
        return await read_freeze(self._client, where)


class LiveFreezes:
    """Reads it at the Temporal server, for activities that run in threads."""

    def __init__(self, reader: FreezeReader, loop: asyncio.AbstractEventLoop) -> None:
        self._reader = reader
        self._loop = loop

    def in_force(self, region: str) -> Freeze | None:
        try:
            reading = asyncio.run_coroutine_threadsafe(self._read(region), self._loop)
            return reading.result(_ANSWER_SECONDS)
        except Exception as error:  # noqa: BLE001  # whatever it is: it is not known, and so nothing is sent
            told = f"not sent: whether {region} is frozen could not be read ({type(error).__name__}: {error})"
            raise Throttled(told, region=region, code="FreezeUnknown") from None

    async def _read(self, region: str) -> Freeze | None:
        found = await asyncio.gather(*(self._reader.read(where) for where in (region, EVERYWHERE)))
        return next((one for one in found if one is not None), None)


class FleetActivities:
    """The hands that reach for the guards of regions."""

    def __init__(self, client: Client, reader: FreezeReader, task_queue: str) -> None:
        """
        Args:
            task_queue: the prefix of our task queues.
        """
        self._client = client
        self._reader = reader
        self._queue = Queue.WORKFLOWS.of(task_queue)

    @activity.defn
    async def ask_permit(self, asked: PermitAsked) -> PermitAnswer:
        """Ask the region's guard, which is started if it is not there; asking again with the same key is harmless."""
        everywhere = await self._reader.read(EVERYWHERE)
        question = asked.model_copy(
            update={"incident_run_id": activity.info().workflow_run_id or "", "everywhere": everywhere}
        )
        # Without an id of ours: what this update was answered once is not what the same question is answered now.
        told = question.model_dump(mode="json")
        try:
            answer: PermitAnswer = await self._client.execute_update_with_start_workflow(
                contract.ASK,
                told,
                start_workflow_operation=guard_of(asked.region, self._queue),
                result_type=PermitAnswer,
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.UNIMPLEMENTED:
                raise
            # A server that cannot start and ask in one call.
            guard = await self._client.start_workflow(
                contract.FLEET_GUARD,
                id=fleet_id(asked.region),
                task_queue=self._queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )
            answer = await guard.execute_update(contract.ASK, told, result_type=PermitAnswer)
        return answer

    @activity.defn
    async def read_freeze(self, where: str) -> Freeze | None:
        """The freeze of a region, or of `all`."""
        return await self._reader.read(where)

    @activity.defn
    async def find_ended(self, asked: HoldersAsked) -> list[str]:
        """The keys of those that are proven not to be at work any more, and never to be again under this permit."""
        found = await asyncio.gather(*(self._has_ended(one) for one in asked.holders))
        return [holder.key for holder, over in zip(asked.holders, found, strict=True) if over]

    async def _has_ended(self, holder: Holder) -> bool:
        if holder.run_id:  # it has reported: its own end is the proof
            return not _may_act(await describe(self._client, holder.remediation_id, holder.run_id))
        if _may_act(await describe(self._client, holder.remediation_id)):
            return False  # it may be this one
        # It may never have begun, or not have reported. Only whoever asked could begin it now.
        asker = await describe(self._client, holder.incident_id, holder.incident_run_id)
        if asker is not None and asker.status is WorkflowExecutionStatus.CONTINUED_AS_NEW:
            asker = await describe(self._client, holder.incident_id)
        return not is_open(asker)


def guard_of(where: str, task_queue: str) -> WithStartWorkflowOperation[Any, Any]:
    """The guard of a region or of `all`, started if it is not there."""
    return WithStartWorkflowOperation(
        contract.FLEET_GUARD,
        id=fleet_id(where),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=f"limits and freezes: {where}",
    )


async def describe(client: Client, workflow_id: str, run_id: str = "") -> WorkflowExecutionDescription | None:
    """What the server knows of a workflow, or None if it knows nothing of it."""
    try:
        return await client.get_workflow_handle(workflow_id, run_id=run_id or None).describe(rpc_timeout=_RPC)
    except RPCError as error:
        # The same status tells that the namespace is not there, and then nothing is known.
        if error.status is RPCStatusCode.NOT_FOUND and not error.message.lower().startswith("namespace"):
            return None
        raise


async def read_freeze(client: Client, where: str) -> Freeze | None:
    """The freeze of a region or of `all`, from its guard's memo: as of this moment, and without a worker's help."""
    guard = await describe(client, fleet_id(where))
    told = await guard.memo_value(contract.FREEZE, None) if guard is not None else None
    if told is None:
        return None
    freeze = Freeze.model_validate(told)
    # Somebody ended the guard by force: its freeze is good for as long as it said.
    return freeze if is_open(guard) or datetime.now(timezone.utc) < freeze.until else None


def _may_act(run: WorkflowExecutionDescription | None) -> bool:
    """Whether it is at work, or was ended by force so lately that a call of it may still be on its way."""
    if run is None or run.status is WorkflowExecutionStatus.COMPLETED:
        return False
    closed_at = run.close_time
    return closed_at is None or datetime.now(timezone.utc) < closed_at + timedelta(seconds=contract.IN_FLIGHT_SECONDS)


def is_open(run: WorkflowExecutionDescription | None) -> bool:
    """Whether it is there and at work."""
    return run is not None and run.status is WorkflowExecutionStatus.RUNNING
