"""Recorded events are read in every form in which they are kept, line by line, and a bad line is named."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.events import parse_event
from remediation.recordings import Recorded, read_recording
from tests.remediation.facts import NOW, an_event

LOGGED_AT = datetime(2026, 11, 23, 5, 59, tzinfo=timezone.utc)


def a_row(**columns: Any) -> dict[str, Any]:
    """A row of SearchLog, as its API has them: every value a text."""
    row = {
        "Timestamp": "1795413540000",
        "Message": json.dumps(an_event()),
        "Source": "cvm.cloud.tencent",
        "Type": "磁盘只读(cvm:ErrorEvent:DiskReadonly)",
        "RuleIds": "rule-1",
        "Subject": "ins-0abc1234",
        "Region": "ap-guangzhou",
        "Status": "1",
    }
    return {**row, **columns}


def read(*values: object) -> list[Recorded]:
    return list(read_recording(json.dumps(value).encode() + b"\n" for value in values))


@pytest.mark.parametrize(
    ("value", "received_at"),
    [
        (an_event(), None),
        ({"EventList": [an_event()]}, None),
        (a_row(), LOGGED_AT),
        (a_row(Timestamp="soon"), None),
        ({"Results": [a_row()], "Total": 1}, LOGGED_AT),
        ({"Response": {"Results": [a_row()], "Total": 1, "RequestId": "r"}}, LOGGED_AT),
    ],
    ids=["envelope", "batch", "row", "row without its time", "answer", "answer of the API"],
)
def test_an_event_is_read_in_every_form_in_which_it_is_kept(value: object, received_at: datetime | None) -> None:
    assert read(value) == [Recorded(1, an_event(), received_at=received_at)]


@pytest.mark.parametrize("message", ["", "not JSON", '{"ip": "10.0.0.1"}', None, "[1]"])
def test_a_row_without_its_envelope_is_read_from_its_columns(message: str | None) -> None:
    (recorded,) = read(a_row(Message=message))
    alarm = parse_event(recorded.event, NOW)
    assert (alarm.type, alarm.instance_id, alarm.region) == (
        "cvm:ErrorEvent:DiskReadonly",
        "ins-0abc1234",
        "ap-guangzhou",
    )
    assert (alarm.status.value, int(alarm.occurred_at.timestamp())) == ("1", 1795413540)


def test_a_bad_line_is_named_and_the_others_are_read() -> None:
    lines = [b"\n", json.dumps(an_event()).encode(), b"{oops\n", b"  \n", b"\xff\n", json.dumps(an_event()).encode()]
    told = list(read_recording(lines))
    assert [one.line for one in told] == [2, 3, 5, 6]
    assert [bool(one.problem) for one in told] == [False, True, True, False]
    assert told[1].problem.startswith("not JSON")


def test_no_line_is_read_before_it_is_asked_for() -> None:
    endless: Iterator[bytes] = itertools.repeat(json.dumps(an_event()).encode())
    assert next(iter(read_recording(endless))) == Recorded(1, an_event())


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["Response", "Results", "EventList", "Message", "Type", "type", "Timestamp"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_reading_is_total(value: object) -> None:
    for recorded in read(value):
        assert recorded.line == 1
