"""The documents name what there is: settings, keys, commands, links, files, tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import cli
from remediation.channels import KINDS
from remediation.config import Config, read_config
from remediation.contract import SearchAttribute
from remediation.decisions import Kind
from remediation.durations import write_duration
from remediation.errors import PatternError
from remediation.patterns import compile_pattern
from remediation.rates import CALLS, PUBLISHED_RATES, RATES
from remediation.report import Outcome
from remediation.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("README*.md")), ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
ENVIRONMENT = {"ONCALL_WEBHOOK": "https://chat.example.com/robot"}
IN_CHINESE = [page for page in PAGES if page.name.endswith(".zh-CN.md")]
each_page = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(name: str) -> dict[str, list[str]]:
    """The rows of all tables of a page, by what stands in backticks in their first cell."""
    table: dict[str, list[str]] = {}
    for line in text(name).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" |")]
        if line.startswith("| `"):
            table.update(dict.fromkeys(re.findall(r"`([^`]+)`", cells[0]), cells[1:]))
    return table


def the_commands() -> dict[str, Any]:
    return dict(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]  # a group has commands


def options_of(command: Any) -> set[str]:
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts) if name.startswith("-")}


def commands_on(page: str) -> Iterator[tuple[str, str]]:
    """(command, the rest of the line) for each `medic …` in a code span or at the start of a line of code."""
    yield from re.findall(r"^(?:\w+=\S+ +)*medic ([a-z]+)\b([^#\n]*)", page, re.M)
    yield from re.findall(r"(?<!`)`(?:\w+=\S+ +)*medic ([a-z]+)\b([^`]*)`", page)


@each_page
def test_every_relative_link_and_image_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@each_page
def test_every_file_and_every_test_that_is_named_is_there(page: Path) -> None:
    words = re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))
    files = {word for word in words if re.fullmatch(r"[\w-]+(/[\w.-]+)+\.(py|md|yaml|txt)", word)}
    tests = {word for word in words if re.fullmatch(r"test_\w+", word)}
    written = "\n".join(one.read_text(encoding="utf-8") for one in (ROOT / "tests").rglob("test_*.py"))

    assert {file for file in files if not (ROOT / file).exists()} == set()
    assert {test for test in tests if f"def {test}(" not in written} == set()


@each_page
def test_every_command_that_is_shown_exists_with_its_options(page: Path) -> None:
    known = the_commands()
    for name, rest in commands_on(page.read_text(encoding="utf-8")):
        assert name in known, f"there is no medic {name}"
        unknown = set(re.findall(r"(?<=\s)--[a-z-]+", rest)) - options_of(known[name])
        assert unknown == set(), f"medic {name} has none of these"


def test_commands_are_found_in_lines_and_in_spans() -> None:
    page = "MEDIC_CONFIG=copy.yaml medic worker\n\nWrite `medic runs --open`, or `medic show ID` in `medic.yaml`.\n"

    assert list(commands_on(page)) == [("worker", ""), ("runs", " --open"), ("show", " ID")]


def test_the_page_of_commands_names_every_command_and_every_option() -> None:
    page = text("docs/reference/cli.md")
    for name, command in the_commands().items():
        assert f"| `medic {name}" in page
        missing = {
            option for option in options_of(command) - {"--help"} if option.startswith("--") and option not in page
        }
        assert missing == set(), f"options of medic {name}"


def test_the_settings_page_has_exactly_the_settings_with_their_defaults() -> None:
    page = {key: cells for key, cells in rows("docs/reference/settings.md").items() if key.startswith("MEDIC_")}

    assert set(page) == {f"MEDIC_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        shown = page[f"MEDIC_{name.upper()}"][0].strip("`")
        assert shown in ("" if field.default is None else str(field.default), _duration(field.default)), name


def _duration(value: object) -> str:
    return write_duration(value) if isinstance(value, int) else ""


def test_every_medic_variable_that_is_named_anywhere_is_a_setting() -> None:
    known = {f"MEDIC_{name.upper()}" for name in Settings.model_fields}
    named = {name for page in PAGES for name in re.findall(r"MEDIC_[A-Z]\w+", page.read_text(encoding="utf-8"))}

    assert named - known == set()


def test_the_page_about_medic_yaml_names_every_key_of_the_schema() -> None:
    page = " ".join(rows("docs/reference/medic-yaml.md"))
    schema = Config.model_json_schema()
    keys = {key for one in [schema, *schema["$defs"].values()] for key in one.get("properties", {})}
    explained = {"tag", "secret", *KINDS}  # each within the row of the key that holds it

    assert {key for key in keys - explained - {"sha256"} if not re.search(rf"\b{key}\b", page)} == set()
    assert {key for key in explained if f"{key}: " not in text("docs/reference/medic-yaml.md")} == set()


def test_every_example_of_a_whole_page_is_one_that_the_worker_takes() -> None:
    examples = [
        (page, one) for page in PAGES for one in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.S)
    ]

    assert examples
    for page, example in examples:
        read_config(example, str(page.relative_to(ROOT)), ENVIRONMENT)
    read_config(text("medic.yaml"), "medic.yaml", ENVIRONMENT)


def test_what_happens_tells_every_decision_and_every_outcome() -> None:
    table = rows("docs/explanation/what-happens.md")

    assert {kind.value for kind in Kind} | {outcome.value for outcome in Outcome} <= set(table)


def test_the_page_about_the_ui_names_every_search_attribute() -> None:
    page = text("docs/reference/temporal-ui.md")

    assert [one.value for one in SearchAttribute if f"`{one.value}`" not in page] == []


def test_the_rates_page_says_what_the_queues_are_limited_to() -> None:
    page = text("docs/reference/rates.md")

    for queue, rate in RATES.items():
        assert f"| `medic{queue.value}` | {rate:g} |" in page
    for action, published in PUBLISHED_RATES.items():
        ours = sum(rate * CALLS[queue].get(action, 0) for queue, rate in RATES.items())
        assert f"| {action} | {published} | {ours:g} |" in page


PATTERNS_PAGE = "docs/reference/event-patterns.md"


def pattern_rows(header: str) -> list[list[list[str]]]:
    """The code spans of each cell, for each row of that page's table with this header."""
    table = text(PATTERNS_PAGE).partition(header)[2].partition("\n\n")[0].strip().splitlines()[1:]
    spans = re.compile(r"(`+)(.+?)\1(?!`)")
    return [[[span.strip() for _, span in spans.findall(cell)] for cell in line.split(" | ")] for line in table]


