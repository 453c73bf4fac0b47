"""EventBridge's pattern language: keys AND, lists OR, nested objects, per character and with JSON's types."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.patterns import check_pattern, first_mismatch, matches
from tests.remediation.facts import an_event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": "cvm.cloud.tencent", "region": "ap-guangzhou"},  # the seed's two, literally
        {"source": "cvm.cloud.tencent", "subject": ["ins-0abc1234", "ins-other"]},
        {"source": ["cvm.cloud.tencent"], "type": ["cvm:ErrorEvent:DiskReadonly"], "status": ["1"]},
        {"data": {"appId": 1250000000, "eventId": [1, 39]}},
        {"tags": {"key1": "value1"}},
    ],
)
def test_a_pattern_matches_when_every_key_has_one_of_the_wanted_values(pattern: dict[str, Any]) -> None:
    assert matches(pattern, an_event())
    assert check_pattern(pattern) == []


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ({"source": "cvm.cloud.tencent", "region": "ap-shanghai"}, "region is 'ap-guangzhou', not 'ap-shanghai'"),
        ({"subject": ["ins-0abc123", "ins-0abc12345"]}, "subject is 'ins-0abc1234', not ['ins-0abc123'"),
        ({"type": "cvm:ErrorEvent:diskreadonly"}, "type is 'cvm:ErrorEvent:DiskReadonly'"),
        ({"status": 1}, "status is '1', not 1"),
        ({"data": {"appId": "1250000000"}}, "data.appId is 1250000000, not '1250000000'"),
        ({"data": {"diskId": "disk-1"}}, "data.diskId is not in the event"),
        ({"source": {"prefix": "cvm"}}, "source is 'cvm.cloud.tencent', not an object"),
        ({"resource": None}, "resource is not in the event"),
    ],
)
def test_the_first_condition_that_failed_is_said_in_words(pattern: dict[str, Any], why: str) -> None:
    assert not matches(pattern, an_event())
    assert str(first_mismatch(pattern, an_event())).startswith(why)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [(True, 1), (1, True), (False, 0), (0, False), (1, "1"), (1, 1.0), (None, ""), ("", None), (None, 0)],
)
def test_values_are_compared_with_jsons_types(wanted: object, found: object) -> None:
    assert not matches({"data": {"x": wanted}}, {"data": {"x": found}})
    assert not matches({"data": {"x": [wanted]}}, {"data": {"x": found}})
    assert matches({"data": {"x": found}}, {"data": {"x": found}})


@pytest.mark.parametrize(
    ("pattern", "path", "message"),
    [
        ("cvm", "", "a pattern is an object"),
        ({}, "", "a pattern is an object"),
        ({"data": {}}, "data", "a pattern is an object"),
        ({"status": 1}, "status", 'write "1" with its quotes'),
        ({"status": ["1", 0]}, "status", 'write "1" with its quotes'),
        ({"subject": []}, "subject", "an empty list matches nothing"),
        ({"type": [{"prefix": "cvm"}]}, "type", "operators such as prefix are not there yet"),
        ({"type": {"prefix": "cvm"}}, "type", "operators such as prefix are not there yet"),
        ({"tpye": "cvm"}, "tpye", "did you mean `type`?"),
        ({"colour": "red"}, "colour", "it has id, source, type"),
        ({"data": {"day": {1, 2}}}, "data.day", "is not a value of JSON: put it in quotes"),
    ],
)
def test_a_mistake_in_a_pattern_is_said_with_its_place(pattern: object, path: str, message: str) -> None:
    ((where, what),) = check_pattern(pattern)
    assert where == path
    assert message in what


def test_a_status_within_the_data_may_be_a_number() -> None:
    assert check_pattern({"data": {"status": 1}}) == []


@given(JSON, JSON)
def test_matching_and_checking_are_total(pattern: object, event: object) -> None:
    wrong = check_pattern(pattern)
    if isinstance(pattern, dict) and isinstance(event, dict):
        assert isinstance(matches(pattern, event), bool)
    assert wrong or isinstance(pattern, dict)


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(), min_size=1))
def test_an_event_matches_itself(event: dict[str, Any]) -> None:
    assert matches(event, event)
    assert matches({key: [object(), value] for key, value in event.items()}, event)
