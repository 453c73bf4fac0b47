"""The checker of a whole region names each limit that was broken, and is silent where all were kept."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.checker import FleetFacts, check_fleet
from tests.simulator.calling import REGION
from tests.simulator.logs import Told

SCOPE = {f"ins-{name * 8}": (f"disk-{name * 8}",) for name in "abc"}
A, B, C = SCOPE


def said(told: Told, **known: Any) -> list[str]:
    breaches = check_fleet(told.entries, FleetFacts(REGION, **{"scope": SCOPE, **known}))
    assert {breach.promise for breach in breaches} <= {"P14"}
    return [breach.said for breach in breaches]


def repairs(*instances: str, apart: float = 10) -> Told:
    """Of each a snapshot and a reboot; the next one begins `apart` seconds after it."""
    told = Told()
    for instance_id in instances:
        began = told.now
        told.call("DescribeInstances", instance_id)
        told.call("CreateSnapshot", *SCOPE[instance_id])
        told.call("RebootInstances", instance_id)
        told.now = began + apart
    return told


def test_a_region_that_kept_its_limits_breaks_nothing() -> None:
    told = repairs(A, B, C, apart=1800)
    ended = dict.fromkeys((A, B, C), (told.now,))
    ended[A] = (told.entries[0].at + 60,)
    frozen = ((told.entries[-1].at + 1, float("inf")),)
    assert said(told, max_acting=2, max_actions_per_hour=2, ended=ended, frozen=frozen) == []


def test_one_more_at_work_than_may_be_is_named_with_the_others() -> None:
    told = repairs(A, B, C)
    (breach,) = said(told, max_acting=2, ended={A: (told.now,)})
    assert f"{A}, {B}, {C} are under repair; 2 may be" in breach


def test_a_call_that_was_refused_counts_as_sent() -> None:
    told = Told()
    told.call("CreateSnapshot", *SCOPE[A], error="InternalError")
    told.call("RebootInstances", B, error="UnauthorizedOperation")
    assert len(said(told, max_acting=1)) == 1


def test_whoever_begins_again_counts_again() -> None:
    told = repairs(A, A, A)
    ended = {A: tuple(one.at + 0.5 for one in told.entries if one.name == "RebootInstances")}
    (breach,) = said(told, max_acting=1, max_actions_per_hour=2, ended=ended)
    assert "3 began within the hour" in breach


@pytest.mark.parametrize(("apart", "broken"), [(1799, 1), (1801, 0)])
def test_sixty_minutes_are_any_sixty_minutes(apart: float, broken: int) -> None:
    told = repairs(A, B, C, apart=apart)
    ended = {name: (one.at + 5,) for name, one in zip((A, B, C), told.entries[::3], strict=True)}
    assert len(said(told, max_actions_per_hour=2, ended=ended)) == broken


def test_a_call_after_a_freeze_is_named_and_one_before_it_or_of_somebody_else_is_not() -> None:
    told = repairs(A, B)
    snapshot, reboot = (one for one in told.entries[3:] if one.name != "DescribeInstances")
    frozen = ((snapshot.at, float("inf")),)
    assert len(said(told, frozen=frozen)) == 2
    assert len(said(told, frozen=((reboot.at, float("inf")),))) == 1
    assert said(told, frozen=frozen, foreign=frozenset({str(snapshot.request_id), str(reboot.request_id)})) == []


@pytest.mark.parametrize("target", ["ins-dddddddd", ""])
def test_what_is_not_in_scope_is_named(target: str) -> None:
    told = Told()
    told.call("RebootInstances", *filter(None, [target]))
    (breach,) = said(told)
    assert "not in scope" in breach
