"""Names each promise that the cloud's log shows broken; docs/explanation/safety.md says what is promised."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.checker.conduct import acts_of_an_observer, disorder, repetitions, strays, vague_targets
from simulator.checker.facts import Breach, Facts
from simulator.checker.fleet import FleetFacts, check_fleet
from simulator.checker.freshness import stale_reboots
from simulator.checker.history import History
from simulator.checker.protection import unprotected_reboots, unsafe_rollbacks
from simulator.log import Entry

__all__ = ["Breach", "Facts", "FleetFacts", "check", "check_fleet"]

_CHECKS = (
    unprotected_reboots,
    repetitions,
    disorder,
    acts_of_an_observer,
    vague_targets,
    stale_reboots,
    unsafe_rollbacks,
    strays,
)


def check(entries: Iterable[Entry], facts: Facts) -> list[Breach]:
    """Every breach in this whole log, in its order; none for a run that kept what it promised.

    Only calls and effects are read, never what a run says of itself. P4, P6, P7, P10, P11 and P12 are not to be seen
    in the cloud's log, and of P14 only what was touched: `check_fleet` looks at a whole region.
    """
    history = History(list(entries), facts)
    found = [breach for one in _CHECKS for breach in one(history)]
    return sorted(found, key=lambda breach: breach.seq)
