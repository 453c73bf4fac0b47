"""The documents name what there is: settings, keys, commands, links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from remediation.config import Config, read_config
from remediation.contract import PUBLISHED_RATES, RATES
from remediation.durations import write_duration
from remediation.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_settings_page_has_exactly_the_settings_with_their_defaults() -> None:
    rows = dict(re.findall(r"^\| `(MEDIC_\w+)` \| (?:`([^`]*)`)? ?\|", text("docs/reference/settings.md"), re.M))

    assert set(rows) == {f"MEDIC_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        shown = rows[f"MEDIC_{name.upper()}"]
        assert shown in ("" if field.default is None else str(field.default), _duration(field.default))


def _duration(value: object) -> str:
    return write_duration(value) if isinstance(value, int) else ""


def test_every_key_of_the_page_is_explained_and_its_example_is_a_valid_page() -> None:
    page = text("docs/reference/medic-yaml.md")
    schema = Config.model_json_schema()
    keys = {key for one in [schema, *schema["$defs"].values()] for key in one.get("properties", {})}
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.S)

    assert {key for key in keys - {"sha256"} if key not in page} == set()
    read_config(example, "example", {"ONCALL_WEBHOOK": "https://chat.example.com/robot"})


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_command_that_is_shown_exists_with_its_options(page: Path) -> None:
    shown = re.findall(r"^(?:\w+=\S+ )*medic (\w+)((?: +[^\s#`]+)*)", page.read_text(encoding="utf-8"), re.M)
    for command, words in shown:
        told = CliRunner().invoke(cli.app, [command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
        assert told.exit_code == 0, command
        for option in re.findall(r"--[a-z-]+", words):
            assert option in told.stdout, f"medic {command} has no {option}"


def test_the_rates_page_says_what_the_queues_are_limited_to() -> None:
    page = text("docs/reference/rates.md")

    for queue, rate in RATES.items():
        assert f"| `medic{queue.value}` | {rate:g} |" in page
    for action, published in PUBLISHED_RATES.items():
        assert f"| {action} | {published} |" in page
