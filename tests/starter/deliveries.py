"""Deliveries as EventBridge makes them, and a look at what arrived in Temporal."""

from __future__ import annotations

import time
from typing import Any

from temporalio.client import Client


def envelope(instance_id: str, **changes: object) -> dict[str, Any]:
    """A disk-read-only event of just now, with `changes`."""
    return {
        "specversion": "1.0",
        "id": f"event-of-{instance_id}",
        "source": "cvm.cloud.tencent",
        "type": "cvm:ErrorEvent:DiskReadonly",
        "subject": instance_id,
        "time": int(time.time() * 1000),
        "region": "ap-guangzhou",
        "status": "1",
        "tags": None,
        "data": {"appId": 1250000000, "eventId": 39},
        **changes,
    }


async def signals(client: Client, workflow_id: str) -> list[tuple[str, dict[str, Any]]]:
    """The signals in a workflow's history, as (name, argument): what the server holds, with no worker about."""
    found = []
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
        if event.HasField("workflow_execution_signaled_event_attributes"):
            signalled = event.workflow_execution_signaled_event_attributes
            (argument,) = await client.data_converter.decode(signalled.input.payloads)
            found.append((signalled.signal_name, argument))
    return found


async def started_with(client: Client, workflow_id: str) -> list[Any]:
    """The arguments with which a workflow was started."""
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
        started = event.workflow_execution_started_event_attributes
        return await client.data_converter.decode(started.input.payloads)
    raise AssertionError(f"{workflow_id} has no history")


async def runs_of(client: Client, workflow_type: str, task_queue: str) -> set[str]:
    """The ids of the workflows of a type on a queue; visible a moment after their start."""
    query = f'WorkflowType = "{workflow_type}" AND TaskQueue = "{task_queue}"'
    return {run.id async for run in client.list_workflows(query)}
