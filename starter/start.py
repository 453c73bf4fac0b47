"""Events in, workflows signalled, a receipt out: once, for the cloud function, the webhook and `medic send`."""

from __future__ import annotations

import contextlib
from datetime import datetime

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from remediation import contract
from remediation.errors import EventRejected
from remediation.events import Alarm, body_hash, parse_event, unpack
from starter.bodies import kept_text, tidy
from starter.connection import TemporalUnreachable, reach
from starter.receipts import EventReceipt, Receipt, advice_for


async def start(
    client: Client, body: object, *, received_at: datetime, task_queue: str, dry_run: bool = False
) -> Receipt:
    """Hand every event of a delivery over to Temporal; what cannot be read is kept there for people.

    Sending the same delivery again is harmless: an incident knows the events that it has seen (P2, P4).

    Args:
        body: the parsed JSON: one envelope, or `{"EventList": [...]}`.
        received_at: when the door took it in (aware, UTC).
        task_queue: the prefix of our task queues (`MEDIC_TASK_QUEUE`).
        dry_run: the events are only tried: what would become of them is told, and nothing is changed.

    Returns:
        A receipt for each element, in order, once Temporal holds all of them (P6).

    Raises:
        TemporalUnreachable: Temporal does not hold all of them; the sender has to deliver again.
    """
    queue = contract.Queue.WORKFLOWS.of(task_queue)
    receipts: list[EventReceipt] = []
    refused: TemporalUnreachable | None = None
    # One after the other: a firing and its recovery have to arrive in their order.
    for element in unpack(tidy(body)):
        try:
            receipts.append(await _take(client, element, received_at, queue, dry_run=dry_run))
        except TemporalUnreachable as error:
            if not error.this_call_only:
                raise
            refused = refused or error  # the others of the batch still go in before it is delivered again
    if refused is not None:
        raise refused
    return Receipt(events=receipts)


async def _take(client: Client, element: object, received_at: datetime, queue: str, *, dry_run: bool) -> EventReceipt:
    try:
        alarm = parse_event(element, received_at)
    except EventRejected as rejected:
        return await _keep_unreadable(client, element, rejected, received_at, queue)
    return await _signal_incident(client, alarm, queue, dry_run=dry_run)


async def _signal_incident(client: Client, alarm: Alarm, queue: str, *, dry_run: bool) -> EventReceipt:
    name = contract.dry_run_id if dry_run else contract.incident_id
    workflow_id = name(alarm.region, alarm.instance_id)
    await reach(
        client,
        client.start_workflow(
            contract.INCIDENT,
            id=workflow_id,
            task_queue=queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=contract.TAKE_EVENT,
            # A plain dict: a signal whose type does not decode would be dropped in silence.
            start_signal_args=[contract.TakenEvent(alarm=alarm).model_dump(mode="json")],
        ),
    )
    return EventReceipt(
        status="accepted",
        event_id=alarm.event_id,
        instance_id=alarm.instance_id,
        region=alarm.region,
        workflow_id=workflow_id,
        advice=advice_for(alarm),
    )


async def _keep_unreadable(
    client: Client, element: object, rejected: EventRejected, received_at: datetime, queue: str
) -> EventReceipt:
    workflow_id = contract.unreadable_id(body_hash(element))
    kept = contract.UnreadableInput(
        body=kept_text(element), reason=rejected.reason, hint=rejected.hint, received_at=received_at
    )
    # The same body is kept once, while its workflow runs and after it has closed.
    with contextlib.suppress(WorkflowAlreadyStartedError):
        await reach(
            client,
            client.start_workflow(
                contract.UNREADABLE_EVENT,
                kept.model_dump(mode="json"),
                id=workflow_id,
                task_queue=queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            ),
        )
    return EventReceipt(status="unreadable", workflow_id=workflow_id, reason=rejected.reason, hint=rejected.hint)
