"""Waiting for what becomes true, and never for time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from temporalio.service import RPCError


async def until(condition: Any, seconds: float = 30) -> Any:
    """What `condition()` answers once it is true; a query for a workflow that is not there yet counts as false."""
    end, pause = asyncio.get_running_loop().time() + seconds, 0.05
    while True:
        try:
            found = await condition()
        except RPCError:
            found = None
        if found:
            return found
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"{condition.__qualname__} did not become true within {seconds} s")
        await asyncio.sleep(pause)
        pause = min(pause * 1.2, 0.25)  # each look costs the server, and often a worker, some work


def wait_until(true: Callable[[], bool]) -> None:
    """Waits for what another thread does in a moment."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.002)
