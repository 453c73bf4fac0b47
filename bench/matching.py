"""How many events a second one core holds against a compiled pattern."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from bench.report import Report, progress
from remediation.patterns import compile_pattern
from tests.remediation.facts import an_event

_ROUNDS = 5
# Five keys, of which every one is looked at: a rule that a person would write, with operators.
_PATTERN = {
    "source": "cvm.cloud.tencent",
    "type": ["cvm:ErrorEvent:DiskReadonly", "cvm:ErrorEvent:PingUnreachable"],
    "status": "1",
    "region": [{"prefix": "ap-"}],
    "subject": [{"anything-but": ["ins-xxxxxx", "ins-yyyyyy"]}],
}


def measure_matching(report: Report, quick: bool) -> None:
    """Median of several rounds, in this process, of an event that matches and of one that fails at the last key."""
    count = 20_000 if quick else 200_000
    progress.print(f"{count} matches in each of {_ROUNDS} rounds")
    pattern = compile_pattern(_PATTERN)
    matching, last_key_fails = an_event(), an_event(subject="ins-xxxxxx")
    if not pattern.matches(matching) or pattern.matches(last_key_fails):
        raise RuntimeError("the pattern does not do what is to be measured")
    section = "a pattern of 5 keys, compiled, on one core"
    hit = _per_second(lambda: pattern.matches(matching), count)
    miss = _per_second(lambda: pattern.matches(last_key_fails), count)
    report.add(section, "events that match", hit, "events/s", at_least=100_000)
    report.add(section, "events that fail at the last key", miss, "events/s", at_least=100_000)
    report.add(section, "compiling it", _per_second(lambda: compile_pattern(_PATTERN), count // 100), "patterns/s")


def _per_second(one: Callable[[], object], count: int) -> float:
    rounds = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        for _ in range(count):
            one()
        rounds.append(count / (time.perf_counter() - began))
    return median(rounds)
