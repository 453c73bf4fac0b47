"""What an incident remembers: each thing that happens changes exactly what the next decision depends on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from remediation.decisions import Decision, Kind, decide, remembered
from remediation.events import Alarm
from remediation.incidents import REBOOT_ECHO, IncidentState, Run
from remediation.report import Outcome
from tests.remediation.facts import NOW, PAGE, a_config, an_alarm

A_MINUTE = timedelta(minutes=1)
NEVER_TRIES = PAGE.replace("guardrails:\n", "guardrails:\n  max_attempts: 0\n")


def at(minute: int) -> int:
    return int((NOW + minute * A_MINUTE).timestamp() * 1000)


def an_alarm_at(minute: int, **fields: object) -> Alarm:
    return an_alarm(**{"id": f"e-{minute}", "time": at(minute), **fields})


def told_at(state: IncidentState, minute: int, **fields: object) -> tuple[Decision, IncidentState]:
    """One event, decided where nothing may be tried; the decision and what is known after it."""
    alarm = an_alarm_at(minute, **fields)
    decision = decide(alarm, a_config(NEVER_TRIES), state, NOW + minute * A_MINUTE)
    return decision, remembered(state, decision, alarm)


def a_run(key: str, *, reboot: int | None = None, back: int | None = None, ended: int = 3) -> Run:
    return Run(
        run_key=key,
        rule="r",
        fault="DiskReadonly",
        started_at=NOW,
        watch_seconds=60,
        outcome=Outcome.RECOVERED,
        ended_at=NOW + ended * A_MINUTE,
        reboot_at=NOW + reboot * A_MINUTE if reboot is not None else None,
        back_at=NOW + back * A_MINUTE if back is not None else None,
    )


def test_what_fires_again_after_people_heard_that_it_is_over_is_told_however_soon() -> None:
    state, heard = IncidentState(), []
    for minute, status in enumerate("10101010"):
        decision, state = told_at(state, minute, status=status)
        if decision.recipients:
            heard.append((decision.kind, decision.needs_people))
    # The second end is told no more: what people heard last is that it is theirs, and a flapping instance is bounded.
    assert heard == [(Kind.NOTIFY, True), (Kind.RECOVERED, False), (Kind.NOTIFY, True)]


def test_the_end_of_a_relapse_that_people_were_called_for_is_told() -> None:
    state = IncidentState().with_run(a_run("cured", ended=0))
    relapse, state = told_at(state, 1)
    over, state = told_at(state, 2, status="0")
    assert relapse.needs_people
    assert (over.kind, bool(over.recipients)) == (Kind.RECOVERED, True)


def test_an_echo_of_a_reboot_stays_open_although_a_later_run_rebooted_nothing() -> None:
    state = IncidentState().with_run(a_run("first", reboot=1, back=2))
    state = state.echo_noted(an_alarm_at(2, type="PingUnreachable"))
    state = state.with_run(a_run("second", ended=4))
    assert state.unanswered_echoes(NOW + 2 * A_MINUTE + REBOOT_ECHO) == {"PingUnreachable": NOW + 2 * A_MINUTE}


@pytest.mark.parametrize(
    ("outcome", "recovered", "reopened"),
    [
        pytest.param(Outcome.RECOVERED_BY_ITSELF, {}, True, id="the run healed nothing"),
        pytest.param(Outcome.RECOVERED_BY_ITSELF, {"DiskReadonly": 1}, True, id="another symptom went by itself"),
        pytest.param(Outcome.RECOVERED_BY_ITSELF, {"PingUnreachable": 1}, True, id="an older end of the same"),
        pytest.param(Outcome.RECOVERED_BY_ITSELF, {"PingUnreachable": 3}, False, id="over as well"),
        pytest.param(Outcome.RECOVERED, {}, False, id="healed by a reboot"),
        pytest.param(Outcome.HANDED_OVER, {}, False, id="people have it"),
        pytest.param(Outcome.CANCELLED, {}, False, id="people wanted it to stop"),
    ],
)
def test_what_joined_a_run_is_reopened_when_the_run_did_nothing_about_it(
    outcome: Outcome, recovered: dict[str, int], reopened: bool
) -> None:
    ping = an_alarm_at(2, type="PingUnreachable")
    over = {fault: NOW + minute * A_MINUTE for fault, minute in recovered.items()}
    state = IncidentState(recovered=over).with_joined(ping).run_over(outcome)
    assert state.joined == ()
    assert state.reopened == ((ping,) if reopened else ())


def test_what_is_reopened_is_decided_once_more_and_is_no_duplicate() -> None:
    alarm = an_alarm_at(0)
    state = IncidentState().noted(alarm, told=False, at=NOW)
    assert decide(alarm, a_config(), state, NOW).kind is Kind.DUPLICATE
    again = state.model_copy(update={"again": alarm.event_id})
    assert decide(alarm, a_config(), again, NOW).kind is Kind.REMEDIATE
