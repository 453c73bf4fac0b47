"""explain, lint and schema as processes: they need the page alone, and say all that a script or a sleeper needs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from remediation.eventbridge import EVIDENCE
from tests.cli.consoles import Ended, medic
from tests.remediation.facts import NOW, PAGE, an_event

WIDE = "{source: cvm.cloud.tencent}"
REBOOTS = EVIDENCE["reboots"][0]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "medic.yaml"
    file.write_text(PAGE, encoding="utf-8")
    return file


def rewrite(page: Path, text: str) -> None:
    page.write_text(text, encoding="utf-8")


async def explained(page: Path, event: object, *more: str, **env: str) -> Ended:
    ask = ("explain", "-", "--config", str(page), "--at", NOW.isoformat(), *more)
    return await medic(*ask, stdin=json.dumps(event), env=env)


async def test_an_event_is_explained_in_words(page: Path) -> None:
    told = await explained(page, an_event())
    assert told.code == 0, told.err
    assert told.err == ""
    lines = told.out.splitlines()
    assert lines[0] == "cvm:ErrorEvent:DiskReadonly of ins-0abc1234 in ap-guangzhou: firing"
    assert "✓ disk-read-only  matches; tells oncall; runs snapshot-and-reboot" in lines
    assert "decision: remediate" in lines
    assert "told: oncall[0] (webhook), oncall[1] (mail), quiet[0] (mail)" in lines
    assert any(line.startswith("runs: snapshot-and-reboot, if the cloud shows the tag medic=on") for line in lines)
    assert "  1. a snapshot of every disk, kept 14d" in told.out
    assert "\x1b" not in told.out


async def test_the_condition_that_failed_is_shown_with_what_it_saw(page: Path) -> None:
    told = await explained(page, an_event(type="cvm:ErrorEvent:GuestOom"))
    assert told.code == 5
    assert 'type is "cvm:ErrorEvent:GuestOom", expected "cvm:ErrorEvent:DiskReadonly"' in told.out
    assert "decision: ignore" in told.out


@pytest.mark.parametrize("columns", [60, 66, 80])
async def test_no_line_is_wider_than_the_terminal(page: Path, columns: int) -> None:
    events = [an_event(), an_event(status="0"), an_event(type="cvm:ErrorEvent:GuestOom"), an_event(time=1)]
    told = await explained(page, {"EventList": events}, COLUMNS=str(columns))
    assert told.code == 2
    assert max(map(len, told.out.splitlines())) <= columns


async def test_of_several_events_the_worst_makes_the_exit_code(page: Path) -> None:
    matched, unmatched = an_event(), an_event(type="cvm:ErrorEvent:GuestOom")
    assert (await explained(page, {"EventList": [unmatched, matched]})).code == 5
    assert (await explained(page, {"EventList": [matched, matched]})).code == 0


async def test_json_holds_all_of_it(page: Path) -> None:
    told = await explained(page, {"EventList": [an_event(), an_event(status="9")]}, "--output", "json")
    assert told.code == 2
    first, second = told.json["events"]
    assert first["decision"]["kind"] == "remediate"
    assert first["decision"]["order"]["runbook"]["snapshot"]["keep"] == "14d"
    assert [one["matches"] for one in first["rules"]] == [True, True]
    assert first["said"].startswith("Rule `disk-read-only` matches")
    assert (second["alarm"], second["rejected"]) == (None, 'status "9" is not known')
    assert told.json["at"] == NOW.isoformat()


async def test_an_old_template_can_be_taken_as_one_of_this_moment(page: Path, tmp_path: Path) -> None:
    template = tmp_path / "event.json"
    template.write_text(json.dumps(an_event(subject="ins-xxxxxxxx", time=1677727912553)))
    ask = ("explain", str(template), "--config", str(page))
    old, new = await medic(*ask), await medic(*ask, "--now")
    assert (old.code, new.code) == (0, 0)
    assert "decision: expire" in old.out
    assert "decision: remediate" in new.out
    assert "console's template" in new.out


async def test_a_time_without_an_offset_is_local(page: Path) -> None:
    local = (NOW + timedelta(minutes=5)).replace(tzinfo=None).isoformat()
    told = await medic(
        *("explain", "-", "--config", str(page), "--at", local, "--output", "json"),
        stdin=json.dumps(an_event()),
        env={"TZ": "UTC"},
    )
    assert datetime.fromisoformat(told.json["at"]) == datetime.fromisoformat(local).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["-", "--at", "soon"], "{}", "'soon' is not a time"),
        (["-"], "{", "not JSON"),
        (["-"], '{"EventList": []}', "has no event in its EventList"),
        (["no-such-event.json"], "", "no-such-event.json cannot be read"),
        (["-", "--config", "no-such.yaml"], "{}", "no-such.yaml cannot be read"),
    ],
)
async def test_a_mistake_in_the_question_is_one_of_usage(arguments: list[str], stdin: str, said: str) -> None:
    told = await medic("explain", *arguments, stdin=stdin)
    assert told.code == 2
    assert said in " ".join(told.err.replace("│", " ").split())
    assert told.out == ""


async def test_a_page_that_cannot_be_read_explains_nothing(page: Path) -> None:
    rewrite(page, PAGE.replace("mode: act", "mod: act"))
    told = await explained(page, an_event())
    assert told.code == 1
    assert "rules[0].mod: unknown key `mod` (did you mean `mode`?)" in told.err


async def test_a_clean_page_is_clean(page: Path) -> None:
    told = await medic("lint", str(page), "--strict")
    assert (told.code, told.out) == (0, "")
    assert told.err.strip() == f"{page}: nothing to find fault with"


async def test_all_mistakes_of_a_page_are_found_with_their_places(page: Path) -> None:
    rewrite(page, PAGE.replace("mode: act", "mod: act").replace("locale: zh", "locale: fr"))
    told = await medic("lint", str(page))
    assert told.code == 1
    assert told.out.splitlines()[:3] == [
        f"{page}:3:5 error: channels.oncall.locale: write 'zh' or 'en'",
        "        locale: fr",
        "        ^",
    ]
    assert f"{page}:16:5 error: rules[0].mod: unknown key `mod`" in told.out
    assert told.err.strip() == f"{page}: 2 errors"


async def test_a_warning_fails_only_where_it_is_asked_for(page: Path) -> None:
    rewrite(page, PAGE.replace(', status: "1"', ""))
    told, strict = await medic("lint", str(page)), await medic("lint", str(page), "--strict", "--output", "json")
    assert (told.code, strict.code) == (0, 1)
    assert f"{page}:12:5 warning: rules[0].when: this matches the recovery too" in told.out
    (finding,) = strict.json["findings"]
    found: dict[str, Any] = {name: finding[name] for name in ("severity", "file", "line", "column", "path")}
    assert found == {"severity": "warning", "file": str(page), "line": 12, "column": 5, "path": "rules[0].when"}


async def test_a_rule_that_can_never_run_fails(page: Path) -> None:
    rule = f"  - name: late\n    when: {WIDE}\n    run: snapshot-and-reboot\n    scope: all\n    mode: observe\n"
    wide_first = PAGE.replace("rules:\n", "rules:\n" + rule.replace("late", "wide"), 1)
    rewrite(page, wide_first)
    told = await medic("lint", str(page))
    assert told.code == 1
    assert "rules[1].run: this never runs: every event that it matches is matched by `wide` before" in told.out


async def test_a_page_that_is_no_yaml_is_a_finding_too() -> None:
    told = await medic("lint", "-", stdin="a: [")
    assert told.code == 1
    assert told.out.startswith("-:1:5 error: not YAML: ")


async def test_the_schema_is_json_on_stdout() -> None:
    told = await medic("schema")
    assert told.code == 0
    assert told.json["properties"]["rules"]["items"] == {"$ref": "#/$defs/Rule"}


async def test_eventbridges_rules_are_written_for_eyes_and_for_terraform(page: Path) -> None:
    told = await medic("eventbridge", "--config", str(page))
    written = await medic("eventbridge", "--config", str(page), "--output", "json")

    assert told.code == written.code == 0, told.err
    assert told.out.splitlines()[:2] == ["medic-everything", "  for: everything; disk-read-only; " + REBOOTS]
    assert "3 of at most 200 rules" in told.err
    assert list(written.json["rules"]["medic-everything"]) == ["description", "pattern"]
    assert json.loads(written.json["rules"]["medic-everything"]["pattern"])["source"] == ["cvm.cloud.tencent"]
