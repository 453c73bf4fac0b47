"""What becomes of an event: one table over every kind of decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from remediation.decisions import Decision, Kind, Recipient, decide
from remediation.incidents import Held, IncidentState, Reading, Run
from remediation.reasons import Code, because
from remediation.report import Outcome
from remediation.runbooks import Mode
from tests.remediation.facts import NOW, PAGE, a_config, an_alarm

ONCALL = ("oncall[0] (webhook)", "oncall[1] (mail)")
QUIET = ("quiet[0] (mail)",)


def a_run(
    outcome: Outcome | None = Outcome.RECOVERED, *, ended_ago: timedelta = timedelta(hours=1), **more: Any
) -> Run:
    """A run that took ten minutes; the page's watch is six hours."""
    facts: dict[str, Any] = {
        "run_key": "earlier",
        "rule": "disk-read-only",
        "started_at": NOW - ended_ago - timedelta(minutes=10),
        "watch_seconds": 6 * 3600,
        "outcome": outcome,
        "ended_at": NOW - ended_ago,
    }
    return Run(**{**facts, **more})


def decided(incident: IncidentState | None = None, *, guardrails: str = "", page: str = PAGE, **event: Any) -> Decision:
    page = page.replace("guardrails:\n", f"guardrails:\n  {guardrails}\n") if guardrails else page
    return decide(an_alarm(**event), a_config(page), incident or IncidentState(), NOW)


def told(decision: Decision) -> tuple[str, ...]:
    return tuple(str(one) for one in decision.recipients)


def test_an_alarm_that_a_rule_answers_is_remediated_with_all_that_the_run_needs() -> None:
    decision = decided()
    assert (decision.kind, decision.reason.code, decision.rule) == (Kind.REMEDIATE, Code.RULE_RUNS, "disk-read-only")
    assert decision.order is not None
    assert decision.order.runbook == a_config().runbooks["snapshot-and-reboot"]
    assert (decision.order.runbook_name, decision.order.mode) == ("snapshot-and-reboot", Mode.ACT)
    assert decision.order.act_within_seconds == 3600
    assert (decision.decided_at, decision.config_sha256) == (NOW, a_config().sha256)
    assert not decision.needs_people


def test_every_rule_that_matches_notifies_and_each_address_hears_once() -> None:
    assert told(decided()) == (*ONCALL, *QUIET)


def test_the_first_rule_with_a_run_says_what_runs() -> None:
    second = """\
  - name: also-runs
    when: {status: "1"}
    notify: [quiet]
    run: another
    scope: all
    mode: observe
runbooks:
  another: {snapshot: {}, ladder: [reboot]}
"""
    both = PAGE.replace("runbooks:\n", second)
    order = decided(page=both).order
    assert order is not None
    assert (order.rule, order.runbook_name) == ("disk-read-only", "snapshot-and-reboot")
    notifies_first = both.replace("    run: snapshot-and-reboot\n", "").replace(
        '    scope: {tag: "medic=on"}\n    mode: act\n', ""
    )
    decision = decided(page=notifies_first)
    assert decision.order is not None
    assert (decision.rule, decision.order.rule, decision.order.scope) == ("also-runs", "also-runs", "all")
    assert told(decision) == (*ONCALL, *QUIET)


def test_no_address_enters_a_decision() -> None:
    kept = decided().model_dump_json()
    assert "hooks.example.com" not in kept
    assert "@example.com" not in kept
    assert Decision.model_validate_json(kept) == decided()


NOTHING = IncidentState()
RUNNING = IncidentState(running=True)
SEEN = IncidentState(seen={"e": an_alarm(id="e").body_hash})
OLD = {"time": 1693986756}
OOM = {"type": "GuestOom"}
REBOOTED = {"type": "GuestReboot"}
WELL = {"status": "0"}
NOBODY: tuple[str, ...] = ()
ALL = (*ONCALL, *QUIET)  # of both rules, in their order
SECOND = (*QUIET, *ONCALL)  # of the second rule alone
TWICE = "max_attempts: 2\n  max_per_day: 2"
MUST_ACT = (Code.ATTEMPTS_USED, Code.DAY_USED, Code.RELAPSE, Code.HELD_TOO_LONG, Code.INSTANCE_UNKNOWN)


