"""The one way to act on an API without idempotency tokens: act once, and when in doubt, look until it is known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from remediation.contract import Effect
    from workflows.calls import CallFailed, Expired, NotStarted, Unknown

Done = TypeVar("Done")


class StillUnknown(Exception):
    """The call may have been sent, and its effect never showed: only people may go on from here."""


@dataclass(frozen=True)
class Action(Generic[Done]):
    """One mutating call, and how its effect is observed: without the second it cannot be written.

    Attributes:
        send: one activity that guards on a fresh reading and sends.
        find: reads until the effect shows or `settled_at` has passed.
        adopt: turns an effect that was found into what `send` would have returned.
        resend: whether it may be sent once more after it is certain that the lost one has no effect.
    """

    send: Callable[[], Awaitable[Done]]
    find: Callable[[datetime], Awaitable[Effect]]
    adopt: Callable[[Effect], Done]
    resend: bool


async def perform(action: Action[Done], *, by: datetime, validity_seconds: int) -> Done:
    """Carry out one action, never twice.

    Args:
        by: after this it is not begun any more.
        validity_seconds: how long a request that was sent may still take effect: the signature's validity and a margin.

    Raises:
        StillUnknown: see there.
        Interrupted, Expired, CallFailed: certainly not done.
    """
    may_resend = action.resend
    while True:
        try:
            return await action.send()
        except NotStarted as late:
            if workflow.now() >= by:
                raise Expired("no worker took it in hand") from late
        except Unknown as lost:
            settled_at = workflow.now() + timedelta(seconds=validity_seconds)
            try:
                effect = await action.find(settled_at)
            except (Expired, CallFailed) as blind:
                raise StillUnknown(str(blind)) from lost
            if effect.shown:
                return action.adopt(effect)
            if not may_resend:
                raise StillUnknown(str(lost)) from lost
            may_resend = False