def test_the_page_about_patterns_shows_what_each_operator_matches() -> None:
    rows = pattern_rows("| pattern at the field | matches | does not match |")
    shown = set()
    for (pattern,), matching, others in rows:
        shown |= set(re.findall(r'\{"([a-z-]+)": ', pattern))
        compiled = compile_pattern({"data": {"x": json.loads(pattern)}})
        values = [(one, json.loads(one), True) for one in matching] + [(one, json.loads(one), False) for one in others]
        for written, value, expected in values:
            assert compiled.matches({"data": {"x": value}}) is expected, f"{pattern} and {written}"
    assert {"prefix", "suffix", "anything-but", "contain", "array", "cidr"} <= shown
    assert len(rows) >= 16


def test_the_page_about_patterns_shows_what_is_refused() -> None:
    rows = pattern_rows("| pattern | what it says |")
    assert len(rows) >= 14
    for (pattern,), (message,) in rows:
        with pytest.raises(PatternError, match=re.escape(message)):
            compile_pattern(json.loads(pattern))


def outline(page: str) -> dict[str, Any]:
    """What both languages have alike: headings, rows, steps, links, and code without what is said beside it."""
    blocks = re.findall(r"^ *```.*?^ *```", page, re.M | re.S)
    prose = re.sub(r"^ *```.*?^ *```", "", page, flags=re.M | re.S)
    links = re.findall(r"\]\(([^)#]+)", prose)
    return {
        "headings": re.findall(r"^#+ ", prose, re.M),
        "rows": [line.count(" |") for line in prose.splitlines() if line.startswith("|")],
        "code": [re.sub(r"(?<=\S)(?: {2,}| # )\S.*", "", block) for block in blocks],
        "links": sorted(link.replace(".zh-CN.md", ".md") for link in links),
        "steps": len(re.findall(r"^ *(?:\d+\.|-) ", prose, re.M)),
    }


@pytest.mark.parametrize("page", IN_CHINESE, ids=[str(page.relative_to(ROOT)) for page in IN_CHINESE])
def test_a_page_in_chinese_has_the_headings_the_code_and_the_links_of_the_english_one(page: Path) -> None:
    english = page.with_name(page.name.replace(".zh-CN.md", ".md")).read_text(encoding="utf-8")
    chinese = page.read_text(encoding="utf-8")

    assert outline(chinese) == outline(english)


def test_the_pages_that_are_read_first_are_there_in_chinese_and_lead_to_one_another() -> None:
    names = {str(page.relative_to(ROOT)).replace(".zh-CN.md", "") for page in IN_CHINESE}
    assert {"README", "docs/tutorial", "docs/how-to/install-by-console", "docs/how-to/install-with-terraform"} <= names
    for page in IN_CHINESE:
        links = re.findall(r"\]\(([^)#]+\.md)", page.read_text(encoding="utf-8"))
        translated = [link for link in links if (page.parent / link.replace(".md", ".zh-CN.md")).exists()]
        assert translated == (["README.md"] if page.name == "README.zh-CN.md" else []), page.name


POLICIES = ROOT / "deploy" / "terraform" / "policies"


def granted(policy: str) -> set[str]:
    statements = json.loads((POLICIES / f"{policy}.json").read_text(encoding="utf-8"))["statement"]
    return {action.removeprefix("name/") for one in statements for action in one["action"]}


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs/how-to").glob("install-with-terraform*.md")), ids=lambda it: it.name
)
def test_the_pages_about_terraform_name_each_policys_actions_and_each_variable(page: Path) -> None:
    table = rows(str(page.relative_to(ROOT)))
    policies = {file.stem for file in POLICIES.glob("*.json")} - {"trust-door"}

    for policy in policies:
        assert set(re.findall(r"`(\w+:\w+)`", table[policy][0])) == granted(policy)
    declared = set(re.findall(r'^variable "(\w+)"', text("deploy/terraform/variables.tf"), re.M))
    assert set(table) - policies <= declared


def test_the_settings_page_names_the_actions_that_the_main_job_needs() -> None:
    sentence = text("docs/reference/settings.md").partition("needs these CAM actions:")[2].partition(". ")[0]

    assert set(re.findall(r"`(\w+:\w+)`", sentence)) == granted("read") | granted("snapshot-and-reboot")
