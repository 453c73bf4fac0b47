"""explain: every rule answers, and the decision is the one that `decide` makes."""

from __future__ import annotations

from datetime import timedelta

from remediation.decisions import IncidentState, Kind, decide
from remediation.explaining import explain
from tests.remediation.facts import NOW, PAGE, a_config, an_alarm, an_event

TWO = PAGE.replace(
    "runbooks:\n",
    "  - name: again\n    when: {type: disk_readonly}\n"
    "    run: snapshot-and-reboot\n    scope: all\n    mode: observe\n"
    "runbooks:\n",
    1,
)


def test_each_rule_answers_in_the_order_of_the_page() -> None:
    explained = explain(an_event(type="cvm:ErrorEvent:GuestReboot"), a_config(), NOW)
    first, second = explained.rules
    assert (first.rule, first.matches) == ("disk-read-only", False)
    assert "type" in first.mismatch
    assert "GuestReboot" in first.mismatch  # what it saw
    assert (second.rule, second.matches, second.notify) == ("everything", True, ("quiet", "oncall"))
    assert explained.is_matched


def test_the_decision_is_that_of_an_instance_of_which_nothing_is_known() -> None:
    explained = explain(an_event(), a_config(), NOW)
    assert explained.decision == decide(an_alarm(), a_config(), IncidentState(), NOW)
    assert explained.decision is not None
    assert explained.decision.kind is Kind.REMEDIATE


def test_it_is_asked_as_of_a_time() -> None:
    late = explain(an_event(), a_config(), NOW + timedelta(hours=2)).decision
    assert late is not None
    assert late.kind is Kind.EXPIRE


def test_of_two_rules_that_would_run_the_second_says_behind_whom_it_stands() -> None:
    first, _, again = explain(an_event(), a_config(TWO), NOW).rules
    assert (first.behind, again.behind) == ("", "disk-read-only")
    assert (first.runs, again.runs) == ("snapshot-and-reboot", "snapshot-and-reboot")


def test_a_rule_that_does_not_match_stands_in_nobodys_way() -> None:
    _, _, again = explain(an_event(status="-"), a_config(TWO), NOW).rules
    assert (again.matches, again.behind) == (True, "")


def test_an_event_that_cannot_be_read_says_why_and_how() -> None:
    explained = explain(an_event(time="soon"), a_config(), NOW)
    assert explained.alarm is None
    assert explained.decision is None
    assert "time 'soon' is not a time" in explained.rejected
    assert "milliseconds" in explained.hint
    assert not explained.is_matched
