"""The backtest's own parts: its clock, its runs that are only assumed, its regions, and what it keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from remediation.assumptions import Assumed
from remediation.backtest import Backtest, Decided, read_alarm
from remediation.comparing import Comparison, Difference
from remediation.config import Config
from remediation.decisions import Kind
from remediation.events import Alarm
from remediation.reasons import Code
from remediation.recordings import Recorded
from remediation.report import Outcome
from tests.remediation.facts import NOW, PAGE, a_config, an_event

LATER = NOW + timedelta(days=60)
Event = tuple[float, dict[str, Any]]


def taken(minute: float, **fields: Any) -> tuple[Alarm, datetime]:
    at = NOW + timedelta(minutes=minute)
    event = an_event(**{"id": f"e-{minute}", "time": int(at.timestamp() * 1000), **fields})
    return read_alarm(Recorded(1, event), LATER)


def decided(events: Iterable[Event], assumed: Assumed | None = None, config: Config | None = None) -> list[Decided]:
    backtest = Backtest(config or a_config(), assumed)
    some = [one for minute, fields in events for one in backtest.take(*taken(minute, **fields))]
    return some + backtest.finish()


def said(some: Iterable[Decided]) -> list[tuple[str, str, Code]]:
    return [(one.alarm.event_id, one.decision.kind.value, one.decision.reason.code) for one in some]


def page(**guardrails: int) -> Config:
    lines = "".join(f"  {name}: {value}\n" for name, value in guardrails.items())
    return a_config(PAGE.replace("guardrails:\n", f"guardrails:\n{lines}"))


OVER = {"status": "0"}
REBOOTED = {"type": "cvm:ErrorEvent:GuestReboot", "status": "-"}
OTHER = {"subject": "ins-other"}


@pytest.mark.parametrize(
    ("events", "answers"),
    [
        pytest.param(
            [(0, {}), (2, {}), (4.9, OVER), (6, {})],
            ["remediate rule_runs", "join joined", "recovered recovery", "remediate rule_runs"],
            id="over before the reboot: the run ends, and was no attempt",
        ),
        pytest.param(
            [(0, {}), (5.1, OVER), (6, {}), (7, OVER)],
            ["remediate rule_runs", "recovered recovery", "notify relapse", "recovered recovery"],
            id="over after the reboot: what fires then is decided when the run has ended, and what follows after it",
        ),
        pytest.param(
            [(0, {}), (4, REBOOTED), (6, REBOOTED), (12, REBOOTED), (13, REBOOTED)],
            [
                "remediate rule_runs",
                "notify foreign_reboot",
                "suppress our_reboot",
                "suppress our_reboot",
                "notify foreign_reboot",
            ],
            id="the echo of a reboot lasts until five minutes after it is back",
        ),
        pytest.param(
            [(0, {}), (11, {}), (371, {}), (1441, {})],
            ["remediate rule_runs", "notify relapse", "notify day_used", "remediate rule_runs"],
            id="a relapse within the watch, once a day, and the next day",
        ),
        pytest.param(
            [(0, {"id": "e"}), (1440 + 9, {"id": "e", "status": "0"}), (2 * 1440 + 10, {"id": "e"})],
            ["remediate rule_runs", "conflict conflict", "remediate rule_runs"],
            id="an incident is forgotten a day after the last that happened to it",
        ),
        pytest.param(
            [(0, {}), (-10, {"id": "late"}), (-40, {"id": "later"})],
            ["remediate rule_runs", "join joined", "expire too_old"],
            id="the clock never goes back",
        ),
    ],
)
def test_the_assumed_run_and_the_clock_make_the_decisions(events: list[Event], answers: list[str]) -> None:
    some = sorted(decided(events), key=lambda one: [minute for minute, _ in events].index(_minute(one)))
    assert [f"{one.decision.kind.value} {one.decision.reason.code.value}" for one in some] == answers


def _minute(one: Decided) -> float:
    return (one.alarm.occurred_at - NOW).total_seconds() / 60


@pytest.mark.parametrize(("minutes", "kind"), [(9, Kind.JOIN), (10, Kind.NOTIFY)])
def test_a_run_takes_as_long_as_is_assumed(minutes: float, kind: Kind) -> None:
    assert decided([(0, {}), (minutes, {})])[1].decision.kind is kind
    twice = Assumed(takes_seconds=2 * 600)
    assert decided([(0, {}), (2 * minutes, {})], twice)[1].decision.kind is kind


def test_a_run_ends_as_is_assumed() -> None:
    codes = [
        decided([(0, {}), (30, {})], Assumed(outcome=outcome))[1].decision.reason.code
        for outcome in (Outcome.RECOVERED, Outcome.HANDED_OVER, Outcome.REFUSED)
    ]
    assert codes == [Code.RELAPSE, Code.ATTEMPTS_USED, Code.RULE_RUNS]


def test_what_waits_has_its_turn_when_the_run_before_it_ends() -> None:
    some = decided([(0, {}), (1, OTHER)], config=page(max_acting=1))
    assert said(some) == [
        ("e-0", "remediate", Code.RULE_RUNS),
        ("e-1", "hold", Code.MANY_ACTING),
        ("e-1", "remediate", Code.RULE_RUNS),
    ]
    assert some[2].waited is not None
    assert some[2].decision.decided_at - some[2].waited.since == timedelta(minutes=9)


def test_what_waits_for_too_long_is_told_to_people_at_that_time() -> None:
    some = decided([(0, {}), (1, OTHER)], Assumed(takes_seconds=7200), page(max_acting=1))
    assert said(some)[2] == ("e-1", "expire", Code.HELD_TOO_LONG)
    assert some[2].decision.needs_people
    assert timedelta(minutes=61) < some[2].decision.decided_at - NOW < timedelta(minutes=62)


def test_what_is_over_while_it_waits_leaves_its_place_to_the_next() -> None:
    third = {"subject": "ins-third"}
    some = decided([(0, {}), (1, OTHER), (2, third), (3, {**OTHER, **OVER})], config=page(max_acting=1))
    assert said(some)[3:] == [
        ("e-3", "recovered", Code.RECOVERY),
        ("e-1", "expire", Code.OVER_ALREADY),
        ("e-2", "remediate", Code.RULE_RUNS),
    ]
    assert [one - NOW for one in _of(some)[3:]] == [timedelta(minutes=minute) for minute in (3, 3, 10)]


def test_in_a_storm_never_more_act_than_the_limits_allow() -> None:
    storm = [(number / 60, {"subject": f"ins-{number}"}) for number in range(500)]
    assumed = Assumed(takes_seconds=300)
    backtest = Backtest(a_config(), assumed)
    some = [one for minute, fields in storm for one in backtest.take(*taken(minute, **fields))] + backtest.finish()
    starts = [one.decision.decided_at for one in some if one.decision.kind is Kind.REMEDIATE]
    span, hour = timedelta(seconds=300), timedelta(hours=1)

    assert max(sum(one - span < other <= one for other in starts) for one in starts) == 3
    assert max(sum(one - hour < other <= one for other in starts) for one in starts) == 10
    assert backtest.busiest == {"ap-guangzhou": (3, starts[2])}
    finals = Counter(one.number for one in some if one.is_final)
    assert len([one for one in some if one.is_final]) == 500
    assert finals.total() == 500
    assert {one.decision.kind for one in some if one.is_final} == {Kind.REMEDIATE, Kind.EXPIRE}


def test_more_than_a_region_lists_ask_again_by_themselves() -> None:
    storm = [(0.0005 * number, {"subject": f"ins-{number}"}) for number in range(1010)]
    some = decided(storm, Assumed(takes_seconds=60))
    full = [one for one in some if one.decision.reason.code is Code.TOO_MANY_WAIT]
    assert len({one.alarm.instance_id for one in full}) == 7
    assert len([one for one in some if one.is_final]) == 1010


def test_a_rule_that_observes_is_taken_to_act_unless_it_is_asked_as_it_is_written() -> None:
    observing = a_config(PAGE.replace("mode: act", "mode: observe"))
    events = [(0, {}), (1, {}), (2, OTHER)]
    # What joins is told when the run that it joined is over.
    assert sorted(said(decided(events, config=observing)))[1][1] == "join"
    assert [kind for _, kind, _ in said(decided(events, config=observing))] == ["remediate", "remediate", "join"]
    written = decided(events, Assumed(acts=False), observing)
    assert [kind for _, kind, _ in said(written)] == ["remediate", "remediate", "remediate"]
    backtest = Backtest(observing, Assumed(acts=False))
    backtest.take(*taken(0))
    assert backtest.busiest == {}


@pytest.mark.parametrize(
    ("tags", "kind", "code"),
    [
        (None, Kind.REMEDIATE, Code.RULE_RUNS),
        ({"ins-0abc1234": {"medic": "on"}}, Kind.REMEDIATE, Code.RULE_RUNS),
        ({"ins-0abc1234": {}}, Kind.NOTIFY, Code.OUT_OF_SCOPE),
        ({}, Kind.NOTIFY, Code.INSTANCE_UNKNOWN),
    ],
)
def test_an_inventory_says_which_instances_are_in_reach(tags: Any, kind: Kind, code: Code) -> None:
    (one,) = decided([(0, {})], Assumed(tags=tags))
    assert (one.decision.kind, one.decision.reason.code) == (kind, code)


def test_what_the_log_received_later_is_decided_later() -> None:
    event = an_event(time=int(NOW.timestamp() * 1000))
    late = read_alarm(Recorded(1, event, received_at=NOW + timedelta(minutes=31)), LATER)
    (one,) = Backtest(a_config()).take(*late)
    assert (one.decision.kind, one.decision.decided_at) == (Kind.EXPIRE, NOW + timedelta(minutes=31))


def test_what_a_reboot_raised_and_nobody_reported_as_over_is_counted() -> None:
    ping = {"type": "cvm:ErrorEvent:PingUnreachable"}
    open_, over = Backtest(a_config()), Backtest(a_config())
    for minute, fields in [(0, {}), (6, ping), (30, OTHER)]:
        open_.take(*taken(minute, **fields))
    for minute, fields in [(0, {}), (6, ping), (7, {**ping, **OVER}), (30, OTHER)]:
        over.take(*taken(minute, **fields))
    assert (open_.echoes_unanswered, over.echoes_unanswered) == (1, 0)


def test_what_is_kept_depends_on_a_day_and_not_on_the_length_of_the_recording() -> None:
    backtest = Backtest(a_config())
    kinds: list[dict[str, Any]] = [{}, OVER, REBOOTED, {"type": "cvm:ErrorEvent:GuestOom"}]
    kept: list[int] = []
    for number in range(3000):
        backtest.take(*taken(number * 20, **kinds[number % 4], subject=f"ins-{number:05d}"[:9]))
        kept.append(backtest.kept)
    a_day = 24 * 3
    assert max(kept[2000:]) <= max(kept[: 2 * a_day + 10]) + 5
    assert max(kept) < 5 * a_day


def _of(some: Iterable[Decided]) -> list[datetime]:
    return [one.decision.decided_at for one in some]


def test_the_same_recording_has_the_same_answers() -> None:
    events = [(number / 7, {"subject": f"ins-{number % 5}"}) for number in range(100)]
    assert (said(decided(events)), _of(decided(events))) == (said(decided(events)), _of(decided(events)))


def test_two_pages_differ_only_where_they_answer_differently_and_nothing_is_kept_of_it() -> None:
    here, there, comparison = Backtest(page(max_acting=1)), Backtest(page(max_acting=2)), Comparison()
    differences: list[Difference] = []
    kept: list[int] = []
    for number in range(200):
        alarm, at = taken(number * 4, subject=f"ins-{number // 2}" if number % 10 else "ins-other")
        differences += comparison.add(here.take(alarm, at, number), there.take(alarm, at, number))
        kept.append(comparison.kept)
    differences += comparison.add(here.finish(), there.finish())
    assert comparison.kept == 0
    assert max(kept[100:]) <= max(kept[:100])
    assert differences
    assert all(one.here.compared != one.there.compared for one in differences)

    none = Comparison()
    first, second = Backtest(a_config()), Backtest(a_config())
    assert [list(none.add(first.take(*taken(one), one), second.take(*taken(one), one))) for one in range(3)] == [[]] * 3


def test_a_time_that_is_still_to_come_does_not_carry_the_clock_away() -> None:
    recorded = Recorded(1, an_event(), received_at=LATER + timedelta(days=9))
    assert read_alarm(recorded, LATER)[1] == LATER
