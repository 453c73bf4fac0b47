"""The operator's page: what is right is taken, and each mistake is told with its place and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.config import Config, TagScope, read_config
from remediation.errors import ConfigError
from remediation.runbooks import Mode
from tests.remediation.facts import ENVIRONMENT, PAGE, SECRET, a_config

ROOT = Path(__file__).parents[2]


def test_the_page_says_what_it_says() -> None:
    config = a_config()
    rule, everything = config.rules
    assert (rule.name, rule.notify, rule.run, rule.mode) == (
        "disk-read-only",
        ("oncall",),
        "snapshot-and-reboot",
        Mode.ACT,
    )
    assert (everything.run, everything.scope, everything.mode) == (None, None, None)
    runbook = config.runbooks["snapshot-and-reboot"]
    assert runbook.snapshot is not None
    assert (runbook.snapshot.timeout, runbook.snapshot.keep) == (4 * 3600, 14 * 86400)
    [rung] = runbook.ladder
    assert rung.reboot is not None
    assert (rung.reboot.timeout, runbook.verify.settle, runbook.verify.timeout, runbook.watch) == (
        300,
        120,
        600,
        21600,
    )
    assert (config.guardrails.max_age, config.guardrails.act_within) == (1800, 3600)
    assert (config.guardrails.max_attempts, config.guardrails.max_per_day) == (1, 1)


def test_a_secret_is_named_on_the_page_and_looked_up_in_the_environment() -> None:
    address = a_config().channels["oncall"].to[0]
    assert address.webhook is not None
    assert address.webhook.get_secret_value() == SECRET
    assert [one.kind for one in a_config().channels["oncall"].to] == ["webhook", "mail"]


def test_a_secret_never_shows_in_the_configurations_text() -> None:
    config = read_config(PAGE.replace("oncall@example.com", "${WHO}"), "f", {**ENVIRONMENT, "WHO": "night-shift@x.org"})
    shown = f"{config} {config!r} {config.channels!r} {config.model_dump_json()}"
    assert "hunter2" not in shown
    assert "night-shift" not in f"{config} {config!r}"


def test_the_hash_is_of_the_page_and_not_of_its_secrets() -> None:
    other = read_config(PAGE, "elsewhere.yaml", {"ONCALL_WEBHOOK": "https://example.com"})
    assert other.sha256 == a_config().sha256
    assert len(other.sha256) == 12
    assert a_config(PAGE + "# a comment\n").sha256 != other.sha256


# what stands on the page → what somebody wrote instead, where the error points, the path, and what it says
MISTAKES = [
    pytest.param("    locale: zh", "    locale: fr", 3, 5, "channels.oncall.locale", "write 'zh' or 'en'"),
    pytest.param(
        "    locale: zh", "    local: zh", 3, 5, "channels.oncall.local", "unknown key `local` (did you mean `locale`?)"
    ),
    pytest.param("    locale: zh", "    colour: zh", 3, 5, "channels.oncall.colour", "unknown key `colour`"),
    pytest.param(
        "    locale: zh", "    locale: zh\n    locale: en", 4, 5, "channels.oncall.locale", "`locale` is there twice"
    ),
    pytest.param(
        "${ONCALL_WEBHOOK}",
        "${ONCALL_HOOK}",
        5,
        9,
        "channels.oncall.to[0].webhook",
        "the environment has no ONCALL_HOOK: export ONCALL_HOOK=",
    ),
    pytest.param(
        "${ONCALL_WEBHOOK}",
        "$ONCALL_WEBHOOK",
        5,
        9,
        "channels.oncall.to[0]",
        "`webhook` is a URL that begins with https://",
    ),
    pytest.param(
        "webhook: ${ONCALL_WEBHOOK}",
        "{}",
        5,
        9,
        "channels.oncall.to[0]",
        "an address is exactly one of webhook, mail, wecom, feishu, dingtalk, apprise",
    ),
    pytest.param(
        "mail: oncall@example.com", "mail: oncall", 6, 9, "channels.oncall.to[1].mail", "an address is written as"
    ),
    pytest.param(
        "name: disk-read-only", "name: Disk read only", 11, 5, "rules[0].name", "a name is lower case, digits and"
    ),
    pytest.param(
        "name: disk-read-only", "nam: disk-read-only", 11, 5, "rules[0].nam", "unknown key `nam` (did you mean `name`?)"
    ),
    pytest.param(
        "name: everything",
        "name: disk-read-only",
        17,
        5,
        "rules[1].name",
        "another rule is named `disk-read-only` already",
    ),
    pytest.param(
        "notify: [oncall]", "notify: oncall", 13, 5, "rules[0].notify", "expected a list, as in [one, another]"
    ),
    pytest.param(
        "notify: [quiet, oncall]",
        "notify: [quiet, onkall]",
        19,
        21,
        "rules[1].notify[1]",
        "no channel is named `onkall` (did you mean `oncall`?)",
    ),
    pytest.param(
        "run: snapshot-and-reboot",
        "run: snapshot-and-rebot",
        14,
        5,
        "rules[0].run",
        "no runbook is named `snapshot-and-rebot` (did you mean `snapshot-and-reboot`?)",
    ),
    pytest.param('    scope: {tag: "medic=on"}\n', "", 11, 5, "rules[0]", "a rule with `run` needs `scope`"),
    pytest.param("    mode: act\n", "", 11, 5, "rules[0]", "a rule with `run` needs `mode`"),
    pytest.param("    run: snapshot-and-reboot\n", "", 11, 5, "rules[0]", "`scope` and `mode` belong to a `run`"),
    pytest.param("mode: act", "mode: ask", 14, 5, "rules[0].run", "this rule asks, and nobody may answer"),
    pytest.param("mode: act", "mode: on", 16, 5, "rules[0].mode", "write 'observe', 'ask' or 'act'"),
    pytest.param(
        'scope: {tag: "medic=on"}',
        "scope: medic=on",
        15,
        5,
        "rules[0].scope",
        'a scope is {tag: "key=value"}, or `all` in so many words',
    ),
    pytest.param(
        'scope: {tag: "medic=on"}',
        "scope: {tags: medic=on}",
        15,
        13,
        "rules[0].scope.tags",
        "unknown key `tags` (did you mean `tag`?)",
    ),
    pytest.param(
        'scope: {tag: "medic=on"}', "scope: {tag: medic}", 15, 13, "rules[0].scope.tag", "a tag is written as key=value"
    ),
    pytest.param(
        "timeout: 4h",
        "timeout: 4",
        22,
        28,
        "runbooks.snapshot-and-reboot.snapshot.timeout",
        "4 has no unit: write 4s, 4m, 4h or 4d",
    ),
    pytest.param(
        "timeout: 4h",
        "timeout: 4 hours",
        22,
        28,
        "runbooks.snapshot-and-reboot.snapshot.timeout",
        "'4 hours' is not a duration: write a whole number and a unit",
    ),
    pytest.param(
        "keep: 14d",
        "keep: 12h",
        22,
        64,
        "runbooks.snapshot-and-reboot.snapshot.keep",
        "the cloud keeps a snapshot for a day at least",
    ),
    pytest.param("keep: 14d", "ask_after: 20m", 14, 5, "rules[0].run", "this rule asks, and nobody may answer"),
    pytest.param(
        "on_failure: hand_over",
        "on_failure: reboot",
        22,
        41,
        "runbooks.snapshot-and-reboot.snapshot.on_failure",
        "write 'hand_over' or 'ask'",
    ),
    pytest.param(
        "snapshot: {disks: all, timeout: 4h, on_failure: hand_over, keep: 14d}",
        "snapshot: none",
        21,
        3,
        "runbooks.snapshot-and-reboot",
        "a ladder without a snapshot needs `unprotected: allow`",
    ),
    pytest.param(
        "snapshot: {disks: all, timeout: 4h, on_failure: hand_over, keep: 14d}",
        "snapshot:\n    unprotected: allow",
        22,
        5,
        "runbooks.snapshot-and-reboot.snapshot",
        "write `snapshot: none` if no snapshot is meant",
    ),
    pytest.param(
        "    snapshot: {disks: all, timeout: 4h, on_failure: hand_over, keep: 14d}\n",
        "",
        21,
        3,
        "runbooks.snapshot-and-reboot.snapshot",
        "`snapshot` is missing",
    ),
    pytest.param(
        "stop_type: SOFT",
        "stop_type: GENTLE",
        24,
        18,
        "runbooks.snapshot-and-reboot.ladder[0].reboot.stop_type",
        "write 'SOFT', 'SOFT_FIRST' or 'HARD'",
    ),
    pytest.param(
        "- reboot: {stop_type: SOFT, timeout: 5m}",
        "- rollback: {}",
        23,
        5,
        "runbooks.snapshot-and-reboot.ladder",
        "a rollback is no first rung",
    ),
    pytest.param(
        "- reboot: {stop_type: SOFT, timeout: 5m}",
        "- reboot\n      - reboot",
        23,
        5,
        "runbooks.snapshot-and-reboot.ladder",
        "each rung is stronger than the one before",
    ),
    pytest.param(
        "max_age: 30m",
        "max_acting: 0",
        28,
        3,
        "guardrails.max_acting",
        "is 1 at least",
    ),
    pytest.param(
        "max_age: 30m",
        "max_attempts: -1",
        28,
        3,
        "guardrails.max_attempts",
        "is 0 at least",
    ),
    pytest.param("operators: [oncall]", "operators: []", 30, 1, "operators", "takes 1 at least"),
    pytest.param("operators: [oncall]", "operators: [nobody]", 30, 13, "operators[0]", "no channel is named `nobody`"),
    pytest.param("operators: [oncall]\n", "", 1, 1, "operators", "`operators` is missing"),
    pytest.param("operators: [oncall]", "operators: [oncall]\nsha256: abc", 31, 1, "sha256", "unknown key `sha256`"),
    pytest.param(
        "operators: [oncall]",
        "operators: [oncall]\nrulse: []",
        31,
        1,
        "rulse",
        "unknown key `rulse` (did you mean `rules`?)",
    ),
    pytest.param("operators: [oncall]", "operators: &a [oncall]\nrest: *a", 31, 7, "", "aliases (*name) are not taken"),
]


@pytest.mark.parametrize(("right", "wrong", "line", "column", "path", "message"), MISTAKES)
def test_a_mistake_is_told_with_line_column_and_a_way_out(
    right: str, wrong: str, line: int, column: int, path: str, message: str
) -> None:
    assert right in PAGE
    with pytest.raises(ConfigError) as mistake:
        a_config(PAGE.replace(right, wrong, 1))
    error = mistake.value
    assert (error.file, error.line, error.column, error.path) == ("medic.yaml", line, column, path)
    assert error.message.startswith(message)
    assert error.others == ()
    assert error.source == PAGE.replace(right, wrong, 1).splitlines()[line - 1]


def test_a_name_that_begins_with_a_capital_is_no_reason_to_point_elsewhere() -> None:
    page = PAGE.replace("oncall:", "TagScope-Oncall:").replace("[oncall]", "[TagScope-Oncall]").replace("zh", "fr")
    with pytest.raises(ConfigError) as mistake:
        a_config(page)
    assert (mistake.value.line, mistake.value.path) == (3, "channels.TagScope-Oncall.locale")


@pytest.mark.parametrize("text", ["", "[]", "just words", "7", "- a"])
def test_what_is_no_page_at_all_says_what_is_expected(text: str) -> None:
    with pytest.raises(ConfigError, match=r"medic\.yaml:1:1 "):
        a_config(text)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("notify: [oncall]", 'notify: ["${ONCALL_WEBHOOK}"]'),
        ("operators: [oncall]", 'operators: ["${ONCALL_WEBHOOK}"]'),
        ("run: snapshot-and-reboot", "run: ${ONCALL_WEBHOOK}"),
        ("timeout: 4h", 'timeout: "${ONCALL_WEBHOOK}"'),
        ('status: "1"', 'region: "${ONCALL_WEBHOOK}"'),
        ('status: "1"', 'region: [{prefix: "${ONCALL_WEBHOOK}"}]'),
        ('status: "1"', 'data: {x: [{cidr: "${ONCALL_WEBHOOK}/8"}]}'),
        ('status: "1"', 'data: {x: [{array: "${ONCALL_WEBHOOK}"}]}'),
        ("name: disk-read-only", "name: ${ONCALL_WEBHOOK}"),
        ("mail: oncall@example.com", "mail: ${ONCALL_WEBHOOK}"),
        ("locale: zh", "locale: ${ONCALL_WEBHOOK}"),
        ("disks: all", 'disks: "${ONCALL_WEBHOOK}"'),
        ("mode: act", "mode: ${ONCALL_WEBHOOK}"),
    ],
)
def test_a_secret_in_the_wrong_place_shows_in_no_error(right: str, wrong: str) -> None:
    assert right in PAGE
    with pytest.raises(ConfigError) as mistake:
        a_config(PAGE.replace(right, wrong, 1))
    assert "hunter2" not in f"{mistake.value} {mistake.value!r} {mistake.value.args}"


def test_a_variable_in_a_comment_need_not_be_set() -> None:
    with pytest.raises(ConfigError, match="unknown key `more`"):
        a_config("# set ${SOMETHING} first\n" + PAGE + "more: 1\n")


def test_a_config_error_can_be_kept_in_a_set() -> None:
    assert len({ConfigError("a"), ConfigError("a")}) == 2


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, len(PAGE)),
    st.integers(0, 30),
    st.text(alphabet="ab:-[]{}&*!?|>'\"#%@`,01.=~<\n $", max_size=8),
)
def test_reading_a_damaged_page_only_ever_raises_a_config_error(at: int, cut: int, put: str) -> None:
    try:
        config = a_config(PAGE[:at] + put + PAGE[at + cut :])
    except ConfigError as error:
        assert str(error).startswith("medic.yaml")  # every other exception fails the test
        assert "hunter2" not in str(error)
    else:
        assert isinstance(config, Config)


@pytest.mark.parametrize(
    ("tag", "has"),
    [
        ("medic=on", True),
        ("medic=off", False),
        ("medic=", False),
        ("team=", True),
        ("Medic=on", False),
        ("x=on", False),
    ],
)
def test_a_tag_is_a_key_and_a_value(tag: str, has: bool) -> None:
    assert TagScope(tag=tag).holds({"medic": "on", "team": ""}) == has
