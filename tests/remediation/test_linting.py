"""lint: what is right to read and cannot be meant is found at its place; what is meant is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediation.config import read_config
from remediation.linting import Finding, Severity, lint
from tests.remediation.facts import PAGE, a_config

ROOT = Path(__file__).parents[2]
RUNS = "    run: snapshot-and-reboot\n    scope: all\n    mode: observe\n"


def a_rule(name: str, when: str, then: str = RUNS) -> str:
    return f"  - name: {name}\n    when: {when}\n{then}"


def found(*rules: str, page: str = PAGE) -> list[Finding]:
    return list(lint(a_config(page.replace("runbooks:\n", "".join(rules) + "runbooks:\n", 1))))


@pytest.mark.parametrize("page", ["medic.yaml", "cli/demo/medic.yaml"])
def test_nothing_is_found_on_the_pages_that_we_ship(page: str) -> None:
    assert lint(read_config((ROOT / page).read_text(encoding="utf-8"), page, None)) == ()


@pytest.mark.parametrize(
    "when",
    [
        '{status: "1", type: "cvm:ErrorEvent:DiskReadonly", source: cvm.cloud.tencent}',
        '{source: [cvm.cloud.tencent], type: disk_readonly, status: ["1"]}',
        '{source: cvm.cloud.tencent, type: disk_readonly, status: "1", region: gz}',
    ],
    ids=["identical", "in another spelling", "narrower"],
)
def test_a_rule_behind_one_that_takes_all_its_events_never_runs(when: str) -> None:
    (finding,) = found(a_rule("later", when))
    assert (finding.severity, finding.path) == (Severity.ERROR, ("rules", 2, "run"))
    assert "`disk-read-only`" in finding.message


@pytest.mark.parametrize(
    "when",
    [
        '{source: cvm.cloud.tencent, type: disk_readonly, status: ["1", "-"]}',
        '{source: cvm.cloud.tencent, type: nvme_error, status: "1"}',
        '{type: disk_readonly, status: "1"}',
    ],
    ids=["wider", "another fault", "a key less"],
)
def test_a_rule_that_takes_something_more_may_run(when: str) -> None:
    assert found(a_rule("later", when)) == []


def test_a_rule_that_only_tells_hides_nothing_and_is_hidden_by_nothing() -> None:
    tells = a_rule("tells", '{type: disk_readonly, status: "1"}', "    notify: [oncall]\n")
    assert found(tells, a_rule("runs", '{type: disk_readonly, status: ["1", "-"]}')) == []


def test_a_rule_that_would_run_on_the_recovery_is_warned_about() -> None:
    (finding,) = found(a_rule("later", "{type: nvme_error}"))
    assert (finding.severity, finding.path) == (Severity.WARNING, ("rules", 2, "when"))
    assert 'status: "1"' in finding.message
    assert found(a_rule("later", '{type: nvme_error, status: ["0", "1"]}'))[0].path == finding.path
    assert found(a_rule("later", "{type: nvme_error}", "    notify: [oncall]\n")) == []  # telling it is meant


def test_a_rule_that_does_nothing_is_found() -> None:
    (finding,) = found(a_rule("later", "{type: nvme_error}", ""))
    assert finding.path == ("rules", 2)


def test_a_rule_that_acts_on_all_is_warned_about_and_one_that_observes_all_is_not() -> None:
    when = '{type: nvme_error, status: "1"}'
    (finding,) = found(a_rule("later", when, RUNS.replace("observe", "act")))
    assert (finding.severity, finding.path) == (Severity.WARNING, ("rules", 2, "scope"))
    assert found(a_rule("later", when)) == []


def test_what_nobody_uses_is_found() -> None:
    page = PAGE.replace("[quiet, oncall]", "[oncall]").replace(
        "runbooks:\n", "runbooks:\n  spare:\n    ladder: [reboot]\n    snapshot: {}\n"
    )
    assert [one.path for one in lint(a_config(page))] == [("channels", "quiet"), ("runbooks", "spare")]


def test_operators_use_a_channel_too() -> None:
    page = PAGE.replace("[quiet, oncall]", "[oncall]").replace("operators: [oncall]", "operators: [oncall, quiet]")
    assert lint(a_config(page)) == ()
