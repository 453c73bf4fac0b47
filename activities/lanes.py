"""The lanes of this process: one for each robot, whichever channel and whichever run writes to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from remediation.errors import NoticeFailed
from remediation.pacing import Lane, Letter


class Lanes:
    """Safe to share between threads, none of which ever sleeps here: who has to wait is told for how long."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            now: seconds, never going back.
        """
        self._now = now
        self._lock = threading.Lock()
        self._lanes: dict[str, Lane] = {}

    @contextmanager
    def turn(self, kind: str, url: str, letter: Letter) -> Iterator[tuple[Letter, ...]]:
        """What is to be sent within the block, `letter` among it; nothing, if it was told with others already.

        Raises:
            NoticeFailed: it has to wait for its turn.
        """
        with self._lock:
            lane = self._lanes.setdefault(url, Lane(kind=kind))
            turn = lane.ask(letter, self._now())
        if turn.wait_seconds:
            why = f"{kind}: its robot has had as many messages as it takes; this one goes along with the next"
            raise NoticeFailed(why, permanent=False, wait_seconds=turn.wait_seconds)
        try:
            yield turn.letters
        except BaseException as error:
            quiet = error.wait_seconds if isinstance(error, NoticeFailed) else 0.0
            # What is final for a message is not for each that went along: it may be one of the others that is to blame.
            apart = len(turn.letters) > 1 and not (isinstance(error, NoticeFailed) and not error.permanent)
            with self._lock:
                lane.failed(turn.letters, letter.key, quiet, self._now(), apart=apart)
            if apart and isinstance(error, NoticeFailed):
                raise NoticeFailed(f"{error}; it goes by itself the next time", permanent=False) from None
            raise
        with self._lock:
            lane.delivered(turn.letters, self._now())
