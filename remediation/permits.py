"""The right to send one mutating call now: given by a guard on a fresh reading, and worth nothing a moment later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from remediation.runbooks import Mode

MAX_READING_AGE_SECONDS = 10.0


@dataclass(frozen=True)
class SendPermit:
    """Carried from the guard to the client layer, which asks it immediately before signing (P5, P9).

    Attributes:
        mode: only `act` sends.
        read_at: when the guard's reading was begun, in seconds on `clock`.
        deadline: when this attempt's time is up on the same clock; a paused worker wakes up after it.
        clock: never goes back, and goes on while the process or the machine sleeps, where the platform has such a one.
    """

    mode: Mode
    read_at: float
    deadline: float
    clock: Callable[[], float]

    def refusal(self) -> str | None:
        """Why the call must not be sent now, or None."""
        now = self.clock()
        if self.mode is not Mode.ACT:
            return f"the rule's mode is {self.mode.value}: nothing is sent"
        if now > self.deadline:
            return "this attempt's time is up; it is planned again on a fresh reading"
        age = now - self.read_at
        if age > MAX_READING_AGE_SECONDS:
            return f"the guard's reading is {age:.0f} s old; it is read again"
        return None
