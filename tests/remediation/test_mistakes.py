"""Mistakes on the operator's page: all of them at once, each with the place to which it belongs; and its secrets."""

from __future__ import annotations

import pytest

from remediation.config import read_config
from remediation.errors import ConfigError
from tests.remediation.facts import PAGE, a_config

# what stands on the page → what somebody wrote instead, where the error points, the path, and what it says
MISPLACED = [
    pytest.param(
        "mode: act",
        "mode: act\n    max_age: 5m",
        17,
        5,
        "rules[0].max_age",
        "unknown key `max_age`: it belongs to `guardrails`",
    ),
    pytest.param(
        "mode: act",
        "mode: act\n    timeout: 5m",
        17,
        5,
        "rules[0].timeout",
        "unknown key `timeout`: it belongs to `runbooks.<name>.snapshot`, "
        "`runbooks.<name>.ladder[].reboot`, `runbooks.<name>.ladder[].rollback` or `runbooks.<name>.verify`",
    ),
    pytest.param(
        "mode: act",
        'mode: act\n    status: "1"',
        17,
        5,
        "rules[0].status",
        "unknown key `status`: it belongs to `rules[].when`",
    ),
    pytest.param(
        "  max_age: 30m",
        "  rules: []",
        28,
        3,
        "guardrails.rules",
        "unknown key `rules`: it belongs to the top of the page",
    ),
    pytest.param("max_age: 30m", "max_ag: 30m", 28, 3, "guardrails.max_ag", "unknown key `max_ag` (did you mean"),
    pytest.param(
        "run: snapshot-and-reboot", "run:", 14, 5, "rules[0].run", "`run` is empty: write its value, or leave the key"
    ),
    pytest.param("  max_age: 30m\n  act_within: 1h\n", "", 27, 1, "guardrails", "`guardrails` is empty"),
    pytest.param(
        "mode: act",
        "mode: ${MODE}",
        16,
        5,
        "rules[0].mode",
        "a ${NAME} is taken in an address only (under `to`): write the value out",
    ),
    pytest.param(
        "${ONCALL_WEBHOOK}",
        "https://x.example.com/${ONCALL-KEY}",
        5,
        9,
        "channels.oncall.to[0].webhook",
        "a secret is named ${NAME}, by letters, digits and _; $${ stands for ${ itself",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "line", "column", "path", "message"), MISPLACED)
def test_what_is_in_the_wrong_place_says_where_it_belongs(
    right: str, wrong: str, line: int, column: int, path: str, message: str
) -> None:
    assert right in PAGE
    with pytest.raises(ConfigError) as mistake:
        a_config(PAGE.replace(right, wrong, 1))
    error = mistake.value
    assert (error.line, error.column, error.path, error.others) == (line, column, path, ())
    assert error.message.startswith(message)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_page() -> None:
    page = PAGE.replace("mode: act", "mod: act").replace("[quiet, oncall]", "quiet").replace("locale: zh", "locale: fr")
    page = page.replace("${ONCALL_WEBHOOK}", "${ELSEWHERE}")
    with pytest.raises(ConfigError) as mistake:
        a_config(page)
    told = [mistake.value, *mistake.value.others]
    assert [(one.line, one.path) for one in told] == [
        (3, "channels.oncall.locale"),
        (5, "channels.oncall.to[0].webhook"),
        (16, "rules[0].mod"),
        (19, "rules[1].notify"),
    ]
    assert [line for line in str(mistake.value).splitlines() if line.startswith("medic.yaml:")] == [
        f"medic.yaml:{one.line}:{one.column} {one.path}: {one.message}" for one in told
    ]


def test_all_names_that_are_not_there_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as mistake:
        a_config(PAGE.replace("[quiet, oncall]", "[nobody]").replace("operators: [oncall]", "operators: [noone]"))
    assert [one.path for one in (mistake.value, *mistake.value.others)] == ["rules[1].notify[0]", "operators[0]"]


def test_of_many_mistakes_only_so_many_are_told_that_a_screen_holds_them() -> None:
    with pytest.raises(ConfigError) as mistake:
        a_config(PAGE + "".join(f"key{number}: 1\n" for number in range(50)))
    assert len(mistake.value.others) == 20
    assert mistake.value.others[-1].message == "and 30 more mistakes"


def test_more_rules_than_eventbridge_takes_are_refused() -> None:
    rule = "  - name: r{}\n    when: {{source: cvm.cloud.tencent}}\n"
    rules = "".join(rule.format(number) for number in range(201))
    with pytest.raises(ConfigError, match="rules: takes 200 at most, and has 201"):
        a_config(f"rules:\n{rules}operators: [oncall]\nchannels: {{oncall: {{to: [mail: a@b.example]}}}}\n")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://x.example.com/$${KEY}", "https://x.example.com/${KEY}"),
        ("https://x.example.com/?key=${KEY}&x=${KEY}", "https://x.example.com/?key=k-1&x=k-1"),
        ("https://x.example.com/$KEY", "https://x.example.com/$KEY"),
    ],
)
def test_two_dollars_stand_for_one_and_a_bare_dollar_for_itself(written: str, meant: str) -> None:
    config = read_config(PAGE.replace("${ONCALL_WEBHOOK}", f'"{written}"'), "medic.yaml", {"KEY": "k-1"})
    webhook = config.channels["oncall"].to[0].webhook
    assert webhook is not None
    assert webhook.get_secret_value() == meant


def test_who_only_looks_at_the_rules_needs_no_secrets_and_gets_addresses_that_reach_nobody() -> None:
    page = PAGE.replace("oncall@example.com", "${WHO}").replace("quiet@example.com", "${WHO}@example.com")
    config = read_config(page, "medic.yaml", None)
    addresses = [one for channel in config.channels.values() for one in channel.to]
    webhook = addresses[0].webhook
    assert webhook is not None
    assert webhook.get_secret_value() == "https://ONCALL_WEBHOOK.invalid"
    assert [one.mail for one in addresses] == [None, "WHO@secret.invalid", "WHO@example.com"]
