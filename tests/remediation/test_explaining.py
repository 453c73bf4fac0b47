"""explain: every rule answers, and the decision is the one that `decide` makes."""

from __future__ import annotations

from datetime import timedelta

from remediation.decisions import Kind, decide
from remediation.explaining import explain
from remediation.incidents import IncidentState
from tests.remediation.facts import NOW, PAGE, a_config, an_alarm, an_event


def a_rule(name: str, when: str) -> str:
    return f"  - name: {name}\n    when: {when}\n    run: snapshot-and-reboot\n    scope: all\n    mode: observe\n"


MORE = "".join(
    [
        a_rule("again", "{type: disk_readonly}"),
        a_rule("other", "{type: guest_oom}"),
        a_rule("third", "{type: disk_readonly}"),
    ]
)
MANY = PAGE.replace("runbooks:\n", MORE + "runbooks:\n", 1)


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


def test_of_the_rules_that_would_run_all_but_the_first_say_behind_whom_they_stand() -> None:
    rules = explain(an_event(), a_config(MANY), NOW).rules
    assert [(one.rule, one.matches, one.behind) for one in rules] == [
        ("disk-read-only", True, ""),
        ("everything", True, ""),
        ("again", True, "disk-read-only"),
        ("other", False, ""),
        ("third", True, "disk-read-only"),
    ]
    assert [one.runs for one in rules][1:3] == ["", "snapshot-and-reboot"]


def test_a_rule_that_does_not_match_stands_in_nobodys_way() -> None:
    again = explain(an_event(status="-"), a_config(MANY), NOW).rules[2]
    assert (again.matches, again.behind) == (True, "")


def test_an_event_that_cannot_be_read_says_why_and_how() -> None:
    explained = explain(an_event(time="soon"), a_config(), NOW)
    assert explained.alarm is None
    assert explained.decision is None
    assert 'time "soon" is not a time' in explained.rejected
    assert "milliseconds" in explained.hint
    assert not explained.is_matched
