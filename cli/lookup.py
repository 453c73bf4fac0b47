"""Finding what a person means by an id, and asking Temporal about it, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from cli.console import misused
from remediation import contract
from remediation.acts import Target
from remediation.contract import Record, SearchAttribute
from remediation.errors import EventRejected, MedicError
from remediation.events import INSTANCE_ID
from remediation.regions import normalise_region
from remediation.report import RemediationResult
from starter.connection import reach

T = TypeVar("T")
_QUERY_SECONDS = 5.0
_LOOK = "`medic runs` lists what there is"


class NotFound(MedicError):
    """Temporal has nothing under this id."""


async def ask(client: Client, what: str, call: Awaitable[T], seconds: float = 10.0) -> T:
    """The answer to one call about `what`.

    Raises:
        NotFound: it is not there (any more).
        TemporalUnreachable: no answer, or a refusal.
    """

    async def translated() -> T:
        try:
            return await call
        except RPCError as error:
            missing = error.status is RPCStatusCode.NOT_FOUND and "namespace" not in error.message.lower()
            if missing:
                raise NotFound(f"Temporal (namespace {client.namespace}) has no {what}; {_LOOK}") from None
            if error.status is RPCStatusCode.INVALID_ARGUMENT and "search attribute" in error.message.lower():
                raise MedicError(
                    f"Temporal (namespace {client.namespace}) lacks our search attributes: {error.message}. "
                    "Start `medic worker` once, it registers them"
                ) from None
            raise
        except WorkflowQueryFailedError as error:
            raise MedicError(f"{what} cannot answer: {error}") from None

    return await reach(client, translated(), seconds)


def parse_id(name: str) -> Target | str:
    """`cvm/REGION/ins-…[/remediation]` → the target; a bare `ins-…` → itself, to be looked up.

    Raises:
        BadParameter: neither of them.
    """
    if INSTANCE_ID.fullmatch(name):
        return name
    parts = name.strip("/").split("/")
    if parts[0] == "cvm" and len(parts) in (3, 4) and INSTANCE_ID.fullmatch(parts[2]):
        try:
            target = Target(region=normalise_region(parts[1]), instance_id=parts[2])
        except EventRejected as rejected:
            raise misused(str(rejected)) from None
        if len(parts) == 3 or name.strip("/") == contract.remediation_id(target.region, target.instance_id):
            return target
    raise misused(f"{name!r} is not an id: write ins-0123abcd, cvm/REGION/ins-… or cvm/REGION/ins-…/remediation")


async def find(client: Client, meant: Target | str) -> Target:
    """The instance that a person means; see `parse_id`.

    Raises:
        NotFound, TemporalUnreachable
    """
    if isinstance(meant, Target):
        return meant
    query = f'{SearchAttribute.INSTANCE.value} = "{meant}"'
    for one in await list_runs(client, query, 1):
        region, instance_id = contract.parse_incident_id(one.id)
        return Target(region=region, instance_id=instance_id)
    raise NotFound(f"Temporal (namespace {client.namespace}) knows nothing of {meant}; {_LOOK}")


async def list_runs(client: Client, query: str, limit: int) -> list[WorkflowExecution]:
    """At most `limit` runs that visibility finds, the newest first."""

    async def collect() -> list[WorkflowExecution]:
        return [one async for one in client.list_workflows(query, limit=limit)]

    return await ask(client, "such runs", collect())


def remediation_of(client: Client, target: Target, run_id: str = "") -> WorkflowHandle[Any, RemediationResult]:
    """The handle of an instance's remediation: of the latest one, if no run is named."""
    workflow_id = contract.remediation_id(target.region, target.instance_id)
    return client.get_workflow_handle(workflow_id, run_id=run_id or None, result_type=RemediationResult)


async def describe(client: Client, handle: WorkflowHandle[Any, Any]) -> WorkflowExecutionDescription:
    """Where a run stands, from the server alone.

    Raises:
        NotFound, TemporalUnreachable
    """
    return await ask(client, f"run {handle.id}", handle.describe())


async def decisions_of(client: Client, incident_id: str) -> list[Record]:
    """What this incident has decided; a worker has to answer this.

    Raises:
        NotFound: it has no incident.
        TemporalUnreachable: among others if no worker lives.
    """
    return await _records(client, client.get_workflow_handle(incident_id))


async def incidents_of(client: Client, target: Target) -> list[WorkflowExecution]:
    """Every run of the instance's incidents that Temporal still has, the newest first."""
    incident_id = contract.incident_id(target.region, target.instance_id)
    return await list_runs(client, f'WorkflowId = "{incident_id}"', 1000)


async def records_of(client: Client, incident: WorkflowExecution) -> list[Record]:
    """What this run of an incident decided, also after it has closed; a worker has to answer.

    Raises:
        NotFound, TemporalUnreachable
    """
    return await _records(client, client.get_workflow_handle(incident.id, run_id=incident.run_id))


async def _records(client: Client, incident: WorkflowHandle[Any, Any]) -> list[Record]:
    query = incident.query(contract.DECISIONS, result_type=list[Record], rpc_timeout=timedelta(seconds=_QUERY_SECONDS))
    answer: list[Record] = await ask(client, f"incident {incident.id}", query, _QUERY_SECONDS + 1)
    return answer


def attribute(run: WorkflowExecution, name: SearchAttribute) -> str:
    """One of our search attributes of a run, "" if it has none."""
    values = run.search_attributes.get(name.value, [])
    return str(values[0]) if values else ""


def standing(run: WorkflowExecution) -> str:
    """One word for where a run stands: its outcome, its phase, or how it was ended by force."""
    if run.status is WorkflowExecutionStatus.RUNNING:
        return attribute(run, SearchAttribute.PHASE) or "running"
    if run.status is WorkflowExecutionStatus.COMPLETED:
        return attribute(run, SearchAttribute.OUTCOME) or "completed"
    return run.status.name.lower() if run.status else "unknown"
