"""Durations as people write them, and as they are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from remediation.durations import Duration, parse_duration, write_duration

KEPT: TypeAdapter[int] = TypeAdapter(Duration)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("1s", 1),
        ("90s", 90),
        ("15m", 900),
        ("60m", 3600),
        ("4h", 14400),
        ("7d", 604800),
        ("999999d", 86399913600),
    ],
)
def test_a_duration_is_a_whole_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds
    assert KEPT.validate_python(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "15", "m", "1.5h", "-5m", "15 m", "15M", "1h30m", "15min", "1w", "1000000s", None, [], 1.5, True]
)
def test_anything_else_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(
        ValueError, match="is not a duration: write a whole number and a unit, as in 90s, 15m, 4h or 7d"
    ):
        parse_duration(text)


@pytest.mark.parametrize("number", [1, 15, 3600, -1])
def test_a_bare_number_is_refused_because_its_unit_would_be_a_guess(number: int) -> None:
    with pytest.raises(
        ValidationError, match=f"{number} has no unit: write {number}s, {number}m, {number}h or {number}d"
    ):
        KEPT.validate_python(number)


@pytest.mark.parametrize("value", [True, False, None, 0.0])
def test_what_yaml_makes_of_on_and_off_is_no_duration(value: object) -> None:
    with pytest.raises(ValidationError):
        KEPT.validate_python(value)


def test_nothing_needs_no_unit() -> None:
    assert KEPT.validate_python(0) == 0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (90, "90s"), (60, "1m"), (5400, "90m"), (86400, "1d"), (90000, "25h")]
)
def test_a_duration_is_written_in_its_largest_whole_unit(seconds: int, text: str) -> None:
    assert write_duration(seconds) == text


@given(st.integers(0, 999_999), st.sampled_from("smhd"))
def test_what_was_written_survives_its_journey_as_json(number: int, unit: str) -> None:
    seconds = KEPT.validate_python(f"{number}{unit}")
    assert KEPT.validate_json(KEPT.dump_json(seconds)) == seconds
    assert parse_duration(write_duration(seconds)) == seconds
