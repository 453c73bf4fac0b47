"""Our patterns beside moto's, written by others for another cloud: the same answers where both languages agree.

`make differential` runs this where moto is; docs/reference/event-patterns.md tells the subset.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.patterns import compile_pattern
from tests.remediation.pattern_strategies import ADDRESSES, KEYS, RANGES, TEXTS

REASON = "moto is not installed: `make differential` runs this in an environment of its own"
moto = pytest.importorskip("moto.events.models", reason=REASON)

# No number that Python takes for another one or for a truth value: moto compares with Python's types.
SCALARS = st.none() | st.booleans() | st.integers(2, 4) | st.sampled_from([0.5, 2.5]) | TEXTS | ADDRESSES
PARTS = st.sampled_from(["prefix", "suffix"])
OPERATORS = st.one_of(
    st.builds(lambda name, text: {name: text}, PARTS, TEXTS),
    st.builds(lambda name, text: {"anything-but": {name: text}}, PARTS, TEXTS),
    (SCALARS | st.lists(SCALARS, min_size=1, max_size=3)).map(lambda one: {"anything-but": one}),
)
ALTERNATIVES = st.lists(SCALARS | OPERATORS, min_size=1, max_size=3)
# An address range only where texts are: moto takes the number 7 for the address 0.0.0.7.
RANGED = st.lists(RANGES.map(lambda one: {"cidr": one}) | TEXTS, min_size=1, max_size=3)


def _objects(asked: st.SearchStrategy[Any], ranged: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Values at x, y and z, a text at `ip`, and the same again within `o`: of one shape in patterns and events."""
    flat = st.dictionaries(KEYS, asked, max_size=3)
    with_ip = st.builds(lambda one, ip: {**one, "ip": ip}, flat, ranged) | flat
    return st.builds(lambda one, inner: {**one, "o": inner}, with_ip, with_ip.filter(bool)) | with_ip.filter(bool)


PATTERNS = _objects(ALTERNATIVES, RANGED).map(lambda one: {"data": one})
EVENTS = _objects(SCALARS, TEXTS | ADDRESSES).map(lambda one: {"data": one})


def theirs(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    return bool(moto.EventPattern.load(json.dumps(pattern)).matches_event(event))


@settings(max_examples=5000, deadline=None)
@given(PATTERNS, EVENTS)
def test_both_give_the_same_answer(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    assert compile_pattern(pattern).matches(event) == theirs(pattern, event)


@settings(max_examples=2000, deadline=None)
@given(ALTERNATIVES, SCALARS)
def test_both_give_the_same_answer_about_one_field(wanted: list[Any], found: object) -> None:
    pattern, event = {"data": {"x": wanted}}, {"data": {"x": found}}
    assert compile_pattern(pattern).matches(event) == theirs(pattern, event)


@pytest.mark.parametrize(
    ("wanted", "found", "ours"),
    [
        pytest.param([1], True, False, id="moto compares with Python's types"),
        pytest.param([1], 1.0, False, id="moto does not look at how a number is written"),
        pytest.param(["a"], ["a", "b"], False, id="a list matches in moto if one of its elements does"),
        pytest.param([{"prefix": "a"}], ["ab"], False, id="the same with an operator"),
        pytest.param([{"anything-but": "a"}], ["a"], True, id="a list is no text, so it is anything but that text"),
        pytest.param([{"anything-but": "a"}], {"y": 1}, True, id="an object is no text either"),
        pytest.param([{"cidr": "0.0.0.0/0"}], 7, False, id="moto takes a number for an address"),
    ],
)
def test_where_the_languages_part(wanted: list[Any], found: object, ours: bool) -> None:
    pattern, event = {"data": {"x": wanted}}, {"data": {"x": found}}
    assert compile_pattern(pattern).matches(event) is ours
    assert theirs(pattern, event) is not ours
