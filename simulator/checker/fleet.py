"""P14 over a whole region: how many were under repair at once and how often, and whether a freeze held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from simulator.checker.facts import Breach
from simulator.checker.history import clock, is_read, sent
from simulator.log import Entry

_HOUR = 3600.0


@dataclass(frozen=True)
class FleetFacts:
    """A region's limits, and what the cloud's log cannot tell; all times in seconds since the epoch.

    Attributes:
        scope: each instance that may be acted on, with its disks.
        max_acting, max_actions_per_hour: None for no limit.
        ended: when the runs of an instance ended; without an end, one lasts for ever.
        frozen: from when to when it was said that nothing is sent.
        foreign: request ids of calls in the log that other people made.
    """

    region: str
    scope: Mapping[str, tuple[str, ...]]
    max_acting: int | None = None
    max_actions_per_hour: int | None = None
    ended: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    frozen: tuple[tuple[float, float], ...] = ()
    foreign: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Repair:
    """From its first mutating call, as it was sent, to the end of its run."""

    instance_id: str
    first: Entry
    ended: float

    @property
    def began(self) -> float:
        return sent(self.first)


def check_fleet(entries: Iterable[Entry], facts: FleetFacts) -> list[Breach]:
    """Every breach of P14 in this whole log; none if the limits were kept."""
    calls = [one for one in entries if one.kind == "call" and not is_read(one) and one.request_id not in facts.foreign]
    repairs = list(_repairs(calls, facts))
    found = [*_strays(calls, facts), *_crowds(repairs, facts), *_hours(repairs, facts), *_frozen(calls, facts)]
    return sorted(found, key=lambda breach: breach.seq)


def _repairs(calls: list[Entry], facts: FleetFacts) -> Iterator[_Repair]:
    open_until: dict[str, float] = {}
    for call in sorted(calls, key=sent):
        for instance_id in _instances(call, facts):
            if open_until.get(instance_id, 0.0) > sent(call):
                continue
            ends = [one for one in facts.ended.get(instance_id, ()) if one > sent(call)]
            open_until[instance_id] = min(ends, default=float("inf"))
            yield _Repair(instance_id, call, open_until[instance_id])


def _crowds(repairs: list[_Repair], facts: FleetFacts) -> Iterator[Breach]:
    for one in repairs:
        others = [other.instance_id for other in repairs if other.began <= one.began < other.ended]
        if facts.max_acting is not None and len(others) > facts.max_acting:
            said = f"at {clock(one.began)} {', '.join(others)} are under repair; {facts.max_acting} may be"
            yield Breach("P14", one.first.seq, said)


def _hours(repairs: list[_Repair], facts: FleetFacts) -> Iterator[Breach]:
    for one in repairs:
        begun = [other for other in repairs if one.began - _HOUR < other.began <= one.began]
        if facts.max_actions_per_hour is not None and len(begun) > facts.max_actions_per_hour:
            said = f"{len(begun)} began within the hour before {clock(one.began)}; {facts.max_actions_per_hour} may"
            yield Breach("P14", one.first.seq, said)


def _frozen(calls: list[Entry], facts: FleetFacts) -> Iterator[Breach]:
    for call in calls:
        for begin, end in facts.frozen:
            if call.region == facts.region and begin <= sent(call) < end:
                told = f"{call.name} of {', '.join(call.targets)} at {clock(sent(call))}, frozen since {clock(begin)}"
                yield Breach("P14", call.seq, told)


def _strays(calls: list[Entry], facts: FleetFacts) -> Iterator[Breach]:
    for call in calls:
        if call.region == facts.region and not _instances(call, facts):
            said = f"{call.name} at {clock(sent(call))} on {', '.join(call.targets) or 'everything'}: not in scope"
            yield Breach("P14", call.seq, said)


def _instances(call: Entry, facts: FleetFacts) -> list[str]:
    """Those in scope that the call is about."""
    if call.region != facts.region:
        return []
    return [name for name, disks in facts.scope.items() if not {name, *disks}.isdisjoint(call.targets)]
