"""What the doctor reads of Temporal: is it there, does it keep what we need, does somebody work for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from remediation.contract import Queue
from remediation.diagnosis import (
    Check,
    Finding,
    Poller,
    Seen,
    Status,
    finding,
    judge_attributes,
    judge_retention,
    judge_workers,
    missing_attributes,
    not_looked,
    waits_for,
)
from remediation.errors import ConfigError, MedicError

if TYPE_CHECKING:
    from temporalio.client import Client

_DEPENDENT = (Check.NAMESPACE, Check.RETENTION, Check.ATTRIBUTES, Check.WORKER, Check.VERSION)


async def look_at_temporal(task_queue: str, *, fix: bool) -> tuple[Finding, ...]:
    """Each answer by itself; every call has its end after ten seconds."""
    from starter.connection import TemporalUnreachable, connect

    try:
        client = await connect()
        there = await _there(client)
    except (TemporalUnreachable, ConfigError) as error:
        reason, hint = getattr(error, "reason", str(error)), getattr(error, "hint", "")
        away = finding(Check.TEMPORAL, Status.PROBLEM, Seen.TEMPORAL_AWAY, error=reason, hint=hint)
        return away, *(waits_for(Check.TEMPORAL, one) for one in _DEPENDENT)
    found = await asyncio.gather(_namespace(client), _attributes(client, fix=fix), _workers(client, task_queue))
    return there, *(one for some in found for one in some)


async def _there(client: Client) -> Finding:
    from temporalio.api.workflowservice.v1 import GetSystemInfoRequest

    from starter.connection import reach

    info = await reach(client, client.workflow_service.get_system_info(GetSystemInfoRequest()))
    address = client.service_client.config.target_host
    return finding(
        Check.TEMPORAL, Status.OK, Seen.TEMPORAL_ANSWERS, address=address, version=info.server_version or "?"
    )


async def _namespace(client: Client) -> tuple[Finding, ...]:
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeNamespaceResponse
    from temporalio.service import RPCError, RPCStatusCode

    from starter.connection import reach

    async def described() -> DescribeNamespaceResponse | None:
        try:
            return await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=name))
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise

    name = client.namespace
    try:
        known = await reach(client, described())
    except MedicError as error:
        return not_looked(Check.NAMESPACE, error), not_looked(Check.RETENTION, error)
    if known is None:
        missing = finding(Check.NAMESPACE, Status.PROBLEM, Seen.NAMESPACE_MISSING, namespace=name)
        return missing, waits_for(Check.NAMESPACE, Check.RETENTION)
    kept = known.config.workflow_execution_retention_ttl.ToTimedelta().total_seconds()
    return finding(Check.NAMESPACE, Status.OK, Seen.NAMESPACE_THERE, namespace=name), judge_retention(kept, name)


async def _attributes(client: Client, *, fix: bool) -> tuple[Finding, ...]:
    from worker import ensure_search_attributes, read_search_attributes

    try:
        known = await read_search_attributes(client)
        missing = missing_attributes(known) if fix else ()
        if missing:
            try:
                await ensure_search_attributes(client)
            except ConfigError:  # it may not, and the finding has the command
                return (judge_attributes(known, client.namespace),)
            known = await read_search_attributes(client)
    except MedicError as error:
        return (not_looked(Check.ATTRIBUTES, error),)
    return (judge_attributes(known, client.namespace, added=missing),)


async def _workers(client: Client, task_queue: str) -> tuple[Finding, ...]:
    from starter.workers import pollers_of
    from worker import build_id

    try:
        answers = await asyncio.gather(*(pollers_of(client, queue, task_queue) for queue in Queue))
    except MedicError as error:
        return not_looked(Check.WORKER, error), not_looked(Check.VERSION, error)
    polled = {
        queue.of(task_queue): [Poller(identity=one.identity, build=one.deployment_options.build_id) for one in pollers]
        for queue, pollers in zip(Queue, answers, strict=True)
    }
    return judge_workers(polled, task_queue, client.namespace, build_id())
