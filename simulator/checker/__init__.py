"""Names each promise that the cloud's log shows broken; docs/explanation/safety.md says what is promised."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.checker.conduct import acts_of_an_observer, disorder, missteps, repetitions, strays, vague_targets
from simulator.checker.facts import Breach, Earlier, Facts
from simulator.checker.fleet import FleetFacts, check_fleet
from simulator.checker.freshness import stale_reboots
from simulator.checker.history import History
from simulator.checker.honesty import dishonest_recoveries
from simulator.checker.protection import unprotected_reboots, unsafe_rollbacks
from simulator.log import Entry

__all__ = ["Breach", "Earlier", "Facts", "FleetFacts", "check", "check_fleet"]

_CHECKS = (
    unprotected_reboots,
    repetitions,
    missteps,
    disorder,
    acts_of_an_observer,
    vague_targets,
    stale_reboots,
    unsafe_rollbacks,
    dishonest_recoveries,
    strays,
)


def check(entries: Iterable[Entry], facts: Facts) -> list[Breach]:
    """Every breach in this whole log, in its order; none for a run that kept what it promised.

    Only calls and effects are read; what a run says of itself only as far as the facts give it (P10). P4, P6, P7, P11
    and P12 are not to be seen in the cloud's log, and of P14 only what was touched: `check_fleet` looks at a region.
    """
    history = History(list(entries), facts)
    found = [breach for one in _CHECKS for breach in one(history)]
    return sorted(found, key=lambda breach: breach.seq)
