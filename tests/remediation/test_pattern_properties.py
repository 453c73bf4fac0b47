"""What holds of every pattern and every event, and what is certain about two patterns."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.errors import PatternError
from remediation.patterns import Pattern, compile_pattern
from remediation.subsumption import admits, covers
from tests.remediation.pattern_strategies import (
    ALTERNATIVES,
    ANY_JSON,
    EVENTS,
    JSON,
    KEYS,
    OPERATORS,
    PATTERNS,
    SCALARS,
)

many = settings(max_examples=200, deadline=None)


def of(wanted: object) -> Pattern:
    return compile_pattern({"data": {"x": wanted}})


def matches(wanted: object, found: object) -> bool:
    return of(wanted).matches({"data": {"x": found}})


@many
@given(st.lists(ALTERNATIVES, min_size=1, max_size=4), JSON)
def test_a_list_matches_what_any_of_its_alternatives_matches(alternatives: list[Any], found: object) -> None:
    assert matches(alternatives, found) == any(matches([one], found) for one in alternatives)


@many
@given(SCALARS, JSON)
def test_a_bare_scalar_is_a_list_of_one(wanted: object, found: object) -> None:
    assert matches(wanted, found) == matches([wanted], found)


@many
@given(st.lists(ALTERNATIVES, min_size=1, max_size=3), JSON)
def test_anything_but_is_the_complement_among_the_keys_that_are_there(alternatives: list[Any], found: object) -> None:
    but = of([{"anything-but": alternatives}])
    assert but.matches({"data": {"x": found}}) != matches(alternatives, found)
    assert not but.matches({"data": {}})


@many
@given(st.lists(ALTERNATIVES, min_size=1, max_size=3), JSON)
def test_contain_with_several_asks_for_all_of_them(wanted: list[Any], found: object) -> None:
    assert matches([{"contain": wanted}], found) == all(matches([{"contain": one}], found) for one in wanted)


@many
@given(st.dictionaries(KEYS, SCALARS, min_size=1), st.lists(JSON, max_size=3))
def test_array_asks_one_object_of_the_list_for_all_of_its_keys(asked: dict[str, Any], found: list[Any]) -> None:
    inner = compile_pattern({"data": asked})
    assert matches([{"array": json.dumps(asked)}], found) == any(inner.matches({"data": one}) for one in found)


@many
@given(PATTERNS, KEYS, ALTERNATIVES, EVENTS)
def test_another_key_never_widens_a_pattern(pattern: dict[str, Any], key: str, one: Any, event: object) -> None:
    wider = compile_pattern(pattern)
    narrower = compile_pattern({"data": {key: [one], **pattern["data"]}})
    assert covers(wider, narrower)
    if narrower.matches(event):
        assert wider.matches(event)


@many
@given(PATTERNS, ANY_JSON | EVENTS)
def test_matching_is_total_and_agrees_with_its_words(pattern: dict[str, Any], event: object) -> None:
    compiled = compile_pattern(pattern)
    words = compiled.first_mismatch(event)
    assert compiled.matches(event) == (words is None)
    assert words is None or words.isprintable()


@many
@given(ANY_JSON | ANY_JSON.map(lambda one: {"data": {"x": [one]}}) | JSON.map(lambda one: {"data": one}), ANY_JSON)
def test_compiling_only_ever_refuses(pattern: object, event: object) -> None:
    try:
        compiled = compile_pattern(pattern)
    except PatternError as error:
        assert error.message  # every other exception fails the test
    else:
        assert compiled.matches(event) == (compiled.first_mismatch(event) is None)


@settings(max_examples=600, deadline=None)
@given(PATTERNS, PATTERNS, EVENTS)
def test_what_a_covered_pattern_matches_is_matched_by_the_one_that_covers_it(
    earlier: dict[str, Any], later: dict[str, Any], event: object
) -> None:
    one, other = compile_pattern(earlier), compile_pattern(later)
    if covers(one, other) and other.matches(event):
        assert one.matches(event)


@settings(max_examples=600, deadline=None)
@given(ALTERNATIVES, ALTERNATIVES, JSON)
def test_a_condition_that_covers_another_accepts_all_that_it_accepts(one: Any, other: Any, found: object) -> None:
    if covers(of([one]), of([other])) and matches([other], found):
        assert matches([one], found)


@many
@given(PATTERNS, OPERATORS)
def test_a_pattern_covers_itself_and_what_has_fewer_alternatives(pattern: dict[str, Any], one: Any) -> None:
    assert covers(compile_pattern(pattern), compile_pattern(pattern))
    assert covers(of([one, "a"]), of("a"))
    assert covers(of([one, "a"]), of([one]))


@many
@given(PATTERNS, EVENTS)
def test_what_a_pattern_does_not_admit_it_does_not_match(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    compiled = compile_pattern(pattern)
    assert admits(compiled, {})
    assert admits(compiled, event) == compiled.matches(event)  # all that the pattern asks for is known


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (["a", "b"], "a"),
        ([{"prefix": "a"}], ["ab", "ac"]),
        ([{"prefix": "a"}], [{"prefix": "ab"}]),
        ([{"suffix": "b"}], [{"suffix": "ab"}]),
        ([{"contain": "b"}], [{"prefix": "ab"}, {"suffix": "ba"}, {"contain": ["a", "b"]}]),
        ([{"cidr": "10.0.0.0/8"}], [{"cidr": "10.1.0.0/16"}]),
        ([{"anything-but": "a"}], [{"prefix": "b"}]),
        ([{"anything-but": "a"}], [{"anything-but": ["a", "b"]}]),
        ([{"anything-but": {"prefix": "ab"}}], [{"anything-but": {"prefix": "a"}}]),
        ([{"anything-but": {"prefix": "a"}}], [{"prefix": "b"}, "c", 1, {"array": '{"a": 1}'}]),
        ([{"anything-but": {"cidr": "10.0.0.0/8"}}], [{"cidr": "11.0.0.0/8"}]),
        ([{"anything-but": {"anything-but": {"prefix": "a"}}}], [{"prefix": "ab"}]),
        ([{"anything-but": "a"}], {"y": 1}),
        ([{"array": '{"a": [1, 2]}'}], [{"array": '{"a": 1, "b": 2}'}]),
        ({"y": [1, 2]}, {"y": 1, "z": 1}),
        ({"y": 1}, {"y": 1, "z": 1}),
    ],
)
def test_a_pattern_that_is_exactly_subsumed_is_covered_and_not_the_other_way_round(earlier: Any, later: Any) -> None:
    assert covers(of(earlier), of(later))
    assert not covers(of(later), of(earlier))


@pytest.mark.parametrize(
    ("earlier", "later", "only_later"),
    [
        ([{"anything-but": {"contain": "b"}}], [{"prefix": "a"}], "ab"),
        ([{"anything-but": {"prefix": "a"}}], [{"suffix": "b"}], "ab"),
        ([{"anything-but": {"prefix": "ab"}}], [{"prefix": "a"}], "ab"),
        ([{"anything-but": {"contain": "b"}}], [{"array": '{"a": 1}'}], [{"a": 1}, "b"]),
        ([{"anything-but": {"cidr": "10.0.0.0/8"}}], [{"cidr": "0.0.0.0/0"}], "10.0.0.1"),
        ([{"anything-but": {"anything-but": "a"}}], {"y": 1}, {"y": 1}),
        ([{"contain": "b"}], [{"contain": "bb"}], ["bb"]),
        ([{"cidr": "10.0.0.0/8"}], [{"prefix": "10."}], "10.x"),
        ([1], [1.0], 1.0),
    ],
)
def test_what_looks_subsumed_and_is_not_is_not_covered(earlier: Any, later: Any, only_later: object) -> None:
    assert matches(later, only_later)
    assert not matches(earlier, only_later)
    assert not covers(of(earlier), of(later))


@pytest.mark.parametrize(
    ("pattern", "admitted"),
    [
        ({"status": "1"}, False),
        ({"status": ["1", "-"]}, False),
        ({"status": [{"anything-but": "0"}]}, False),
        ({"status": ["1", "0"]}, True),
        ({"status": [{"anything-but": "1"}]}, True),
        ({"source": "cvm.cloud.tencent"}, True),
    ],
)
def test_whether_a_rule_would_fire_on_a_recovery(pattern: dict[str, Any], admitted: bool) -> None:
    assert admits(compile_pattern(pattern), {"status": "0"}) is admitted
