"""The simulator's only source of time, so that a test can let a minute pass without waiting for it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Protocol

_CHINA = timezone(timedelta(hours=8))


class Clock(Protocol):
    """Something that knows the time."""

    def now(self) -> float:
        """Seconds since the epoch."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        return time.time()


class ManualClock:
    """A time that passes only when told to."""

    def __init__(self, start: float | None = None) -> None:
        self._now = time.time() if start is None else start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


def utc_text(at: float) -> str:
    """As CVM and TAT write a moment: 2026-11-23T06:00:00Z."""
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def china_text(at: float) -> str:
    """As CBS writes a moment, without saying that it means China's time: 2026-11-23 14:00:00."""
    return datetime.fromtimestamp(at, _CHINA).strftime("%Y-%m-%d %H:%M:%S")
