"""The planted bugs still fit the code, their tests exist, and the runner tells a caught bug from one that is not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from tests.sabotage import __main__ as sabotage
from tests.sabotage.bug import Bug, DoesNotFit
from tests.sabotage.bugs import BUGS

ROOT = Path(__file__).parents[1]
WITH_BUGS = ("P1", "P2", "P3", "P4", "P5", "P7", "P8", "P9", "P10", "P11", "P13", "P14")
CAUGHT = next(bug for bug in BUGS if bug.name == "a-permit-of-observe-sends")
HARMLESS = Bug("harmless", "P5", CAUGHT.file, "The right to send one", "The leave to send one", CAUGHT.caught_by)
each_bug = pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)


@each_bug
def test_a_bug_fits_the_code_as_it_is(bug: Bug) -> None:
    planted = bug.planted_in((ROOT / bug.file).read_text(encoding="utf-8"))
    compile(planted, bug.file, "exec")
    assert bug.old != bug.new


@each_bug
def test_the_tests_that_catch_a_bug_exist(bug: Bug) -> None:
    assert bug.caught_by
    for test in bug.caught_by:
        file, _, name = test.partition("::")
        assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.M), test


def test_every_promise_about_acting_and_telling_has_bugs_and_each_has_a_name_of_its_own() -> None:
    assert len(BUGS) >= 15
    assert {bug.promise for bug in BUGS} == set(WITH_BUGS)
    assert len({bug.name for bug in BUGS}) == len(BUGS)


@pytest.mark.parametrize("text", ["no such text", "twice the old text: old text"])
def test_a_bug_that_no_longer_fits_says_so(text: str) -> None:
    with pytest.raises(DoesNotFit, match=r"stands [02] times in .*, not once: adapt it"):
        Bug("b", "P1", "file.py", "old text", "new text", ("t::t",)).planted_in(text)


def run(*arguments: str) -> tuple[int, str, str]:
    app = Typer()
    app.command()(sabotage.main)
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.stdout, done.stderr


def test_the_runner_plants_runs_and_reports_what_is_not_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sabotage, "BUGS", (CAUGHT, HARMLESS))
    before = (ROOT / CAUGHT.file).read_bytes()

    code, out, err = run("--output", "json")

    caught, harmless = json.loads(out)
    assert code == 1
    assert (caught["caught"], caught["caught_by"]) == (True, CAUGHT.caught_by[0])
    assert (harmless["caught"], harmless["caught_by"]) == (False, "")
    assert "harmless was NOT caught" in err
    assert (ROOT / CAUGHT.file).read_bytes() == before


def test_an_unknown_name_is_told_with_the_one_that_was_meant() -> None:
    code, _, err = run("--only", "stale-snapshots")
    assert code == 2
    assert "stale-snapshot" in err
