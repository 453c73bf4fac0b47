"""The published schema and the reader agree: an editor underlines what the worker would refuse, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from remediation.channels import KINDS
from remediation.config import Config
from remediation.errors import ConfigError
from remediation.schema import keys_at, page_schema, places_of
from remediation.yaml_marks import load
from tests.remediation.facts import PAGE, a_config
from tests.remediation.test_channels import CHANNEL_MISTAKES
from tests.remediation.test_config import MISTAKES
from tests.remediation.test_mistakes import MISPLACED

ROOT = Path(__file__).parents[2]
SCHEMA = page_schema(Config)
JUDGE = Draft202012Validator(SCHEMA)
PAGES = [ROOT / "medic.yaml", ROOT / "cli" / "demo" / "medic.yaml"]
# What takes more than one look at one value: names, days and hours, spellings of regions, and what lies within `data`.
BEYOND_A_SCHEMA = (
    "no channel is named",
    "no runbook is named",
    "another rule is named",
    "the cloud keeps a snapshot for a day at least",
    "region: a region is written as",
    "2026-01-01 is not a value of JSON",
    "the environment has no",
    "a secret is named ${NAME}",
    "`locale` is there twice",
    "aliases (*name) are not taken",
    "this rule asks, and nobody may answer",
    "each rung is stronger than the one before",
    "a rollback is no first rung",
    "this is a robot that takes nothing from",
    "apprise takes a URL of its own form",
    "no time zone is named",
)


def complaints(text: str) -> list[str]:
    """What an editor with the schema says about a page."""
    return [error.message for error in JUDGE.iter_errors(load(text, "medic.yaml").data)]


def descriptions(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """(key, what is said about it) of every key that the schema knows."""
    if isinstance(node, dict):
        for name, child in node.get("properties", {}).items():
            yield f"{place}.{name}", child.get("description", "")
        for name, child in node.items():
            if name != "if":
                yield from descriptions(child, f"{place}.{name}")
    elif isinstance(node, list):
        for child in node:
            yield from descriptions(child, place)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_key_is_explained() -> None:
    said = dict(descriptions(SCHEMA))
    assert len(said) > 40
    assert [key for key, words in said.items() if not words] == []


def test_nothing_of_the_code_shows_in_the_schema() -> None:
    text = str(SCHEMA)
    assert "sha256" not in text
    assert "'default': None" not in text
    assert "'null'" not in re.sub(r"\{'type': 'null'\}\], 'description': '(reboot|roll)", "", text)
    assert not re.search(r"'default': \d{3,}", text.replace("'default': 200", ""))  # a duration is written as 30m
    assert SCHEMA["$defs"]["Guardrails"]["properties"]["max_age"]["default"] == "30m"


@pytest.mark.parametrize("page", PAGES, ids=[page.parent.name for page in PAGES])
def test_the_pages_that_we_ship_are_right_by_the_schema(page: Path) -> None:
    assert complaints(page.read_text(encoding="utf-8")) == []


def test_every_example_in_the_documents_is_right_by_the_schema() -> None:
    examples = [
        example
        for page in [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]
        for example in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.S)
    ]
    assert examples
    assert [complaints(example) for example in examples] == [[] for _ in examples]


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [(one.values[0], one.values[1], one.values[5]) for one in [*MISTAKES, *MISPLACED, *CHANNEL_MISTAKES]],
)
def test_a_mistake_is_underlined_in_the_editor_too(right: str, wrong: str, message: str) -> None:
    if message.startswith(BEYOND_A_SCHEMA):
        return
    assert complaints(PAGE.replace(right, wrong, 1))


# What stands on the page → what somebody could write instead, and is right.
RIGHT = [
    ("timeout: 4h", "timeout: 90s"),
    ("settle: 2m", "settle: 0"),
    ("settle: 2m", "settle: 0s"),
    ("      - reboot: {stop_type: SOFT, timeout: 5m}", "      - reboot"),
    ("      - reboot: {stop_type: SOFT, timeout: 5m}", "      - reboot:"),
    ('scope: {tag: "medic=on"}', "scope: all"),
    ("mail: oncall@example.com", "mail: a@b.example"),
    ("webhook: ${ONCALL_WEBHOOK}", "dingtalk: ${ONCALL_WEBHOOK}\n        secret: ${ONCALL_WEBHOOK}"),
    ("webhook: ${ONCALL_WEBHOOK}", "wecom: ${ONCALL_WEBHOOK}"),
    ("webhook: ${ONCALL_WEBHOOK}", "apprise: ntfy://host/topic"),
    ("locale: zh", "zone: Europe/Berlin"),
    (
        "snapshot: {disks: all, timeout: 4h, on_failure: hand_over, keep: 14d}",
        "snapshot: none\n    unprotected: allow",
    ),
    ("guardrails:\n  max_age: 30m\n  act_within: 1h\n", ""),
    ('status: "1"', 'status: ["1", "-"], data: {dimensions: {ip: [null, 10.0.0.1]}}, tags: {a: b}, time: 5'),
    ('    run: snapshot-and-reboot\n    scope: {tag: "medic=on"}\n    mode: act\n', ""),
    ("operators: [oncall]", "operators: [oncall, quiet]"),
]


@pytest.mark.parametrize(("before", "after"), RIGHT)
def test_what_is_right_is_right_for_both(before: str, after: str) -> None:
    assert before in PAGE
    page = PAGE.replace(before, after, 1)
    assert complaints(page) == []
    a_config(page)


# The same, and wrong.
WRONG = [
    ("timeout: 4h", "timeout: 4.5h"),
    ("timeout: 4h", "timeout: -4h"),
    ("timeout: 4h", "timeout: 1"),
    ("timeout: 4h", 'timeout: "4h "'),
    ("disks: all", "disks: some"),
    ("max_age: 30m", "max_attempts: 11"),
    ("max_age: 30m", "max_attempts: one"),
    ("watch: 6h", "watch: [6h]"),
    ("watch: 6h", "watch:"),
    ("webhook: ${ONCALL_WEBHOOK}", "webhook: ftp://x.example.com"),
    ("webhook: ${ONCALL_WEBHOOK}", "wecom: ${ONCALL_WEBHOOK}\n        secret: s"),
    ("webhook: ${ONCALL_WEBHOOK}", "webhook: ${ONCALL_WEBHOOK}\n        mail: a@b.example"),
    ("    scope: {tag: \"medic=on\"}\n    mode: act\n", ""),
    ('status: "1"', "status: [1]"),
    ('status: "1"', "status: null"),
    ('{source: cvm.cloud.tencent, type: "cvm:ErrorEvent:DiskReadonly", status: "1"}', "{}"),
    ("ladder:", "ladder: []\n    other:"),
]  # fmt: skip  # a table, one mistake a line


@pytest.mark.parametrize(("before", "after"), WRONG)
def test_what_is_wrong_is_wrong_for_both(before: str, after: str) -> None:
    assert before in PAGE
    page = PAGE.replace(before, after, 1)
    with pytest.raises(ConfigError):
        a_config(page)
    assert complaints(page)


def test_a_place_knows_its_keys() -> None:
    assert keys_at(SCHEMA, ("guardrails",)) >= {"max_age", "act_within"}
    assert keys_at(SCHEMA, ("rules", 0)) == {"name", "when", "notify", "run", "scope", "mode"}
    assert keys_at(SCHEMA, ("rules", 0, "scope")) == {"tag"}
    assert keys_at(SCHEMA, ("channels", "anything", "to", 3)) == {*KINDS, "secret"}
    assert "disks" in keys_at(SCHEMA, ("runbooks", "any", "snapshot"))
    assert keys_at(SCHEMA, ("runbooks", "any", "ladder", 0)) == {"reboot", "rollback"}
    assert keys_at(SCHEMA, ("nowhere", "at", 0)) == set()


def test_a_key_knows_its_places() -> None:
    assert places_of(SCHEMA, "max_age") == ["guardrails"]
    assert places_of(SCHEMA, "operators") == [""]
    assert places_of(SCHEMA, "webhook") == ["channels.<name>.to[]"]
    assert places_of(SCHEMA, "nothing") == []
