"""backtest as a process: recorded events in, what the page would have done out."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.consoles import Ended, medic
from tests.remediation.facts import NOW, PAGE, an_event

BEGAN = NOW - timedelta(days=300)


def at(minute: float, **fields: Any) -> dict[str, Any]:
    return an_event(id=f"e-{minute}", time=int((BEGAN + timedelta(minutes=minute)).timestamp() * 1000), **fields)


EVENTS: list[Any] = [
    at(0),
    at(1, subject="ins-other"),
    {"Response": {"Results": [{"Timestamp": "soon", "Message": json.dumps(at(2, type="cvm:ErrorEvent:GuestOom"))}]}},
    at(3, status="9"),
    {"EventList": [at(30, type="cvm:ErrorEvent:GuestReboot"), at(29, status="0")]},
]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "medic.yaml"
    file.write_text(PAGE.replace("mode: act", "mode: observe").replace("max_age", "max_acting: 1\n  max_age"))
    return file


def rewritten(page: Path, old: str, new: str) -> Path:
    other = page.with_name("other.yaml")
    other.write_text(page.read_text().replace(old, new))
    return other


async def backtested(page: Path, *more: str, lines: str = "") -> Ended:
    text = lines or "".join(json.dumps(one) + "\n" for one in EVENTS)
    return await medic("backtest", "-", "--config", str(page), *more, stdin=text, env={"TZ": "UTC"})


async def test_a_recording_is_summed_up_in_words(page: Path) -> None:
    told = await backtested(page, lines="".join(json.dumps(one) + "\n" for one in EVENTS) + "{\n")
    assert told.code == 0, told.err
    assert told.out.splitlines() == [
        "5 events, 2026-01-27 06:00:00+00:00 to 2026-01-27 06:30:00+00:00",
        "2 events could not be read:",
        '  line 4: status "9" is not known',
        "  line 6: " + told.out.partition("  line 6: ")[2].splitlines()[0],
        "1 event came later than a younger one, and was decided then",
        "",
        str(page),
        "  disk-read-only  remediate 2, recovered 1",
        "  everything      notify 1",
        "  all events      remediate 2, ignore 1, notify 1, recovered 1",
        "",
        "  remediations  2",
        "  at once       1 at most in ap-guangzhou, first at 2026-01-27 06:00:00+00:00",
        "  held          1 (many_acting 1), the longest for 9 min",
        "  needs people  0",
        "",
        "Assumed: a repair takes 10 min and ends recovered; every instance exists and is in scope; rules that observe "
        "are taken to act.",
    ]


async def test_a_rule_that_observes_holds_nobody_up_if_it_is_asked_as_it_is_written(page: Path) -> None:
    told = await backtested(page, "--as-written", "--output", "json")
    (one,) = told.json["pages"]
    assert (one["remediations"], one["held"]["count"], one["busiest"]) == (2, 0, [])
    assert told.json["assumed"]["acts"] is False


async def test_every_decision_is_one_line_of_json_and_the_summary_is_the_last(page: Path) -> None:
    told = await backtested(page, "--events", "--output", "json")
    *decisions, last = map(json.loads, told.out.splitlines())
    assert [(one["event_id"], one["kind"]) for one in decisions] == [
        ("e-0", "remediate"),
        ("e-1", "hold"),
        ("e-2", "ignore"),
        ("e-1", "remediate"),
        ("e-30", "notify"),
        ("e-29", "recovered"),
    ]
    assert decisions[3]["held"] == "many_acting"
    assert last["summary"]["pages"][0]["remediations"] == 2


async def test_another_page_shows_only_what_it_decides_differently(page: Path) -> None:
    other = rewritten(page, "max_acting: 1", "max_acting: 2")
    told = await backtested(page, "--against", str(other), "--output", "json")
    *differences, last = map(json.loads, told.out.splitlines())
    assert [(one["event_id"], one["here"]["held"], one["there"]["held"]) for one in differences] == [
        ("e-1", "many_acting", "")
    ]
    assert [one["file"] for one in last["summary"]["pages"]] == [str(page), str(other)]
    same = await backtested(page, "--against", str(page))
    assert same.out.startswith("No event is answered differently.\n\n5 events")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["no-such.jsonl"], 2, "no-such.jsonl cannot be read"),
        (["-", "--takes", "soon"], 2, "'soon' is not a duration"),
        (["-", "--outcome", "fine"], 2, "outcome: "),
        (["-", "--tags", "no-such.json"], 2, "no-such.json cannot be read"),
        (["-", "--against", "no-such.yaml"], 2, "no-such.yaml cannot be read"),
        (["-", "--against", "pyproject.toml"], 1, "pyproject.toml:"),
    ],
)
async def test_a_mistake_in_the_question_is_told(page: Path, arguments: list[str], code: int, said: str) -> None:
    told = await medic("backtest", *arguments, "--config", str(page), stdin="")
    assert told.code == code
    assert said in " ".join(told.err.replace("│", " ").split())
    assert told.out == ""
