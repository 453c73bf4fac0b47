"""How an activity says "not yet": as a failure that Temporal tries again later, which holds no slot and no history."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

_SLOWEST = 12  # times the first interval


@dataclass(frozen=True)
class Pace:
    """How often to look: every `first_seconds` in the beginning, a tenth of the elapsed time later on."""

    first_seconds: float = 5.0

    def interval(self, elapsed_seconds: float, jitter: float) -> float:
        """Seconds until the next look; `jitter` in 0..1 spreads many waits over a fifth of the interval."""
        slow = min(max(elapsed_seconds / 10, self.first_seconds), self.first_seconds * _SLOWEST)
        return slow * (0.9 + 0.2 * jitter)


def not_yet(pace: Pace, seen: str) -> ApplicationError:
    """The failure that means: look again after the pace's interval. `seen` is shown while waiting."""
    elapsed = (datetime.now(timezone.utc) - activity.info().scheduled_time).total_seconds()
    delay = pace.interval(elapsed, random.random())  # noqa: S311  # spreads load, guards no secret
    return ApplicationError(
        seen, type="NotYet", category=ApplicationErrorCategory.BENIGN, next_retry_delay=timedelta(seconds=delay)
    )
