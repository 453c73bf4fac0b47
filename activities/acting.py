"""The one way in which a mutating call is made: observe, guard, act once, classify, and observe again (ADR 5, 9)."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import ClassVar, Generic, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.fleet import Freezes
from activities.polling import Pace, not_yet
from remediation.acts import ActInput, Lost
from remediation.contract import REASON
from remediation.errors import AlreadySo, CloudError, NotYet, OutcomeUnknown, Refused
from remediation.guardrails import Ruling, Verdict, may_send
from remediation.permits import SendPermit
from remediation.reasons import Reason
from remediation.runbooks import Mode
from remediation.telling import say

Wanted = TypeVar("Wanted", bound=ActInput)
Done = TypeVar("Done")

# Between the client's last check and the end of the attempt there must be time for the call itself to be signed.
_MARGIN_SECONDS = 2.0
# On Linux the clock that goes on while the machine is suspended: the guard's reading ages all the same.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def clock() -> float:
    """Seconds on the clock that permits are dated by."""
    return time.clock_gettime(_CLOCK)


class Act(ABC, Generic[Wanted, Done]):
    """One kind of mutating call. One that does not say how it is guarded and how its effect shows cannot be made.

    Attributes:
        action: the API's name.
        is_named: whether the effect bears the run's own name, and is ours whenever it shows. Otherwise what shows
            before anything was sent is somebody else's: the guard sees to that.
    """

    action: ClassVar[str]
    is_named: ClassVar[bool] = False

    @abstractmethod
    def guard(self, wanted: Wanted) -> Verdict:
        """Whether it may be sent, on a reading of this moment."""

    def takes_no(self, wanted: Wanted) -> bool:
        """Whether "something like it is under way" is final: then it is known, and waiting changes nothing."""
        return False

    @abstractmethod
    def effect(self, wanted: Wanted, since: datetime) -> Done | None:
        """What a call that was begun at `since` has done, as far as it shows at the cloud now."""

    @abstractmethod
    def send(self, permit: SendPermit, wanted: Wanted) -> Done:
        """Send it once."""


def act_once(act: Act[Wanted, Done], wanted: Wanted, freezes: Freezes) -> Done:
    """Guard and send in one breath, unless people have frozen it; or adopt what bears our name already.

    Raises:
        NotYet, Throttled, Refused, NeedsPeople: certainly not done.
        OutcomeUnknown: it may have been.
    """
    region, now = wanted.target.region, datetime.now(timezone.utc)
    with only_proven_failures_return(act.action, region):
        permit = begin_permit(wanted.order.mode)
        obey(act.guard(wanted), act.action, region)
        found = act.effect(wanted, now) if act.is_named else None
        if found is not None:
            return found
        # Last, and under the permit: how old this reading may be when the call is signed is what a freeze counts on.
        obey(may_send(freezes.in_force(region)), act.action, region)
        try:
            return act.send(permit, wanted)
        except AlreadySo as error:
            # Refused because something like it is under way. What bears our name is ours; whose the rest is, the guard
            # of the next attempt finds out.
            found = act.effect(wanted, now) if act.is_named else None
            if found is not None:
                return found
            kind = Refused if act.takes_no(wanted) else NotYet
            raise kind(error.message, action=act.action, code=error.code, region=region) from None


def look_for(act: Act[Wanted, Done], lost: Lost[Wanted], pace: Pace) -> Done | None:
    """After an unknown outcome: its effect once it shows, or None once it can no longer come."""
    # By the time at which the reading was begun: what came while it was under way may not show in it.
    is_settled = datetime.now(timezone.utc) >= lost.settled_at
    found = act.effect(lost.wanted, lost.since)
    if found is not None or is_settled:
        return found
    raise not_yet(pace, f"whether {act.action} was carried out shows until {lost.settled_at:%H:%M:%S} UTC")


def begin_permit(mode: Mode) -> SendPermit:
    """The permit of this attempt, made *before* the guard reads, so that its age counts from the oldest reading."""
    info = activity.info()
    allowed = info.start_to_close_timeout.total_seconds() if info.start_to_close_timeout else 30.0
    # The server's clock began with the attempt; a worker that slept before it came here has used up that time already.
    used = (datetime.now(timezone.utc) - info.started_time).total_seconds()
    now = clock()
    return SendPermit(mode=mode, read_at=now, deadline=now + allowed - max(used, 0.0) - _MARGIN_SECONDS, clock=clock)


@contextmanager
def only_proven_failures_return(action: str, region: str) -> Iterator[None]:
    """Lets a CloudError through, which knows its class; anything else may have come after the send, and is unknown."""
    try:
        yield
    except CloudError:
        raise
    except Exception as error:
        text = f"an error of ours: {type(error).__name__}: {error}"
        raise OutcomeUnknown(text, action=action, region=region, code="OurBug") from error


def obey(verdict: Verdict, action: str, region: str) -> None:
    """Turn a guardrail's answer into going on, trying again later, or ending.

    Raises:
        NotYet: the guardrail says wait.
        Refused: the guardrail says stop.
    """
    if verdict.allowed:
        return
    kind = NotYet if verdict.ruling is Ruling.WAIT else Refused
    if verdict.reason is None:
        raise kind("not sent: not allowed", action=action, region=region, code="Guard")
    raise kind(f"not sent: {say(verdict.reason)}", action=action, region=region, code="Guard") from carry(
        verdict.reason
    )


def carry(reason: Reason) -> ApplicationError:
    """A cause for the error that is raised: with it the reason itself crosses Temporal, and not only its words."""
    return ApplicationError(say(reason), reason.model_dump(mode="json"), type=REASON)
