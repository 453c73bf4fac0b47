"""medic init writes a page that is right, observes, and overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from remediation.config import read_config
from remediation.linting import lint
from remediation.runbooks import Mode

ROOT = Path(__file__).parents[2]
console = CliRunner()


def test_the_first_page_is_right_without_a_warning_and_only_observes(tmp_path: Path) -> None:
    page = tmp_path / "medic.yaml"
    told = console.invoke(app, ["init", str(page)])
    assert told.exit_code == 0, told.output
    config = read_config(page.read_text(encoding="utf-8"), "medic.yaml", None)
    assert lint(config) == ()
    assert {rule.mode for rule in config.rules if rule.run} == {Mode.OBSERVE}


def test_it_is_the_page_that_the_project_shows() -> None:
    first = (ROOT / "cli" / "first_page.yaml").read_text(encoding="utf-8")
    assert first == (ROOT / "medic.yaml").read_text(encoding="utf-8")


def test_a_page_that_is_there_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("medic.yaml").write_text("mine", encoding="utf-8")
    told = console.invoke(app, ["init"])
    assert (told.exit_code, Path("medic.yaml").read_text(encoding="utf-8")) == (1, "mine")
    assert "left as it is" in told.output
