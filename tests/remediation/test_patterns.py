"""EventBridge's pattern language: what matches, what does not and why, and what is refused before anything runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from remediation.errors import PatternError
from remediation.pattern_keys import KEYS
from remediation.patterns import MAX_DEPTH, compile_pattern
from tests.remediation.facts import an_event

DATA = {
    "name": "taborchen",
    "ip": "10.0.0.123",
    "ip6": "2001:db8::7",
    "empty": "",
    "nothing": None,
    "scope": 100,
    "share": 1.0,
    "yes": True,
    "tags": ["web", "beijing", 7],
    "messages": [{"key": "time", "value": "1s"}, {"key": "IP", "value": {"v4": "10.1.2.3"}}, "loose"],
}


def matches(wanted: object, found: object) -> bool:
    return compile_pattern({"data": {"x": wanted}}).matches({"data": {"x": found}})


def mistake(pattern: object) -> PatternError:
    with pytest.raises(PatternError) as raised:
        compile_pattern(pattern)
    return raised.value


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": "cvm.cloud.tencent", "region": "ap-guangzhou"},  # the seed's two, literally
        {"source": "cvm.cloud.tencent", "subject": ["ins-xxxxxx", "ins-xxxxxx"]},
    ],
)
def test_the_seeds_custom_patterns_match_as_they_are_written(pattern: dict[str, Any]) -> None:
    compiled = compile_pattern(pattern)
    assert compiled.matches(an_event(subject="ins-xxxxxx"))
    assert not compiled.matches(an_event(subject="ins-xxxxxx", source="cos.cloud.tencent"))
    assert not compiled.matches(an_event(subject="ins-xxxxxxx", region="ap-shanghai"))


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["cvm.cloud.tencent"], "type": ["cvm:ErrorEvent:DiskReadonly"], "status": ["1"]},
        {"subject": ["ins-other", "ins-0abc1234"]},
        {"subject": ["ins-other", {"prefix": "ins-0"}]},
        {"data": {"name": "taborchen", "scope": [99, 100]}},
        {"data": {"name": [{"prefix": "ta"}]}},
        {"data": {"name": [{"prefix": "init"}, {"suffix": "chen"}]}},
        {"data": {"name": [{"anything-but": "init"}]}},
        {"data": {"name": [{"anything-but": ["tabor1", "tabor2"]}]}},
        {"data": {"name": [{"anything-but": {"prefix": "init"}}]}},
        {"data": {"name": [{"anything-but": [{"prefix": "init"}, {"suffix": "x"}, "taborchen1"]}]}},
        {"data": {"name": [{"anything-but": {"anything-but": {"prefix": "tabor"}}}]}},
        {"data": {"name": [{"contain": "bor"}]}},
        {"data": {"name": [{"contain": ["chen", "tab"]}]}},
        {"data": {"tags": [{"contain": "web"}]}},
        {"data": {"tags": [{"contain": ["web", 7]}]}},
        {"data": {"tags": [{"contain": {"prefix": "bei"}}]}},
        {"data": {"tags": [{"contain": ["web", {"suffix": "jing"}]}]}},
        {"data": {"tags": [{"anything-but": {"contain": "db"}}]}},
        {"data": {"messages": [{"array": '{"key": "time"}'}]}},
        {"data": {"messages": [{"array": '{"key": "time", "value": [{"suffix": "s"}]}'}]}},
        {"data": {"messages": [{"array": '{"value": {"v4": [{"cidr": "10.0.0.0/8"}]}}'}]}},
        {"data": {"ip": [{"cidr": "10.0.0.0/24"}]}},
        {"data": {"ip6": [{"cidr": "2001:db8::/32"}]}},
        {"data": {"empty": "", "nothing": None, "yes": True, "share": 1.0}},
        {"tags": {"key1": "value1"}},
    ],
)
def test_what_matches(pattern: dict[str, Any]) -> None:
    assert compile_pattern(pattern).first_mismatch(an_event(data=DATA)) is None
    assert compile_pattern(pattern).matches(an_event(data=DATA))


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ({"region": "ap-shanghai"}, 'region is "ap-guangzhou", expected "ap-shanghai"'),
        ({"subject": ["ins-2", "ins-1"]}, 'subject is "ins-0abc1234", expected "ins-1" or "ins-2"'),
        ({"status": "0"}, 'status is "1", expected "0"'),
        ({"data": {"name": "Taborchen"}}, 'data.name is "taborchen", expected "Taborchen"'),
        ({"data": {"scope": "100"}}, 'data.scope is 100, expected "100"'),
        ({"data": {"diskId": "disk-1"}}, "data.diskId is not in the event"),
        ({"data": {"diskId": [{"anything-but": "disk-1"}]}}, "data.diskId is not in the event"),
        ({"resource": None}, "resource is not in the event"),
        ({"data": {"name": {"first": "tabor"}}}, 'data.name is "taborchen", not an object'),
        ({"data": {"tags": "web"}}, 'data.tags is a list of 3, expected "web"'),
        ({"tags": "value1"}, 'tags is an object, expected "value1"'),
        ({"data": {"name": [{"prefix": "abor"}]}}, 'expected a text that begins with "abor"'),
        ({"data": {"name": [{"suffix": "che"}]}}, 'expected a text that ends with "che"'),
        ({"data": {"scope": [{"prefix": "1"}]}}, 'data.scope is 100, expected a text that begins with "1"'),
        ({"data": {"tags": [{"prefix": "web"}]}}, "data.tags is a list of 3, expected a text"),
        ({"data": {"name": [{"anything-but": ["a", "taborchen"]}]}}, 'expected anything but "a" or "taborchen"'),
        ({"data": {"name": [{"anything-but": {"prefix": "tabor"}}]}}, "expected anything but a text that begins"),
        ({"data": {"name": [{"contain": ["tab", "x"]}]}}, 'expected what contains "tab" and "x"'),
        ({"data": {"name": [{"contain": {"prefix": "tab"}}]}}, "expected what contains a text that begins"),
        ({"data": {"name": [{"contain": 7}]}}, "expected what contains 7"),
        ({"data": {"tags": [{"contain": "we"}]}}, 'data.tags is a list of 3, expected what contains "we"'),
        ({"data": {"tags": [{"contain": ["web", "7"]}]}}, 'expected what contains "web" and "7"'),
        (
            {"data": {"messages": [{"array": '{"key": "time", "value": "IP"}'}]}},
            'expected a list with an object in which key is "time" and value is "IP"',
        ),
        ({"data": {"name": [{"array": '{"key": "time"}'}]}}, "expected a list with an object in which"),
        ({"data": {"ip": [{"cidr": "10.0.1.0/24"}]}}, "expected an address in 10.0.1.0/24"),
        ({"data": {"ip6": [{"cidr": "0.0.0.0/0"}]}}, "expected an address in 0.0.0.0/0"),
        ({"data": {"name": [{"cidr": "0.0.0.0/0"}]}}, "expected an address in 0.0.0.0/0"),
        ({"data": {"scope": [{"cidr": "0.0.0.0/0"}]}}, "data.scope is 100, expected an address"),
        ({"data": {"nothing": ""}}, 'data.nothing is null, expected ""'),
        ({"data": {"empty": None}}, 'data.empty is "", expected null'),
        ({"subject": [f"ins-{n}" for n in range(9)]}, '"ins-3" or "ins-4" or one of 4 more'),
    ],
)
def test_the_first_condition_that_failed_is_said_with_the_value_that_is_there(
    pattern: dict[str, Any], why: str
) -> None:
    compiled = compile_pattern(pattern)
    assert not compiled.matches(an_event(data=DATA))
    assert why in str(compiled.first_mismatch(an_event(data=DATA)))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [(True, 1), (1, True), (False, 0), (0, False), (1, "1"), (1, 1.0), (1.0, 1), (None, ""), ("", None), (None, 0)],
)
def test_values_are_compared_with_jsons_types_and_as_they_are_written(wanted: object, found: object) -> None:
    assert not matches(wanted, found)
    assert not matches([wanted], found)
    assert not matches([{"contain": [wanted or 5]}], [found])
    assert matches([{"anything-but": wanted}], found)
    assert matches(found, found)
    assert compile_pattern({"data": {"x": wanted}}) != compile_pattern({"data": {"x": found}})


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("disk_readonly", "cvm:ErrorEvent:DiskReadonly"),
        (["cvm:ErrorEvent:disk_readonly"], "cvm:ErrorEvent:DiskReadonly"),
        (["磁盘只读(cvm:ErrorEvent:DiskReadonly)"], "cvm:ErrorEvent:DiskReadonly"),
        ([{"prefix": "cvm:ErrorEvent:"}], "cvm:ErrorEvent:DiskReadonly"),
        ([{"prefix": "cvm:OperationEvent:"}], "cvm:OperationEvent:InstancePowerOff"),
        ([{"suffix": "Readonly"}], "cvm:ErrorEvent:DiskReadonly"),
        ([{"contain": "Guest"}], "cvm:ErrorEvent:GuestOom"),
        ([{"anything-but": "guest_oom"}], "cvm:ErrorEvent:DiskReadonly"),
    ],
)
def test_a_type_is_compared_in_its_one_spelling_and_a_part_of_one_as_it_is_written(wanted: Any, found: str) -> None:
    assert compile_pattern({"type": wanted}).matches({"type": found})


def test_anything_but_a_type_or_region_in_another_spelling_leaves_it_out() -> None:
    but = compile_pattern({"type": [{"anything-but": ["disk_readonly", "guest_oom"]}]})
    assert not but.matches({"type": "cvm:ErrorEvent:DiskReadonly"})
    assert not compile_pattern({"region": [{"anything-but": "gz"}]}).matches({"region": "ap-guangzhou"})
    assert not compile_pattern({"region": [{"anything-but": {"anything-but": "sh"}}]}).matches({"region": "gz"})


def test_a_field_of_the_data_that_is_named_like_one_of_the_envelope_is_left_alone() -> None:
    fields = {"type": "disk_readonly", "region": "gz", "status": 1}
    assert compile_pattern({"data": fields}).matches({"data": fields})
    in_array = compile_pattern({"resource": [{"array": json.dumps(fields)}]})
    assert in_array.matches({"resource": [fields]})


@pytest.mark.parametrize(
    ("pattern", "path", "message"),
    [
        ("cvm", (), "a pattern is an object with at least one key"),
        ({}, (), "a pattern is an object"),
        ({"data": {}}, ("data",), "a pattern is an object"),
        ({"tpye": "cvm"}, ("tpye",), "did you mean `type`?"),
        ({"colour": "red"}, ("colour",), f"it has {', '.join(KEYS)}"),
        ({"status": 1}, ("status",), 'EventBridge sends status as a string: write "1" with its quotes'),
        ({"status": ["1", 0]}, ("status", 1), 'write "0" with its quotes'),
        ({"status": [{"anything-but": 0}]}, ("status", 0, "anything-but"), 'write "0" with its quotes'),
        ({"status": [{"anything-but": ["1", 0]}]}, ("status", 0, "anything-but", 1), 'write "0" with its quotes'),
        ({"status": None}, ("status",), "EventBridge sends status as a string: write it in quotes"),
        ({"id": 16**5000}, ("id",), "EventBridge sends id as a string: write it in quotes"),
        ({"subject": []}, ("subject",), "an empty list matches nothing"),
        ({"subject": [["ins-1"]]}, ("subject", 0), "a list within a list matches nothing"),
        ({"data": {"day": {1, 2}}}, ("data", "day"), "is not a value of JSON: put it in quotes"),
        ({"data": {"x": [float("nan")]}}, ("data", "x", 0), "is not a value of JSON"),
        ({"subject": {"prefix": "ins-"}}, ("subject", "prefix"), "an operator stands in a list: write [{prefix: …}]"),
        ({"data": {"x": {"anything-but": ["a"]}}}, ("data", "x", "anything-but"), "an operator stands in a list"),
        ({"data": {"x": {"exists": True}}}, ("data", "x", "exists"), "an operator stands in a list"),
        ({"subject": {"id": "ins-"}}, ("subject",), "EventBridge sends subject as a string"),
        ({"subject": [{}]}, ("subject", 0), "an operator is an object with one key"),
        ({"subject": [{"prefix": "a", "suffix": "b"}]}, ("subject", 0), "an operator is an object with one key"),
        ({"subject": ["a", {"contains": "b"}]}, ("subject", 1, "contains"), "did you mean `contain`?"),
        ({"subject": [{"anything_but": "b"}]}, ("subject", 0, "anything_but"), "did you mean `anything-but`?"),
        ({"subject": [{"colour": "b"}]}, ("subject", 0, "colour"), "there is no operator `colour`: there are prefix"),
        *(
            ({"data": {"x": [{name: 1}]}}, ("data", "x", 0, name), f"Tencent documents no operator `{name}` for rules")
            for name in ("exists", "numeric", "wildcard", "equals-ignore-case")
        ),
        *(
            ({"subject": [{name: wrong}]}, ("subject", 0, name), f"`{name}` takes one text")
            for name in ("prefix", "suffix")
            for wrong in (1, None, True, ["a"], {"prefix": "a"})
        ),
        *(
            ({"subject": [{name: ""}]}, ("subject", 0, name), f"an empty `{name}` says nothing")
            for name in ("prefix", "suffix", "contain")
        ),
        ({"data": {"x": [{"contain": []}]}}, ("data", "x", 0, "contain"), "an empty `contain` says nothing"),
        ({"data": {"x": [{"contain": ["a", ""]}]}}, ("data", "x", 0, "contain", 1), "an empty `contain`"),
        ({"subject": [{"contain": 7}]}, ("subject", 0, "contain"), "EventBridge sends subject as a string"),
        ({"subject": [{"contain": {"prefix": "a"}}]}, ("subject", 0, "contain"), "is about a list's elements"),
        ({"data": {"x": [{"contain": [{"prefx": "a"}]}]}}, ("data", "x", 0, "contain", 0, "prefx"), "`prefix`?"),
        ({"subject": [{"anything-but": []}]}, ("subject", 0, "anything-but"), "an empty list matches nothing"),
        ({"subject": [{"anything-but": {"prefx": "a"}}]}, ("subject", 0, "anything-but", "prefx"), "`prefix`?"),
        ({"data": {"x": [{"cidr": "10.0.0.0"}]}}, ("data", "x", 0, "cidr"), "`cidr` takes a range of addresses"),
        ({"data": {"x": [{"cidr": 10}]}}, ("data", "x", 0, "cidr"), "`cidr` takes a range of addresses"),
        ({"data": {"x": [{"cidr": "10.0.0.0/33"}]}}, ("data", "x", 0, "cidr"), "this is no range of addresses"),
        ({"data": {"x": [{"cidr": "10.0.0.5/24"}]}}, ("data", "x", 0, "cidr"), "write 10.0.0.0/24"),
        ({"data": {"x": [{"array": {"a": 1}}]}}, ("data", "x", 0, "array"), "as a JSON text"),
        ({"data": {"x": [{"array": "{"}]}}, ("data", "x", 0, "array"), "the text of `array` is not JSON"),
        ({"data": {"x": [{"array": "[" * 100_000}]}}, ("data", "x", 0, "array"), "the text of `array` is not JSON"),
        ({"data": {"x": [{"array": '{"a": NaN}'}]}}, ("data", "x", 0, "array"), "NaN is not JSON"),
        ({"data": {"x": [{"array": '{"a": 1, "a": 2}'}]}}, ("data", "x", 0, "array"), 'the key "a" is there twice'),
        ({"data": {"x": [{"array": "[]"}]}}, ("data", "x", 0, "array"), "a pattern is an object"),
        (
            {"data": {"x": [{"array": '{"a": {"b": [1, {"prefx": 1}]}}'}]}},
            ("data", "x", 0, "array"),
            "in its JSON text, a.b[1].prefx: there is no operator `prefx`: did you mean `prefix`?",
        ),
        ({"subject": [{"array": '{"a": 1}'}]}, ("subject", 0, "array"), "`array` is about a list"),
        ({"type": "cvm:ErrorEvent:*"}, ("type",), 'a type is written as "cvm:ErrorEvent:DiskReadonly"'),
        ({"type": ["disk_readonly", "a b"]}, ("type", 1), 'a type is written as "cvm:ErrorEvent:DiskReadonly"'),
        ({"type": [{"prefix": "disk_"}]}, ("type", 0, "prefix"), 'in the form "cvm:ErrorEvent:DiskReadonly"'),
        ({"type": [{"prefix": "Disk"}]}, ("type", 0, "prefix"), 'in the form "cvm:ErrorEvent:DiskReadonly"'),
        ({"type": [{"suffix": "_oom"}]}, ("type", 0, "suffix"), 'in the form "cvm:ErrorEvent:GuestOom"'),
        ({"type": [{"contain": "ping_"}]}, ("type", 0, "contain"), 'in the form "cvm:ErrorEvent:PingUnreachable"'),
        ({"type": [{"anything-but": {"prefix": "disk_"}}]}, ("type", 0, "anything-but", "prefix"), "DiskReadonly"),
        ({"region": "mars"}, ("region",), "a region is written as ap-guangzhou"),
        ({"region": ["gz", {"anything-but": "mars"}]}, ("region", 1, "anything-but"), "a region is written as"),
        ({"region": [{"prefix": "AP-"}]}, ("region", 0, "prefix"), "lower case"),
    ],
)
def test_a_mistake_is_said_with_its_place(pattern: object, path: tuple[str | int, ...], message: str) -> None:
    error = mistake(pattern)
    assert error.path == path
    assert message in error.message


def test_a_field_that_is_named_like_an_operator_can_be_asked_for_in_a_list() -> None:
    assert matches({"prefix": ["a"]}, {"prefix": "a"})


def nested(levels: int) -> object:
    pattern: object = 1
    for _ in range(levels):
        pattern = {"x": pattern}
    return {"data": pattern}


def operators_within_one_another(levels: int) -> object:
    operator: object = {"prefix": "a"}
    for _ in range(levels):
        operator = {"anything-but": operator}
    return {"data": {"x": [operator]}}


def arrays_within_one_another(levels: int) -> dict[str, Any]:
    pattern: dict[str, Any] = {"x": 1}
    for _ in range(levels):
        pattern = {"x": [{"array": json.dumps(pattern)}]}
    return {"data": pattern}


def test_a_pattern_is_taken_to_a_depth_that_nobody_needs_and_no_deeper() -> None:
    assert compile_pattern(nested(MAX_DEPTH - 1)).matches(nested(MAX_DEPTH - 1))
    for too_deep in (nested(MAX_DEPTH), nested(5000), operators_within_one_another(5000), arrays_within_one_another(8)):
        assert mistake(too_deep).message.endswith("nested deeper than 20 levels")
    assert compile_pattern(arrays_within_one_another(4)).matches({"data": {"x": [{"x": [{"x": [{"x": [{"x": 1}]}]}]}]}})


def very_deep(levels: int = 100_000) -> object:
    event: object = []
    for _ in range(levels):
        event = [event]
    return {"data": {"x": event, "name": event}}


@pytest.mark.parametrize(
    "event",
    [
        *(None, 7, "data", [], {}, {"data": None}, {1: 2, None: 3}, {"data": {"x": 16**5000}}),
        *({"data": {"x": value}} for value in (float("nan"), float("inf"), "\ud800", "\x1b[31m", "x" * 10**6)),
        pytest.param(very_deep(), id="100,000 lists within one another"),
    ],
)
@pytest.mark.parametrize(
    "wanted",
    [
        1,
        "\ud800 ",
        {"y": 1},
        *(
            [{name: operand}]
            for name, operand in (
                ("prefix", "a"),
                ("suffix", "a"),
                ("contain", ["a", 1, {"contain": "a"}]),
                ("anything-but", {"anything-but": "a"}),
                ("array", '{"x": [{"array": "{\\"x\\": 1}"}]}'),
                ("cidr", "::/0"),
            )
        ),
    ],
)
def test_matching_never_fails_and_its_words_are_short_and_printable(wanted: object, event: object) -> None:
    compiled = compile_pattern({"data": {"x": wanted}})
    words = compiled.first_mismatch(event)
    assert not compiled.matches(event)
    assert words is not None
    assert words.isprintable()
    assert len(words) < 500
