"""Healthy, unhealthy or unknown: an error of a probe is the last, and only what is newer than the reboot counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.cloud import Agent, Operation
from remediation.health import Health, Judgement, Reading, judge, read_health
from remediation.reasons import Code, because
from tests.remediation.facts import NOW, a_sighting, an_instance

REBOOTED_AT = NOW - timedelta(minutes=3)
OURS = Operation(name="RebootInstances", state="SUCCESS", request_id="r-ours")
BEATING = Agent(online=True, last_heartbeat=NOW - timedelta(minutes=1))


def judged(*, recovered_at: datetime | None = None, **changes: Any) -> Judgement:
    instance = changes.pop("instance", an_instance(operation=OURS))
    sighting = a_sighting(**{"instance": instance, "agent": BEATING, **changes})
    return judge(read_health(sighting, request_id="r-ours", back_at=REBOOTED_AT, recovered_at=recovered_at))


def codes(reasons: tuple[Any, ...]) -> list[Code]:
    return [reason.code for reason in reasons]


def test_all_that_is_demanded_is_proven_and_the_rest_is_said() -> None:
    judgement = judged()
    assert judgement.health is Health.HEALTHY
    assert codes(judgement.proven) == [Code.REBOOT_DONE, Code.RUNNING, Code.HEARTBEAT, Code.QUIET]
    assert codes(judgement.unproven) == [Code.NO_RECOVERY_ALARM, Code.GUEST_NOT_PROBED]


@pytest.mark.parametrize(
    ("changes", "health", "unproven"),
    [
        pytest.param({"agent": None}, Health.HEALTHY, Code.AGENT_ABSENT, id="no agent is demanded where there is none"),
        pytest.param(
            {"agent": None, "agent_error": "no permission"},
            Health.UNKNOWN,
            Code.AGENT_UNREADABLE,
            id="agent unreadable",
        ),
        pytest.param(
            {"agent_error": "no permission"},
            Health.UNKNOWN,
            Code.AGENT_UNREADABLE,
            id="an error outweighs what is there",
        ),
        pytest.param({"agent": Agent(online=True)}, Health.UNKNOWN, Code.NO_HEARTBEAT, id="online, but never beat"),
        pytest.param(
            {"agent": Agent(online=True, last_heartbeat=REBOOTED_AT)}, Health.UNKNOWN, Code.NO_HEARTBEAT, id="as old"
        ),
        pytest.param(
            {"agent": Agent(online=True, last_heartbeat=REBOOTED_AT - timedelta(seconds=1))},
            Health.UNKNOWN,
            Code.NO_HEARTBEAT,
            id="a heartbeat older than the reboot proves nothing",
        ),
        pytest.param({"instance": None}, Health.UNHEALTHY, Code.NOT_RUNNING, id="the instance is gone"),
        pytest.param(
            {"instance": an_instance(operation=OURS, state="STOPPED")}, Health.UNHEALTHY, Code.NOT_RUNNING, id="stopped"
        ),
        pytest.param(
            {"instance": an_instance(operation=OURS.model_copy(update={"state": "FAILED"}))},
            Health.UNHEALTHY,
            Code.REBOOT_FAILED,
            id="the reboot failed",
        ),
        pytest.param(
            {"instance": an_instance(operation=OURS.model_copy(update={"state": "OPERATING"}))},
            Health.UNKNOWN,
            Code.REBOOT_UNKNOWN,
            id="the reboot is not reported yet",
        ),
        pytest.param(
            {"instance": an_instance(operation=OURS.model_copy(update={"request_id": "r-theirs"}))},
            Health.UNKNOWN,
            Code.REBOOT_UNKNOWN,
            id="somebody else's success is not ours",
        ),
        pytest.param(
            {"instance": an_instance(operation=Operation(state="FAILED", request_id="r-theirs"))},
            Health.UNKNOWN,
            Code.REBOOT_UNKNOWN,
            id="somebody else's failure is not ours",
        ),
    ],
)
def test_what_is_not_proven_is_not_called_recovered(changes: dict[str, Any], health: Health, unproven: Code) -> None:
    judgement = judged(**changes)
    assert judgement.health is health
    assert unproven in codes(judgement.unproven)


@pytest.mark.parametrize(
    ("recovered_at", "proven"),
    [(None, False), (REBOOTED_AT - timedelta(seconds=1), False), (REBOOTED_AT, True), (NOW, True)],
)
def test_a_recovery_alarm_is_evidence_only_after_the_reboot(recovered_at: datetime | None, proven: bool) -> None:
    judgement = judged(recovered_at=recovered_at)
    assert (Code.SYMPTOM_GONE in codes(judgement.proven)) == proven
    assert judgement.health is Health.HEALTHY  # it is never demanded: some faults send none


def test_a_recovery_alarm_alone_proves_nothing() -> None:
    judgement = judged(recovered_at=NOW, instance=an_instance(), agent=Agent(online=False))
    assert judgement.health is Health.UNKNOWN


def test_no_reading_at_all_proves_nothing() -> None:
    assert judge(()).health is Health.UNKNOWN


READINGS = st.builds(
    Reading,
    probe=st.just("p"),
    health=st.sampled_from(Health),
    why=st.just(because(Code.PROVEN)),
    required=st.booleans(),
)


@given(st.lists(READINGS, max_size=6))
def test_healthy_means_that_every_required_reading_is(readings: list[Reading]) -> None:
    required = [one.health for one in readings if one.required]
    judgement = judge(tuple(readings))
    assert (judgement.health is Health.HEALTHY) == (bool(required) and set(required) == {Health.HEALTHY})
    assert (judgement.health is Health.UNHEALTHY) == (Health.UNHEALTHY in required)
    assert len(judgement.proven) + len(judgement.unproven) == len(readings)