def after(outcome: Outcome | None = Outcome.RECOVERED, hours: int = 1, **more: Any) -> IncidentState:
    return IncidentState(runs=(a_run(outcome, ended_ago=timedelta(hours=hours), **more),))


LOST = after(None, ended_at=None)
PING = {"type": "PingUnreachable"}
AS_HELD = {"id": "held"}
LATE = {"time": int((NOW - timedelta(minutes=45)).timestamp() * 1000)}
A_MINUTE = timedelta(minutes=1)
REBOOTING = IncidentState(running=True, runs=(a_run(None, ended_at=None, reboot_at=NOW - 5 * A_MINUTE),))
BACK = after(reboot_at=NOW - 5 * A_MINUTE, back_at=NOW - 4 * A_MINUTE, fault="DiskReadonly", watch_seconds=60)
LONG_BACK = after(reboot_at=NOW - 10 * A_MINUTE, back_at=NOW - 9 * A_MINUTE)
WAITS = Held(alarm=an_alarm(**AS_HELD), key="k", since=NOW, until=NOW + 60 * A_MINUTE, reason=because(Code.MANY_ACTING))
HELD = IncidentState(held=WAITS, seen={"held": an_alarm(**AS_HELD).body_hash})
AGAIN = HELD.model_copy(update={"again": "held"})
TURN = AGAIN.with_held(WAITS.model_copy(update={"turn_came": True}))
TURN_OVER = TURN.model_copy(update={"recovered": {"DiskReadonly": NOW}})
IN_SCOPE = NOTHING.with_reading(Reading(exists=True, tags={"medic": "on"}, read_at=NOW))
OUT_OF_SCOPE = NOTHING.with_reading(Reading(exists=True, tags={"medic": "off"}, read_at=NOW))
NO_SUCH = NOTHING.with_reading(Reading(exists=False, read_at=NOW))
TURN_OUT = TURN.with_reading(OUT_OF_SCOPE.reading)


