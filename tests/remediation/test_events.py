"""The envelope with every trap that Tencent's own samples set, and anything else that may arrive."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.errors import EventRejected
from remediation.events import (
    INSTANCE_ID,
    KNOWN_FAULTS,
    LONGEST_BATCH,
    Alarm,
    Status,
    body_hash,
    canonical_fault,
    canonical_type,
    parse_event,
    read_json,
    unpack,
)
from remediation.regions import REGION
from tests.remediation.facts import NOW, an_alarm, an_event

SIX_SEGMENTS = "qcs::cvm:ap-guangzhou:uin/100000000001:instance/ins-0abc1234"


def test_tencents_own_template_is_an_alarm() -> None:
    alarm = an_alarm()
    assert (alarm.fault, alarm.status, alarm.instance_id, alarm.region) == (
        "DiskReadonly",
        Status.FIRING,
        "ins-0abc1234",
        "ap-guangzhou",
    )
    assert alarm.event_id == "3f9b2c6e-0000-4000-8000-000000000001"
    assert alarm.received_at == NOW
    assert not alarm.is_recovery
    assert not alarm.is_placeholder


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        pytest.param(1677727912553, datetime(2023, 3, 2, 3, 31, 52, 553000, timezone.utc), id="milliseconds"),
        pytest.param("1677727912553", datetime(2023, 3, 2, 3, 31, 52, 553000, timezone.utc), id="as a string"),
        pytest.param(1693986756, datetime(2023, 9, 6, 7, 52, 36, tzinfo=timezone.utc), id="seconds"),
        pytest.param("1693986756", datetime(2023, 9, 6, 7, 52, 36, tzinfo=timezone.utc), id="seconds as a string"),
        pytest.param(1693986756.5, datetime(2023, 9, 6, 7, 52, 36, 500000, timezone.utc), id="with a fraction"),
        pytest.param(int(NOW.timestamp() * 1000) + 599_000, NOW + timedelta(seconds=599), id="a clock that is ahead"),
    ],
)
def test_the_time_is_read_in_any_form_that_is_sent(time: object, moment: datetime) -> None:
    assert an_alarm(time=time).occurred_at == moment


@pytest.mark.parametrize("time", [..., None])
def test_the_time_may_be_misspelt_as_in_one_of_tencents_tables(time: object) -> None:
    assert an_alarm(time=time, timer=1693986756).occurred_at.year == 2023


@pytest.mark.parametrize(
    "time", [None, ..., True, 0, -1, "", "yesterday", "2026-11-23T06:00:00Z", [], {}, 10**14, 10**400, float("nan")]
)
def test_what_is_no_time_is_rejected_and_says_what_is_expected(time: object) -> None:
    with pytest.raises(EventRejected, match=r"is not a time.*milliseconds since 1970"):
        an_alarm(time=time)


def test_a_time_in_the_future_is_rejected() -> None:
    with pytest.raises(EventRejected, match=r"lies in the future\. Check the sender's clock"):
        an_alarm(time=int((NOW + timedelta(minutes=11)).timestamp() * 1000))


def test_a_time_before_the_product_existed_is_rejected() -> None:
    with pytest.raises(EventRejected, match="lies before 2015"):
        an_alarm(time=1_000_000_000)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"subject": "ins-0abc1234"}, id="bare subject"),
        pytest.param({"subject": SIX_SEGMENTS}, id="six-segment subject"),
        pytest.param({"subject": ..., "data": {"instanceId": "ins-0abc1234"}}, id="data.instanceId"),
        pytest.param({"subject": None, "data": {"InstanceId": "ins-0abc1234"}}, id="data.InstanceId"),
        pytest.param(
            {"subject": "", "data": {"dimensions": {"unInstanceId": "ins-0abc1234"}}}, id="dimensions.unInstanceId"
        ),
        pytest.param({"subject": "disk-1", "data": {"instanceId": SIX_SEGMENTS}}, id="subject of another kind"),
        pytest.param({"subject": "ins-0abc1234", "data": {"instanceId": "ins-other"}}, id="the subject comes first"),
    ],
)
def test_the_instance_is_found_wherever_it_is_named(fields: dict[str, Any]) -> None:
    assert an_alarm(**fields).instance_id == "ins-0abc1234"


@pytest.mark.parametrize(
    "subject",
    [
        ...,
        None,
        7,
        "",
        "ins-",
        "ins-ABC",
        "disk-0abc",
        "lhins-0abc",
        "xins-0abc",
        "ins-0abc ",
        "ins-0abc\n",
        "ins-0abc,ins-1",
        "ins-" + "a" * 33,
        "ins-\u0661",
        ["ins-0abc"],
    ],
)
def test_accident_what_is_not_exactly_one_instance_id_is_rejected(subject: object) -> None:
    with pytest.raises(EventRejected, match=r"no instance id in subject .*Expected the form ins-0123abcd"):
        an_alarm(subject=subject)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ("cvm:ErrorEvent:DiskReadonly", "cvm:ErrorEvent:DiskReadonly"),
        ("cvm:ErrorEvent:disk_readonly", "cvm:ErrorEvent:DiskReadonly"),
        ("cvm:ErrorEvent:ping_unreachable", "cvm:ErrorEvent:PingUnreachable"),
        ("disk_readonly", "cvm:ErrorEvent:DiskReadonly"),
        ("guest_core_error", "cvm:ErrorEvent:GuestCoreError"),
        ("磁盘只读(cvm:ErrorEvent:DiskReadonly)", "cvm:ErrorEvent:DiskReadonly"),
        ("磁盘只读(cvm:ErrorEvent:disk_readonly)", "cvm:ErrorEvent:DiskReadonly"),
        ("cvm:ErrorEvent:GuestRestarted_HostFailure", "cvm:ErrorEvent:GuestRestarted_HostFailure"),
        ("cvm:CloudEvent:ApiCall", "cvm:CloudEvent:ApiCall"),
        ("cvm:ErrorEvent:SomethingNew2027", "cvm:ErrorEvent:SomethingNew2027"),
    ],
)
def test_a_type_has_one_spelling_also_for_the_rules(sent: str, kind: str) -> None:
    alarm = an_alarm(type=sent)
    assert (alarm.type, alarm.fault, alarm.event["type"]) == (kind, kind.rpartition(":")[2], kind)


@pytest.mark.parametrize("fault", KNOWN_FAULTS)
def test_every_known_fault_keeps_its_name(fault: str) -> None:
    assert canonical_fault(fault) == canonical_fault(fault.upper()) == fault
    assert canonical_type(canonical_type(fault)) == f"cvm:ErrorEvent:{fault}"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"source": "cos.cloud.tencent"}, 'source "cos.cloud.tencent" is not cvm.cloud.tencent'),
        ({"source": ["cvm.cloud.tencent"]}, "is not cvm.cloud.tencent"),
        ({"source": ..., "type": "ckafka:ErrorEvent:Full"}, "is not a CVM event"),
        ({"type": ...}, "the event has no `type`"),
        ({"type": 7}, "the event has no `type`"),
        ({"type": ""}, "is not a CVM event"),
        ({"type": "cvm:ErrorEvent:"}, "is not a CVM event"),
        ({"type": "cvm:ErrorEvent:Disk Readonly"}, "is not a CVM event"),
        ({"type": "a" * 10_000}, "is not a CVM event"),
    ],
)
def test_an_event_that_is_no_cvm_alarm_is_rejected_by_name(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(EventRejected, match=why) as rejected:
        an_alarm(**fields)
    assert rejected.value.hint
    assert len(str(rejected.value)) < 250


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("1", Status.FIRING),
        (1, Status.FIRING),
        ("0", Status.RECOVERED),
        (0, Status.RECOVERED),
        ("-", Status.STATELESS),
        ("", Status.STATELESS),
        (None, Status.STATELESS),
        (..., Status.STATELESS),
    ],
)
def test_the_status_is_read_in_any_form_that_is_sent(sent: object, status: Status) -> None:
    alarm = an_alarm(status=sent)
    assert alarm.status is status
    assert alarm.is_recovery == (status is Status.RECOVERED)


@pytest.mark.parametrize(("sent", "matched"), [(1, "1"), ("1", "1"), (0, "0"), ("-", "-"), ("", ""), (None, None)])
def test_rules_match_on_the_status_as_eventbridge_writes_it(sent: object, matched: object) -> None:
    assert an_alarm(status=sent).event["status"] == matched


@pytest.mark.parametrize("status", [True, False, "2", "firing", 2, -1, [], {}, "01"])
def test_accident_a_status_that_nobody_knows_is_neither_firing_nor_recovered(status: object) -> None:
    with pytest.raises(EventRejected, match=r'status .* is not known. Expected "1"'):
        an_alarm(status=status)


@pytest.mark.parametrize("region", ["ap-guangzhou", "AP-Guangzhou", "gz", " GZ "])
def test_a_region_has_one_spelling_also_for_the_rules(region: str) -> None:
    alarm = an_alarm(region=region)
    assert (alarm.region, alarm.event["region"]) == ("ap-guangzhou", "ap-guangzhou")


@pytest.mark.parametrize("region", [..., None, "", "mars", 7, "ap-guangzhou/../x"])
def test_an_event_without_a_region_is_rejected(region: object) -> None:
    with pytest.raises(EventRejected, match=r"is not a region\. Expected the form ap-guangzhou"):
        an_alarm(region=region)


@pytest.mark.parametrize("event_id", [..., None, "", 7, "with space", "line\nbreak", "x" * 129, "编号"])
def test_an_event_without_a_usable_id_is_known_by_its_body(event_id: object) -> None:
    alarm = an_alarm(id=event_id)
    assert alarm.event_id == an_alarm(id=event_id).event_id
    assert alarm.event_id.startswith("body-")
    assert alarm.event_id != an_alarm(id=event_id, subject="ins-other").event_id


def test_a_body_has_the_same_hash_whatever_the_order_of_its_keys() -> None:
    event = an_event()
    assert body_hash(event) == body_hash(dict(reversed(event.items())))


@pytest.mark.parametrize("body", [{1: 2, "a": 3}, {(): 1}, {"a": {1, 2}}, b"\xff", object])
def test_even_what_is_no_json_has_a_hash(body: object) -> None:
    assert len(body_hash(body)) == 16


@pytest.mark.parametrize("subject", ["ins-xxxxxxxx", "ins-xxxxxx", "ins-00000000", "ins-example"])
def test_the_consoles_template_is_known_as_one(subject: str) -> None:
    assert an_alarm(subject=subject).is_placeholder


@pytest.mark.parametrize(
    ("event", "kind"),
    [(None, "null"), ([], "a list"), ("ins-1", "a string"), (7, "a number"), (True, "true or false")],
)
def test_what_is_no_object_is_rejected_by_its_kind(event: object, kind: str) -> None:
    with pytest.raises(EventRejected, match=f"an event is a JSON object, this is {kind}"):
        parse_event(event, NOW)


def test_a_delivery_is_one_envelope_or_a_list_of_them() -> None:
    one, two = an_event(), an_event(id="two")
    assert unpack(one) == [one]
    assert unpack({"EventList": [one, two, None]}) == [one, two, None]
    assert unpack({"EventList": []}) == []
    assert unpack({"EventList": "none"}) == [{"EventList": "none"}]
    assert unpack([one]) == [[one]]


def test_a_batch_longer_than_any_of_real_events_is_one_that_cannot_be_read() -> None:
    most = {"EventList": list(range(LONGEST_BATCH))}
    assert len(unpack(most)) == LONGEST_BATCH
    more = {"EventList": list(range(LONGEST_BATCH + 1))}
    assert unpack(more) == [more]
    with pytest.raises(EventRejected, match="an EventList of 501 is not taken apart"):
        parse_event(more, NOW)


@pytest.mark.parametrize(
    ("body", "value"), [(b'{"a": 1}', {"a": 1}), (b'\xef\xbb\xbf{"a": 1}', {"a": 1}), (b"7", 7), (b"null", None)]
)
def test_a_body_is_utf8_with_or_without_a_bom(body: bytes, value: object) -> None:
    assert read_json(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"NaN",
        b"[Infinity]",
        b"<html>",
        b"9" * 5000,
        b"[" * 100_000,
        pytest.param('{"a": "磁盘"}'.encode("gbk"), id="gbk"),
    ],
)
def test_what_is_no_json_is_rejected_and_says_so(body: bytes) -> None:
    with pytest.raises(EventRejected, match="not JSON"):
        read_json(body)


def test_an_alarm_survives_its_journey() -> None:
    alarm = an_alarm(tags=None, data={"additionalMsg": [{"key": "a", "value": 1.5}]})
    assert Alarm.model_validate_json(alarm.model_dump_json()) == alarm


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = sorted(an_event())
# Monsters that look like an event: most fields as they should be, some as nobody would send them.
MONSTERS = st.dictionaries(st.sampled_from([*FIELDS, "timer"]), JSON, max_size=4).map(lambda odd: {**an_event(), **odd})
FOREIGN = st.dictionaries(st.none() | st.integers() | st.tuples(st.text()), JSON, max_size=3)


@settings(max_examples=300, deadline=None)
@given(JSON | MONSTERS | FOREIGN | st.binary())
def test_the_parser_is_total_and_its_ids_are_always_well_formed(body: object) -> None:
    for element in unpack(body):
        try:
            alarm = parse_event(element, NOW)
        except EventRejected as rejected:
            assert str(rejected)  # every other exception fails the test
        else:
            assert INSTANCE_ID.fullmatch(alarm.instance_id)
            assert REGION.fullmatch(alarm.region)
            assert alarm.event_id.isascii()
            assert alarm.event_id.isprintable()
            assert alarm.occurred_at <= NOW + timedelta(minutes=10)


@settings(max_examples=200, deadline=None)
@given(st.binary() | st.text().map(str.encode))
def test_reading_a_body_only_ever_rejects(body: bytes) -> None:
    try:
        read_json(body)
    except EventRejected as rejected:
        assert rejected.hint  # every other exception fails the test


@given(st.text(max_size=60))
def test_an_id_is_taken_only_if_it_is_the_whole_text(text: str) -> None:
    try:
        instance_id = an_alarm(subject=text).instance_id
    except EventRejected:
        return
    assert text.endswith(instance_id)
    assert INSTANCE_ID.fullmatch(instance_id)


def very_deep(levels: int = 100_000) -> object:
    value: object = "bottom"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(very_deep(), id="100,000 lists"),
        pytest.param(16**5000, id="6,000 digits"),
        pytest.param("\ud83d", id="half a pair"),
        pytest.param({"\ud83d": 1}, id="half a pair as a key"),
    ],
)
@pytest.mark.parametrize("field", [*FIELDS, "timer", "\ud83d"])
def test_what_python_itself_cannot_write_out_is_accepted_or_rejected_in_printable_words(
    field: str, value: object
) -> None:
    try:
        an_alarm(**{field: value})
    except EventRejected as rejected:
        assert str(rejected).isprintable()  # every other exception fails the test
        assert len(str(rejected)) < 250
