"""How often an activity looks again, and how it says "not yet"."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.polling import Pace, not_yet
from tests.activities.hands import attempt

PACE = Pace(5.0)


@activity.defn
def look(pace: Pace) -> None:
    raise not_yet(pace, "snap-1 is CREATING, 40 %")


@pytest.mark.parametrize(
    ("elapsed", "seconds"), [(-5, 5), (0, 5), (49, 5), (60, 6), (300, 30), (600, 60), (601, 60), (4 * 3600, 60)]
)
def test_the_intervals_grow_from_the_first_to_twelvefold(elapsed: float, seconds: float) -> None:
    assert PACE.interval(elapsed, 0.5) == pytest.approx(seconds)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1))
def test_an_interval_never_shrinks_with_time_nor_leaves_its_bounds(one: float, other: float, jitter: float) -> None:
    early, late = sorted([one, other])
    assert PACE.interval(early, jitter) <= PACE.interval(late, jitter)
    assert 4.5 <= PACE.interval(early, jitter) <= 66


def test_many_waits_are_spread_over_a_fifth_of_the_interval() -> None:
    assert PACE.interval(600, 0.0) == pytest.approx(54)
    assert PACE.interval(600, 1.0) == pytest.approx(66)


@pytest.mark.parametrize(("elapsed", "least", "most"), [(0, 4.5, 5.5), (300, 27, 33.5), (7200, 54, 66)])
def test_not_yet_counts_from_when_the_wait_was_scheduled(elapsed: float, least: float, most: float) -> None:
    with pytest.raises(ApplicationError, match="snap-1 is CREATING, 40 %") as raised:
        attempt(scheduled_ago=elapsed).run(look, PACE)
    assert timedelta(seconds=least) <= (raised.value.next_retry_delay or timedelta()) <= timedelta(seconds=most)


def test_not_yet_is_no_alarm_for_whoever_runs_the_worker() -> None:
    with pytest.raises(ApplicationError) as raised:
        attempt().run(look, PACE)
    assert (raised.value.type, raised.value.non_retryable) == ("NotYet", False)
    assert raised.value.category is ApplicationErrorCategory.BENIGN