@pytest.mark.parametrize(
    ("event", "incident", "guardrails", "kind", "code", "hears"),
    [
        pytest.param({}, SEEN, "", Kind.REMEDIATE, Code.RULE_RUNS, ALL, id="another event"),
        pytest.param({"id": "e"}, SEEN, "", Kind.DUPLICATE, Code.DUPLICATE, NOBODY, id="again"),
        pytest.param({"id": "e", **WELL}, SEEN, "", Kind.CONFLICT, Code.CONFLICT, SECOND, id="another body"),
        pytest.param(WELL, NOTHING, "", Kind.RECOVERED, Code.RECOVERY, SECOND, id="recovered, with a rule"),
        pytest.param({**WELL, **OOM}, NOTHING, "", Kind.RECOVERED, Code.RECOVERY, NOBODY, id="recovered, no rule"),
        pytest.param(WELL, RUNNING, "", Kind.RECOVERED, Code.RECOVERY, NOBODY, id="recovered at work: the run tells"),
        pytest.param({**WELL, **OLD}, NOTHING, "", Kind.RECOVERED, Code.RECOVERY, SECOND, id="an old recovery"),
        pytest.param(OOM, NOTHING, "", Kind.IGNORE, Code.NO_RULE, NOBODY, id="no rule"),
        pytest.param(OOM, RUNNING, "", Kind.IGNORE, Code.NO_RULE, NOBODY, id="no rule, at work"),
        pytest.param(OLD, NOTHING, "", Kind.EXPIRE, Code.TOO_OLD, ALL, id="too old"),
        pytest.param(OLD, RUNNING, "", Kind.EXPIRE, Code.TOO_OLD, ALL, id="too old, at work"),
        pytest.param(REBOOTED, NOTHING, "", Kind.NOTIFY, Code.FOREIGN_REBOOT, SECOND, id="nobody of ours rebooted"),
        pytest.param(REBOOTED, REBOOTING, "", Kind.SUPPRESS, Code.OUR_REBOOT, NOBODY, id="our own reboot"),
        pytest.param(REBOOTED, after(hours=1), "", Kind.NOTIFY, Code.FOREIGN_REBOOT, SECOND, id="we rebooted nothing"),
        pytest.param(REBOOTED, BACK, "", Kind.SUPPRESS, Code.OUR_REBOOT, NOBODY, id="just after it was back"),
        pytest.param(REBOOTED, LONG_BACK, "", Kind.NOTIFY, Code.FOREIGN_REBOOT, SECOND, id="long after it was back"),
        pytest.param(PING, REBOOTING, "", Kind.SUPPRESS, Code.OUR_REBOOT, NOBODY, id="unreachable while it reboots"),
        pytest.param({**PING, **WELL}, BACK, "", Kind.SUPPRESS, Code.OUR_REBOOT, NOBODY, id="reachable again"),
        pytest.param(WELL, BACK, "", Kind.RECOVERED, Code.RECOVERY, NOBODY, id="the end of what was healed"),
        pytest.param({}, REBOOTING, "", Kind.JOIN, Code.JOINED, NOBODY, id="no echo of a reboot"),
        pytest.param({}, HELD, "", Kind.JOIN, Code.JOINED_HELD, NOBODY, id="one waits already"),
        pytest.param(WELL, HELD, "", Kind.RECOVERED, Code.RECOVERY, SECOND, id="over while one waits"),
        pytest.param(AS_HELD, HELD, "", Kind.DUPLICATE, Code.DUPLICATE, NOBODY, id="again while it waits"),
        pytest.param(AS_HELD, AGAIN, "", Kind.HOLD, Code.MANY_ACTING, ALL, id="not its turn"),
        pytest.param(AS_HELD, TURN, "", Kind.REMEDIATE, Code.RULE_RUNS, ALL, id="its turn"),
        pytest.param(
            {**AS_HELD, **LATE}, TURN, "", Kind.REMEDIATE, Code.RULE_RUNS, ALL, id="older than max_age by now"
        ),
        pytest.param({**AS_HELD, **OLD}, TURN, "", Kind.EXPIRE, Code.HELD_TOO_LONG, ALL, id="held for too long"),
        pytest.param(AS_HELD, TURN_OVER, "", Kind.EXPIRE, Code.OVER_ALREADY, NOBODY, id="over while it waited"),
        pytest.param(AS_HELD, TURN_OUT, "", Kind.NOTIFY, Code.OUT_OF_SCOPE, ALL, id="out of scope when its turn comes"),
        pytest.param({}, IN_SCOPE, "", Kind.REMEDIATE, Code.RULE_RUNS, ALL, id="in scope"),
        pytest.param({}, OUT_OF_SCOPE, "", Kind.NOTIFY, Code.OUT_OF_SCOPE, ALL, id="out of scope"),
        pytest.param({}, NO_SUCH, "", Kind.NOTIFY, Code.INSTANCE_UNKNOWN, ALL, id="no such instance"),
        pytest.param({"status": "-"}, NOTHING, "", Kind.NOTIFY, Code.RULE_NOTIFIES, SECOND, id="no state is not 1"),
        pytest.param({}, RUNNING, "", Kind.JOIN, Code.JOINED, NOBODY, id="at work already"),
        pytest.param({}, RUNNING, "max_attempts: 0", Kind.JOIN, Code.JOINED, NOBODY, id="at work, limits or not"),
        pytest.param({}, NOTHING, "max_attempts: 0", Kind.NOTIFY, Code.ATTEMPTS_USED, ALL, id="no attempts means none"),
        pytest.param({}, NOTHING, "max_per_day: 0", Kind.NOTIFY, Code.ATTEMPTS_USED, ALL, id="none a day means none"),
        pytest.param({}, after(), "", Kind.NOTIFY, Code.RELAPSE, ALL, id="relapse"),
        pytest.param({}, after(), TWICE, Kind.NOTIFY, Code.RELAPSE, ALL, id="relapse, with attempts left"),
        pytest.param({}, after(hours=6), TWICE, Kind.REMEDIATE, Code.RULE_RUNS, ALL, id="after the watch it is news"),
        pytest.param({}, after(hours=6), "", Kind.NOTIFY, Code.DAY_USED, ALL, id="once a day"),
        pytest.param({}, after(hours=24), "", Kind.REMEDIATE, Code.RULE_RUNS, ALL, id="the next day"),
        pytest.param({}, after(Outcome.HANDED_OVER), "", Kind.NOTIFY, Code.ATTEMPTS_USED, ALL, id="attempts used"),
        pytest.param({}, after(Outcome.FAILED), TWICE, Kind.REMEDIATE, Code.RULE_RUNS, ALL, id="an attempt left"),
        pytest.param({}, LOST, "", Kind.NOTIFY, Code.ATTEMPTS_USED, ALL, id="a run that was lost counts"),
    ],
)
def test_every_event_has_its_decision(
    event: dict[str, Any], incident: IncidentState, guardrails: str, kind: Kind, code: Code, hears: tuple[str, ...]
) -> None:
    decision = decided(incident, guardrails=guardrails, **event)
    assert (decision.kind, decision.reason.code, told(decision)) == (kind, code, hears)
    assert decision.needs_people == (code in MUST_ACT)
    assert (decision.order is not None) == (kind in (Kind.REMEDIATE, Kind.HOLD))


