"""A blocking call that is waited for so long and no longer, also when the program ends meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def within(seconds: float, call: Callable[[], T]) -> T:
    """What the call returns, or raises, in a thread of its own, for which nobody waits once the time is up.

    Raises:
        asyncio.TimeoutError: the time is up.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def tell(give: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has gone
            loop.call_soon_threadsafe(lambda: None if future.done() else give())

    def work() -> None:
        try:
            result = call()
        except Exception as raised:  # noqa: BLE001  # it is raised again where it is waited for
            error = raised
            tell(lambda: future.set_exception(error))
        else:
            tell(lambda: future.set_result(result))

    threading.Thread(target=work, daemon=True).start()
    return await asyncio.wait_for(future, seconds)
