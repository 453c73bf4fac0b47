"""A clock that goes from moment to moment, and never back; and what is to be done at each."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any


class SimulatedTime:
    """What is later is done in the order of time; at one moment, in the order in which it was asked for."""

    def __init__(self) -> None:
        self.now = datetime.min.replace(tzinfo=timezone.utc)
        self._moments: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = itertools.count()

    @property
    def awaited(self) -> int:
        return len(self._moments)

    def later(self, at: datetime, do: Callable[..., None], *arguments: object) -> None:
        heapq.heappush(self._moments, (at, next(self._order), do, arguments))

    def advance(self, to: datetime) -> None:
        """Do all that comes up to then."""
        while self._moments and self._moments[0][0] <= to:
            at, _, do, arguments = heapq.heappop(self._moments)
            self.now = max(self.now, at)
            do(*arguments)
        self.now = max(self.now, to)