TOUCHED_NOTHING = [Outcome.REFUSED, Outcome.WOULD_ACT, Outcome.RECOVERED_BY_ITSELF]


@pytest.mark.parametrize("outcome", TOUCHED_NOTHING)
def test_a_run_that_touched_nothing_uses_up_no_attempt(outcome: Outcome) -> None:
    decision = decided(IncidentState(runs=tuple(a_run(outcome, run_key=str(number)) for number in range(5))))
    assert decision.kind is Kind.REMEDIATE


@pytest.mark.parametrize("outcome", [one for one in Outcome if one not in TOUCHED_NOTHING])
def test_any_other_run_uses_up_an_attempt(outcome: Outcome) -> None:
    assert decided(IncidentState(runs=(a_run(outcome),))).kind is Kind.NOTIFY


def test_a_refused_run_does_not_hide_the_cure_before_it() -> None:
    runs = (a_run(ended_ago=timedelta(hours=2)), a_run(Outcome.REFUSED, run_key="later"))
    assert decided(IncidentState(runs=runs)).reason.code is Code.RELAPSE


@pytest.mark.parametrize(("minutes", "kind"), [(29, Kind.REMEDIATE), (30, Kind.REMEDIATE), (31, Kind.EXPIRE)])
def test_an_alarm_expires_when_it_is_older_than_the_configured_age(minutes: int, kind: Kind) -> None:
    time = int((NOW - timedelta(minutes=minutes)).timestamp() * 1000)
    assert decided(time=time).kind is kind


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(minutes=31), "31 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=5, minutes=59), "5 h"),
        (timedelta(days=3), "3 d"),
    ],
)
def test_the_age_is_told_in_words_that_people_use(age: timedelta, words: str) -> None:
    decision = decided(time=int((NOW - age).timestamp() * 1000))
    assert decision.reason.facts == {"age": words, "limit": "30m"}


def test_a_recipient_is_a_place_on_the_page() -> None:
    assert str(Recipient(channel="oncall", place=1, kind="mail")) == "oncall[1] (mail)"


def test_the_same_question_has_the_same_answer() -> None:
    assert decided() == decided()


def test_what_is_only_tried_is_ordered_to_observe() -> None:
    decision = decided(IncidentState(dry=True))
    assert decision.order is not None
    assert (decision.kind, decision.order.mode) == (Kind.REMEDIATE, Mode.OBSERVE)
