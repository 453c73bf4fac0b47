"""The rules for EventBridge: whatever the page needs is let through, said once, within what the bus can hold."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.channels import Channel
from remediation.config import Config, Rule
from remediation.errors import PatternError
from remediation.eventbridge import EVIDENCE, LONGEST_NAME, MOST_BUS_RULES, BusRule, bus_rules
from remediation.events import KNOWN_FAULTS, canonical_fault, parse_event
from remediation.patterns import compile_pattern
from tests.remediation.facts import NOW, a_config, an_event

DOCUMENTED = {"prefix", "suffix", "anything-but", "contain"}


def a_page(*patterns: dict[str, Any]) -> Config:
    rules = tuple(Rule(name=f"rule-{number}", when=when, notify=("a",)) for number, when in enumerate(patterns))
    return Config(channels={"a": Channel.model_validate({"to": [{"mail": "a@b.c"}]})}, rules=rules, operators=("a",))


def lets_through(rules: tuple[BusRule, ...], event: dict[str, Any]) -> bool:
    """As the bus does it: within `data` our language compares texts as they are, and brings none into one spelling."""
    return any(compile_pattern({"data": one.pattern}).matches({"data": event}) for one in rules)


def test_an_alarm_comes_in_with_its_recovery_and_with_all_evidence() -> None:
    rules = bus_rules(a_config())

    assert lets_through(rules, an_event())
    assert lets_through(rules, an_event(status="0"))
    for fault in ("GuestReboot", "ErrorCfgFstab", "InstanceRestarting", "InstanceDiskErrorInquiring"):
        assert lets_through(rules, an_event(type=f"cvm:ErrorEvent:{fault}", status="-"))


def test_what_nobody_asks_for_does_not_come_in() -> None:
    rules = bus_rules(a_config())

    assert not lets_through(rules, an_event(type="cvm:ErrorEvent:GuestOom"))
    assert not lets_through(rules, an_event(source="cos.cloud.tencent"))
    assert not lets_through(bus_rules(a_page({"source": "cos.cloud.tencent"})), an_event())


def test_what_one_rule_lets_through_no_second_one_delivers_again() -> None:
    one, *_ = bus_rules(
        a_page(
            {"type": "cvm:ErrorEvent:GuestReboot", "region": "ap-guangzhou"},
            {"type": "cvm:ErrorEvent:GuestReboot"},
            {"type": "cvm:ErrorEvent:GuestReboot", "status": "1"},
        )
    )

    assert one.serves == ("rule-1", "rule-0", "rule-2", EVIDENCE["reboots"][0])
    assert len(bus_rules(a_page({"source": "cvm.cloud.tencent"}))) == 1


def test_every_fault_comes_in_as_both_spellings_name_it() -> None:
    rules = bus_rules(a_page({"type": [{"suffix": "n"}, {"contain": ["e"]}]}))
    written = json.dumps([one.pattern for one in rules])

    assert '"cvm:ErrorEvent:nvme_error"' in written
    for fault in KNOWN_FAULTS:
        spelled = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", fault).lower()
        assert canonical_fault(spelled) == fault
        assert lets_through(rules, an_event(type=f"cvm:ErrorEvent:{spelled}"))


@pytest.mark.parametrize(
    ("when", "asked", "left"),
    [
        ({"data": {"ip": [{"cidr": "10.0.0.0/8"}]}, "tags": {"a": "b"}}, {}, ("data", "tags")),
        ({"subject": [{"cidr": "10.0.0.0/8"}, "ins-a"]}, {}, ("subject",)),
        ({"subject": [{"anything-but": ["ins-a", {"prefix": "ins-b"}]}]}, {}, ("subject",)),
        ({"subject": [{"anything-but": {"contain": "a"}}]}, {}, ("subject",)),
        (
            {"subject": [{"anything-but": {"prefix": "ins-b"}}]},
            {"subject": [{"anything-but": {"prefix": "ins-b"}}]},
            (),
        ),
        ({"subject": [{"anything-but": ["b", "a"]}, "x"]}, {"subject": ["x", {"anything-but": ["a", "b"]}]}, ()),
        ({"region": "gz"}, {"region": ["ap-guangzhou"]}, ()),
        ({"status": ["1", "-"]}, {"status": ["-", "0", "1"]}, ()),
        ({"status": [{"anything-but": "0"}]}, {}, ("status",)),
    ],
)
def test_what_the_bus_may_read_otherwise_is_left_to_the_worker(
    when: dict[str, Any], asked: dict[str, Any], left: tuple[str, ...]
) -> None:
    rule, *_ = bus_rules(a_page(when))

    assert rule.pattern == {"source": ["cvm.cloud.tencent"], **asked}
    assert rule.left_to_worker == left


def test_names_and_numbers_are_such_that_the_bus_takes_them() -> None:
    long = [Rule(name=name, when={"subject": f"ins-{name[-5:]}"}) for name in (f"{'x' * 55}-a", f"{'x' * 55}-b", "x-")]
    rules = bus_rules(a_config().model_copy(update={"rules": tuple(long)}))

    assert len({one.name for one in rules}) == len(rules)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]", one.name) for one in rules), LONGEST_NAME


def test_more_rules_than_the_bus_holds_become_one_that_lets_them_all_through() -> None:
    many = [{"type": "cvm:ErrorEvent:GuestOom", "subject": f"ins-{number}"} for number in range(MOST_BUS_RULES)]
    (rule,) = bus_rules(a_page(*many))

    assert lets_through((rule,), an_event(type="cvm:ErrorEvent:guest_oom", subject="ins-7", status="0"))
    assert not lets_through((rule,), an_event(type="cvm:ErrorEvent:DiskReadonly"))
    assert lets_through(bus_rules(a_page(*many[1:], {"region": "gz", "status": "1"})), an_event())


# Small alphabets, so that patterns and events often meet.
TYPES = [f"cvm:ErrorEvent:{one}" for one in ("DiskReadonly", "GuestOom", "NvmeError", "disk_readonly", "nvme_error")]
PARTS = ["cvm:", "Disk", "ins-", "a", "b", "1", "ap-", "Readonly", "Error"]


def alternatives(values: list[str]) -> st.SearchStrategy[list[Any]]:
    exact, part = st.sampled_from(values), st.sampled_from(PARTS)
    operator = st.one_of(
        *(part.map(lambda one, name=name: {name: one}) for name in ("prefix", "suffix", "contain")),  # type: ignore[misc]
        st.lists(exact, min_size=1, max_size=2).map(lambda one: {"anything-but": one}),
        part.map(lambda one: {"anything-but": {"prefix": one}}),
        part.map(lambda one: {"anything-but": {"contain": one}}),
    )
    return st.lists(exact, min_size=1, max_size=2) | st.lists(exact | operator, min_size=1, max_size=2)


def is_valid(pattern: dict[str, Any]) -> bool:
    try:
        compile_pattern(pattern)
    except PatternError:
        return False
    return True


PATTERNS = st.fixed_dictionaries(
    {},
    optional={
        "source": alternatives(["cvm.cloud.tencent", "cos.cloud.tencent"]),
        "type": alternatives(TYPES),
        "subject": alternatives(["ins-a", "ins-b"]),
        "region": alternatives(["ap-guangzhou", "gz", "ap-beijing"]),
        "status": alternatives(["0", "1", "-"]),
        "tags": st.just({"a": "b"}),
    },
).filter(is_valid)
EVENTS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(TYPES),
        "subject": st.sampled_from(["ins-a", "ins-b"]),
        "region": st.sampled_from(["ap-guangzhou", "ap-beijing"]),
        "status": st.sampled_from(["0", "1", "-", ""]),
        "tags": st.sampled_from([None, {"a": "b"}]),
    }
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=4), EVENTS)
def test_no_event_that_a_rule_of_the_page_matches_is_kept_out(
    patterns: list[dict[str, Any]], fields: dict[str, Any]
) -> None:
    event = an_event(**fields)
    page = a_page(*patterns)
    alarm = parse_event(event, NOW + timedelta(minutes=1))
    if any(rule.pattern.matches(alarm.event) for rule in page.rules):
        assert lets_through(bus_rules(page), event)


@settings(max_examples=200, deadline=None)
@given(PATTERNS, EVENTS)
def test_no_recovery_of_an_event_that_a_rule_matches_is_kept_out(
    pattern: dict[str, Any], fields: dict[str, Any]
) -> None:
    event = an_event(**{**fields, "status": "1"})
    (rule,) = a_page({**pattern, "status": "1"}).rules
    if rule.pattern.matches(parse_event(event, NOW).event):
        assert lets_through(bus_rules(a_page(rule.when)), {**event, "status": "0"})


@settings(max_examples=100, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=4))
def test_only_documented_operators_reach_the_bus(patterns: list[dict[str, Any]]) -> None:
    for rule in bus_rules(a_page(*patterns)):
        for alternatives in rule.pattern.values():
            assert {name for one in alternatives if isinstance(one, dict) for name in one} <= DOCUMENTED
        assert json.loads(rule.pattern_text) == rule.pattern
