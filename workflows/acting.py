"""The one way to act on an API without idempotency tokens: act once, and when in doubt, look until it is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.commands import CommandActivities
    from activities.operations import OperationActivities
    from activities.snapshots import SnapshotActivities
    from remediation.acts import ActInput, Lost
    from remediation.contract import Queue
    from workflows.calls import CallFailed, Calls, Expired, NotStarted, Unknown

Wanted = TypeVar("Wanted", bound=ActInput)
Done = TypeVar("Done")


class StillUnknown(Exception):
    """The call may have been sent, and its effect never showed: only people may go on from here."""


@dataclass(frozen=True)
class Action(Generic[Wanted, Done]):
    """One kind of mutating call, and how its effect is observed: without the second it cannot be written.

    Attributes:
        send: the activity that guards on a fresh reading and sends, in one breath.
        find: the activity that looks until the effect shows, or can no longer come.
        sends_on, looks_on: their queues.
        resend: whether it may be sent once more after it is certain that the lost one has no effect.
    """

    send: Callable[[Any, Wanted], Done]
    find: Callable[[Any, Lost[Wanted]], Done | None]
    sends_on: Queue
    looks_on: Queue
    resend: bool


CREATE_SNAPSHOT = Action(
    SnapshotActivities.create_snapshot,
    SnapshotActivities.find_snapshot,
    Queue.SNAPSHOTS,
    Queue.SNAPSHOT_WAITS,
    resend=True,
)
REBOOT = Action(
    OperationActivities.reboot_instance, OperationActivities.find_reboot, Queue.REBOOTS, Queue.READINGS, resend=False
)
STOP = Action(
    OperationActivities.stop_instance, OperationActivities.find_stop, Queue.REBOOTS, Queue.READINGS, resend=False
)
# What is sent once more finds the instance started, or a command that only reads run twice: no harm in either.
START = Action(
    OperationActivities.start_instance, OperationActivities.find_start, Queue.REBOOTS, Queue.READINGS, resend=True
)
INVOKE_COMMAND = Action(
    CommandActivities.invoke_command, CommandActivities.find_invocation, Queue.COMMANDS, Queue.COMMANDS, resend=True
)
APPLY_SNAPSHOT = Action(
    SnapshotActivities.apply_snapshot,
    SnapshotActivities.find_rollback,
    Queue.SNAPSHOTS,
    Queue.READINGS,
    resend=False,
)


async def perform(
    calls: Calls, action: Action[Wanted, Done], wanted: Wanted, *, by: datetime, summary: str, resend: bool = False
) -> Done:
    """Carry out one action, never twice.

    Args:
        by: after this it is not begun any more.
        resend: that it may be sent once more although by its kind it may not.

    Raises:
        StillUnknown: see there.
        Interrupted, Expired, CallFailed: certainly not done.
    """
    timing = wanted.order.timing
    may_resend = resend or action.resend
    while True:
        since = workflow.now()
        if since >= by:
            raise Expired("its time was up before it was sent")
        try:
            return await calls.act(
                action.send, wanted, queue=action.sends_on, within=(by - since).total_seconds(), summary=summary
            )
        except NotStarted:
            continue
        except Unknown as lost:
            # As long as the signature of what was sent is valid, and a margin.
            settled_at = workflow.now() + timedelta(seconds=timing.validity_seconds)
            try:
                found = await calls.read(
                    action.find,
                    Lost(wanted=wanted, since=since, settled_at=settled_at),
                    queue=action.looks_on,
                    within=timing.validity_seconds + timing.patience_seconds,
                    summary=f"was it done? {summary}",
                    interruptible=False,
                )
            except (Expired, CallFailed) as blind:
                raise StillUnknown(str(blind)) from lost
            if found is not None:
                return found
            if not may_resend:
                raise StillUnknown(str(lost)) from lost
            may_resend = False
