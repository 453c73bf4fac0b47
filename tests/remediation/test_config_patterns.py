"""Event patterns on the operator's page: compiled when it is read, and every mistake told with its place."""

from __future__ import annotations

import copy

import pytest

from remediation.config import Rule
from remediation.errors import ConfigError
from tests.remediation.facts import PAGE, a_config, an_alarm


def test_a_pattern_is_compiled_to_the_spelling_to_which_events_are_normalised_and_kept_as_it_was_written() -> None:
    page = PAGE.replace('"cvm:ErrorEvent:DiskReadonly", status', "disk_readonly, region: [gz, ap-shanghai], status")
    rule = a_config(page).rules[0]
    assert rule.pattern.matches(an_alarm().event)
    assert rule.pattern.matches(an_alarm(type="disk_readonly", region="sh").event)
    assert not rule.pattern.matches(an_alarm(region="bj").event)
    assert rule.when["type"] == "disk_readonly"


def test_a_compiled_pattern_is_in_no_dump_and_compares_as_what_was_written() -> None:
    config = a_config()
    assert config == a_config()
    assert config.rules[0] != a_config(PAGE.replace('status: "1"', 'status: "0"')).rules[0]
    assert set(config.rules[0].model_dump()) == set(Rule.model_fields)
    again = Rule.model_validate_json(config.rules[0].model_dump_json())
    assert (again, again.pattern) == (config.rules[0], config.rules[0].pattern)
    assert copy.deepcopy(config) == config.model_copy() == config


# what stands on the page → what somebody wrote instead, where the error points, the path, and what it says
MISTAKES = [
    pytest.param(
        'status: "1"',
        "status: 1",
        12,
        76,
        "rules[0].when.status",
        'EventBridge sends status as a string: write "1" with its quotes',
    ),
    pytest.param(
        "when: {source",
        "when: {sauce",
        12,
        12,
        "rules[0].when.sauce",
        "an event has no `sauce`: did you mean `source`?",
    ),
    pytest.param('status: "1"', "subject: []", 12, 76, "rules[0].when.subject", "an empty list matches nothing"),
    pytest.param(
        'status: "1"',
        "data: {day: 2026-01-01}",
        12,
        83,
        "rules[0].when.data.day",
        "2026-01-01 is not a value of JSON: put it in quotes",
    ),
    pytest.param('status: "1"', "region: mars", 12, 76, "rules[0].when.region", "a region is written as ap-guangzhou"),
    pytest.param(
        'status: "1"',
        "subject: [ins-1, {contains: ins}]",
        12,
        94,
        "rules[0].when.subject[1].contains",
        "there is no operator `contains`: did you mean `contain`?",
    ),
    pytest.param(
        'status: "1"',
        "data: {x: [1, {exists: true}]}",
        12,
        91,
        "rules[0].when.data.x[1].exists",
        "Tencent documents no operator `exists` for rules",
    ),
    pytest.param(
        'status: "1"',
        'status: ["1",\n      {anything-but: [0]}]',
        13,
        23,
        "rules[0].when.status[1].anything-but[0]",
        'EventBridge sends status as a string: write "0" with its quotes',
    ),
    pytest.param(
        'status: "1"',
        """data: {x: [{array: '{"a": [{"prefx": 1}]}'}]}""",
        12,
        88,
        "rules[0].when.data.x[0].array",
        "in its JSON text, a[0].prefx: there is no operator `prefx`: did you mean `prefix`?",
    ),
    pytest.param(
        'status: "1"',
        "data: {x: [{cidr: 10.0.0.0/64}]}",
        12,
        88,
        "rules[0].when.data.x[0].cidr",
        "this is no range of addresses",
    ),
    pytest.param('status: "1"', "data: {x.y: []}", 12, 83, "rules[0].when.data.x.y", "an empty list matches nothing"),
]


@pytest.mark.parametrize(("right", "wrong", "line", "column", "path", "message"), MISTAKES)
def test_a_mistake_in_a_pattern_is_told_with_line_and_column_also_within_lists(
    right: str, wrong: str, line: int, column: int, path: str, message: str
) -> None:
    page = PAGE.replace(right, wrong, 1)
    with pytest.raises(ConfigError) as mistake:
        a_config(page)
    error = mistake.value
    assert (error.file, error.line, error.column, error.path) == ("medic.yaml", line, column, path)
    assert error.message.startswith(message)
    assert error.source == page.splitlines()[line - 1]
