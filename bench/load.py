"""Throughput and latency: so many at once, until so many are done."""

from __future__ import annotations

import asyncio
import statistics
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from bench.pair import Running

_REST_SECONDS = 1.0  # pollers and the server have nothing in hand any more


@dataclass(frozen=True)
class Load:
    """One run of a load."""

    per_second: float
    end_ms: tuple[float, ...]
    notice_ms: tuple[float, ...]
    cpu_ms_each: float
    calls_each: float
    names: tuple[str, ...]


async def run_load(worker: Running, total: int, at_once: int, names: Sequence[str] = ()) -> Load:
    """`total` pieces of work, `at_once` in flight; times from the event to the child's end, by the server's clock."""
    names = names or [uuid.uuid4().hex[:10] for _ in range(total)]
    began: dict[str, float] = {}
    ended: dict[str, float] = {}
    waiting = list(reversed(names))
    before, calls_before = worker.cpu_seconds(), _calls(worker)

    async def one_after_another() -> None:
        while waiting:
            name = waiting.pop()
            began[name] = await worker.begin(name)
            ended[name] = await worker.end(name)

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))
    span = max(ended.values()) - min(began.values())
    return Load(
        per_second=total / span,
        end_ms=tuple(1000 * (ended[name] - began[name]) for name in names),
        notice_ms=_until_first_notice(worker, began),
        cpu_ms_each=1000 * (worker.cpu_seconds() - before) / total,
        calls_each=(_calls(worker) - calls_before) / total,
        names=tuple(names),
    )


async def notices_at_rest(worker: Running, trials: int) -> tuple[float, ...]:
    """Milliseconds from an event to the first notice, each after a rest in which nothing happened."""
    began: dict[str, float] = {}
    for _ in range(trials):
        await asyncio.sleep(_REST_SECONDS)
        name = uuid.uuid4().hex[:10]
        began[name] = await worker.begin(name)
        await worker.end(name)
    return _until_first_notice(worker, began)


def percentile(values: Sequence[float], percent: int) -> float:
    """In the values' unit; 0 if there are none."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _until_first_notice(worker: Running, began: dict[str, float]) -> tuple[float, ...]:
    first: dict[str, float] = {}
    for note in worker.noted:
        first.setdefault(note.name, note.at)
    missing = [name for name in began if name not in first]
    if missing:
        raise RuntimeError(f"{worker.kind}: nobody was told of {len(missing)} of {len(began)}")
    return tuple(1000 * (first[name] - at) for name, at in began.items())


def _calls(worker: Running) -> int:
    noted = worker.noted
    return noted[-1].calls if noted else 0
