"""What every activity that sends a mutating call shares: its permit, and which of its failures may be tried again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

from temporalio import activity
from temporalio.exceptions import ApplicationError

from remediation.contract import REASON
from remediation.errors import CloudError, NotYet, OutcomeUnknown, Refused
from remediation.guardrails import Ruling, Verdict
from remediation.permits import SendPermit
from remediation.reasons import Reason
from remediation.runbooks import Mode
from remediation.telling import say

# Between the client's last check and the end of the attempt there must be time for the call itself to be signed.
_MARGIN_SECONDS = 2.0
# On Linux the clock that goes on while the machine is suspended: the guard's reading ages all the same.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def clock() -> float:
    """Seconds on the clock that permits are dated by."""
    return time.clock_gettime(_CLOCK)


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
