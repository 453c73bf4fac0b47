"""One recording, read once, for one page or for two beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from remediation.assumptions import Assumed
from remediation.backtest import Backtest, Decided, read_alarm
from remediation.comparing import Comparison, Difference
from remediation.config import Config
from remediation.errors import EventRejected
from remediation.recordings import Recorded, read_recording
from remediation.tallies import MOST_UNREADABLE_SHOWN, Summary, Tally, Unreadable


class Page(NamedTuple):
    """A page under test, and what it has come to so far."""

    config: Config
    backtest: Backtest
    tally: Tally


class Answered(NamedTuple):
    """What became clear with one more event: decisions of the first page, and where the second differs."""

    decided: Sequence[Decided]
    differences: Sequence[Difference] = ()


class Replay:
    """Feeds a recording to each page, event by event; it keeps none of them."""

    def __init__(self, configs: Iterable[Config], assumed: Assumed, today: datetime) -> None:
        """`today` is when this is asked: nothing was recorded after it."""
        self._pages = [Page(config, Backtest(config, assumed), Tally()) for config in configs]
        self._comparison = Comparison() if len(self._pages) > 1 else None
        self._today = today
        self._events = 0
        self._began_at: datetime | None = None
        self._ended_at: datetime | None = None
        self._unreadable: list[Unreadable] = []
        self.unreadable = 0

    def run(self, lines: Iterable[bytes]) -> Iterator[Answered]:
        """All of it, to the end of what waits when the recording ends."""
        for recorded in read_recording(lines):
            try:
                alarm, at = read_alarm(recorded, self._today)
            except EventRejected as rejected:
                self._cannot_read(recorded, rejected)
                continue
            self._events += 1
            yield self._answered([page.backtest.take(alarm, at, self._events) for page in self._pages])
            self._ended_at = self._pages[0].backtest.now
            self._began_at = self._began_at or self._ended_at
        yield self._answered([page.backtest.finish() for page in self._pages])

    def summaries(self) -> list[Summary]:
        """What each page came to."""
        return [self._summary(page) for page in self._pages]

    def _answered(self, decided: Sequence[Sequence[Decided]]) -> Answered:
        for page, some in zip(self._pages, decided, strict=True):
            page.tally.add(some)
        differences = tuple(self._comparison.add(decided[0], decided[1])) if self._comparison else ()
        return Answered(decided[0], differences)

    def _cannot_read(self, recorded: Recorded, rejected: EventRejected) -> None:
        self.unreadable += 1
        if len(self._unreadable) < MOST_UNREADABLE_SHOWN:
            self._unreadable.append(Unreadable(line=recorded.line, problem=rejected.reason))

    def _summary(self, page: Page) -> Summary:
        return page.tally.summary(
            page.config,
            page.backtest,
            began_at=self._began_at,
            ended_at=self._ended_at,
            unreadable=self.unreadable,
            unreadable_first=tuple(self._unreadable),
        )
