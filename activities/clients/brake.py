"""When the cloud says "too many requests", all calls of that action in that region pause, not only the refused one."""

from __future__ import annotations

import threading
from collections.abc import Callable

_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 30.0


class Brake:
    """The pauses of one process, by region and action; each refusal doubles the pause, and a success ends it.

    The rates of all workers together are bounded by Temporal's server (`remediation/rates.py`); this is for what other
    programs of the same account use up.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pauses: dict[tuple[str, str], tuple[float, float]] = {}  # length, end

    def seconds_left(self, region: str, action: str) -> float:
        """How long this action has to pause still; 0 if it may be called."""
        with self._lock:
            _, end = self._pauses.get((region, action), (0.0, 0.0))
        return max(end - self._clock(), 0.0)

    def refused(self, region: str, action: str) -> None:
        """The cloud had too many requests. Refusals of calls that were under way together count once."""
        now = self._clock()
        with self._lock:
            length, end = self._pauses.get((region, action), (0.0, now))
            if now >= end:
                length = min(max(2 * length, _FIRST_SECONDS), _LONGEST_SECONDS)
                self._pauses[region, action] = length, now + length

    def answered(self, region: str, action: str) -> None:
        """The cloud took a call of this action again."""
        with self._lock:
            self._pauses.pop((region, action), None)
