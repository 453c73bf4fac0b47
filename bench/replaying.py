"""How long a backtest of a long recording takes on one core, and how much it keeps."""

from __future__ import annotations

import json
import random
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bench.report import Report, progress
from remediation.assumptions import Assumed
from remediation.config import Config, read_config
from remediation.replaying import Replay
from tests.remediation.facts import NOW, an_event

_EVENTS = 100_000
_PAGE = Path(__file__).parent.parent / "medic.yaml"
# What EventBridge's log of a large account holds: mostly news, few faults, each of those with its recovery.
_QUIET = {"GuestReboot": 30, "GuestOom": 30, "NvmeError": 25, "PingUnreachable": 10, "DiskReadonly": 5}
_STORM = {"GuestReboot": 20, "GuestOom": 20, "GuestCoreError": 20, "PingUnreachable": 20, "DiskReadonly": 20}


def measure_replaying(report: Report, quick: bool) -> None:
    """The shipped page over two recordings: of a month, and of a storm in which every third event has to wait."""
    events = _EVENTS // 10 if quick else _EVENTS
    page = read_config(_PAGE.read_text(encoding="utf-8"), str(_PAGE), None)
    section = "a backtest, on one core"
    for name, mix, apart, goal in (("a month", _QUIET, 26, 10.0), ("a storm", _STORM, 7, None)):
        progress.print(f"{events} events of {name}")
        lines = list(_recorded(events, mix, apart))
        replay = Replay([page], Assumed(), NOW)
        began = time.process_time()
        for _ in replay.run(lines):
            pass
        took = (time.process_time() - began) * _EVENTS / events
        report.add(section, f"100,000 events of {name}", took, "s CPU", at_most=goal)
        report.add(section, f"of {name}, held", replay.summaries()[0].held.count * _EVENTS / events, "events")
        del lines
    for count in (events // 10, events // 2):
        report.add(section, f"memory, the highest in {count:,} events of a month", _peak(page, count), "MiB")


def _peak(page: Config, count: int) -> float:
    lines = _recorded(count, _QUIET, 26)
    tracemalloc.start()
    for _ in Replay([page], Assumed(), NOW).run(lines):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def _recorded(count: int, mix: dict[str, int], apart: float) -> Iterator[bytes]:
    """Lines as EventBridge would have delivered them, one in twenty of them twice."""
    chosen = random.Random(1)  # noqa: S311  # the same in every run
    began = NOW - timedelta(seconds=count * apart)
    line = b""
    for number in range(count):
        if not line or chosen.random() > 0.05:
            event = an_event(
                id=f"event-{number}",
                type=f"cvm:ErrorEvent:{chosen.choices(list(mix), list(mix.values()))[0]}",
                subject=f"ins-{chosen.randrange(5000):08x}",
                status=chosen.choice("110-"),
                time=int((began + timedelta(seconds=number * apart)).timestamp() * 1000),
            )
            line = json.dumps(event).encode() + b"\n"
        yield line
