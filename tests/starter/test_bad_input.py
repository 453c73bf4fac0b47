"""Whatever bytes arrive, the way to Temporal only ever accepts or rejects, and ids are made of what was validated."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.contrib.pydantic import pydantic_data_converter

from remediation import contract
from remediation.errors import EventRejected
from remediation.events import Alarm, body_hash, parse_event, read_json, unpack
from starter.bodies import kept_text, tidy
from tests.remediation.facts import NOW, an_event

FIELDS = [*sorted(an_event()), "timer", "anything"]
NESTED = "[" * 900 + "]" * 900
# JSON texts that nobody means, to stand where a field's value stands.
MONSTERS = {
    "null": "null",
    "true": "true",
    "empty text": '""',
    "empty list": "[]",
    "empty object": "{}",
    "a list of itself": '["ins-0abc1234", "1", 1]',
    "an object": '{"ins-0abc1234": {"unInstanceId": {"instanceId": []}}}',
    "NaN": "NaN",
    "-Infinity": "-Infinity",
    "beyond a double": "1e999",
    "beyond a long": "9" * 400,
    "5,000 digits": "9" * 5000,
    "a fraction of 5,000 digits": "0." + "9" * 5000,
    "minus zero": "-0",
    "half of a pair": '"\\ud83d"',
    "half of a pair as a key": '{"\\ud83d": 1, "\\ude00": 2}',
    "zeros and bells": '"\\u0000\\u0007\\u001b[31m\\u202e"',
    "other digits": '"\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661"',
    "a path": '"../../cvm/ap-guangzhou/ins-0abc1234"',
    "a line more": '"ins-0abc1234\\nins-1"',
    "a long text": json.dumps("ins-" * 10_000),
    "parentheses": json.dumps("(cvm:" * 10_000),
    "900 lists": NESTED,
    "100,000 lists": "[" * 100_000,
    "a key twice": '{"a": 1, "a": 2}',
}


def taken(body: bytes) -> list[Alarm]:
    """What the doors do with a body until Temporal is called; any exception but a rejection goes through."""
    alarms = []
    try:
        elements = unpack(tidy(read_json(body)))
    except EventRejected as rejected:
        assert_fit_for_people(str(rejected))
        return []
    for element in elements:
        try:
            alarm = parse_event(element, NOW)
        except EventRejected as rejected:
            assert_fit_for_people(str(rejected))
            assert re.fullmatch(r"unreadable/[0-9a-f]{16}", contract.unreadable_id(body_hash(element)))
            assert len(kept_text(element).encode()) <= 8 * 1024
        else:
            assert_travels(alarm)
            alarms.append(alarm)
    return alarms


def assert_fit_for_people(text: str) -> None:
    assert 0 < len(text) < 400
    assert text.isprintable()


def assert_travels(alarm: Alarm) -> None:
    workflow_id = contract.incident_id(alarm.region, alarm.instance_id)
    assert re.fullmatch(r"cvm/[a-z]{2}-[a-z0-9-]{2,45}/ins-[0-9a-z]{1,32}", workflow_id)
    assert re.fullmatch(r"[\x21-\x7e]{1,128}", alarm.event_id)
    assert re.fullmatch(r"cvm:[A-Za-z]+:[A-Za-z0-9_]+", alarm.type)
    signal = contract.TakenEvent(alarm=alarm).model_dump(mode="json")
    (payload,) = pydantic_data_converter.payload_converter.to_payloads([signal])
    (arrived,) = pydantic_data_converter.payload_converter.from_payloads([payload])
    assert contract.TakenEvent.model_validate(arrived).alarm == alarm


def with_value(field: str, value: str) -> bytes:
    rest = json.dumps({name: one for name, one in an_event().items() if name != field})
    return f'{{"{field}": {value}, {rest[1:]}'.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("monster", MONSTERS)
def test_a_monster_in_any_field_is_accepted_or_rejected(field: str, monster: str) -> None:
    taken(with_value(field, MONSTERS[monster]))


@pytest.mark.parametrize("field", FIELDS)
def test_a_key_that_is_there_twice_is_rejected_since_nobody_knows_which_is_meant(field: str) -> None:
    body = with_value(field, "1").replace(b"{", f'{{"{field}": 2, '.encode(), 1)
    with pytest.raises(EventRejected, match=f'not JSON: the key "{field}" is there twice'):
        read_json(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\xef\xbb\xbf" + json.dumps(an_event()).encode(), id="a BOM"),
        pytest.param(json.dumps({"EventList": [an_event(), *(None, 7, [], "x"), {}]}).encode(), id="a mixed batch"),
        pytest.param(with_value("anything", NESTED), id="900 lists where nobody looks"),
        pytest.param(with_value("anything", '{"\\ud83d": "\\ude00"}'), id="half pairs where nobody looks"),
    ],
)
def test_an_alarm_with_odd_company_is_taken(body: bytes) -> None:
    assert [alarm.instance_id for alarm in taken(body)] == ["ins-0abc1234"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(json.dumps(an_event()).encode("utf-16"), id="UTF-16"),
        pytest.param(json.dumps(an_event(region="中")).encode().replace(b"\\u4e2d", b"\xd6\xd0"), id="GBK"),
        pytest.param(b"\xef\xbb\xbf" * 2 + json.dumps(an_event()).encode(), id="two BOMs"),
        pytest.param(json.dumps(an_event()).encode() + b"{}", id="two values"),
        pytest.param(b"[" * 10**6, id="a million lists"),
        pytest.param(b'{"a":' * 10**5, id="100,000 objects"),
    ],
)
def test_what_is_no_json_is_rejected(body: bytes) -> None:
    with pytest.raises(EventRejected, match="not JSON"):
        read_json(body)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 20), st.binary(max_size=8)), min_size=1, max_size=4))
def test_a_damaged_event_is_accepted_or_rejected(damages: list[tuple[int, int, bytes]]) -> None:
    body = json.dumps(an_event()).encode()
    for at, length, put in damages:
        body = body[:at] + put + body[at + length :]
    taken(body)


VALUES = st.sampled_from(sorted(MONSTERS.values())) | st.sampled_from([json.dumps(one) for one in an_event().values()])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1))
def test_monsters_in_several_fields_are_accepted_or_rejected(values: dict[str, str]) -> None:
    taken(("{" + ", ".join(f'"{name}": {value}' for name, value in values.items()) + "}").encode())
