"""Readings of one instance, the wait for its return, and the proof that it is well."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from temporalio.exceptions import ApplicationError

from activities.instances import InstanceActivities
from activities.polling import Pace
from remediation.cloud import REBOOT
from remediation.contract import VerifyInput, WaitForOperationInput
from remediation.errors import NeedsPeople, Throttled
from remediation.health import Health, Reading
from remediation.reasons import Code, because
from remediation.runbooks import Verify
from tests.activities.hands import TARGET, attempt, now, operation, raising
from tests.clouds import StagedCloud
from tests.remediation.facts import DATA, SYSTEM, an_instance


class Asked:
    """Answers what it is told to; remembers where it was sent."""

    def __init__(self, *readings: Reading) -> None:
        self.readings, self.addresses = readings, list[str]()

    def probe(self, address: str, policy: Verify) -> tuple[Reading, ...]:
        self.addresses.append(address)
        return self.readings


def hands(cloud: StagedCloud) -> InstanceActivities:
    return InstanceActivities(cloud, Pace(), Asked())


# --- inspect_instance ---


def test_a_reading_has_the_instance_its_disks_and_its_agent() -> None:
    sighting = attempt().run(hands(StagedCloud()).inspect_instance, TARGET)
    assert sighting.instance is not None
    assert (sighting.instance.name, sighting.disks) == ("web-1", (SYSTEM, DATA))
    assert sighting.agent is not None
    assert abs(sighting.read_at - now()) < timedelta(seconds=10)


def test_an_instance_that_nobody_knows_has_no_disks() -> None:
    cloud = StagedCloud(instance=lambda _: None)
    assert attempt().run(hands(cloud).inspect_instance, TARGET).instance is None
    assert cloud.calls == ["DescribeInstances"]


def test_a_missing_permission_does_not_look_like_a_missing_agent() -> None:
    cloud = raising("DescribeAutomationAgentStatus", NeedsPeople("not allowed"), StagedCloud())
    sighting = attempt().run(hands(cloud).inspect_instance, TARGET)
    assert (sighting.agent, sighting.agent_error) == (None, "not allowed")


def test_an_agent_that_cannot_be_read_right_now_is_read_again() -> None:
    cloud = raising("DescribeAutomationAgentStatus", Throttled("slower"), StagedCloud())
    with pytest.raises(Throttled):
        attempt().run(hands(cloud).inspect_instance, TARGET)


# --- wait_until_done ---


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        pytest.param(
            {"name": "RunInstances", "state": "SUCCESS", "request_id": "r-0"}, "RUNNING", id="an early RUNNING"
        ),
        pytest.param({"name": REBOOT, "state": "OPERATING", "request_id": "r-1"}, "RUNNING", id="begun, still RUNNING"),
        pytest.param({"name": REBOOT, "state": "OPERATING", "request_id": "r-1"}, "REBOOTING", id="rebooting"),
        pytest.param({"name": REBOOT, "state": "SUCCESS", "request_id": "r-1"}, "STARTING", id="done, not RUNNING"),
        pytest.param({"name": REBOOT, "state": "SUCCESS", "request_id": "r-theirs"}, "RUNNING", id="not our request"),
        pytest.param({"name": REBOOT, "state": "FAILED", "request_id": "r-theirs"}, "RUNNING", id="not our failure"),
    ],
)
def test_what_is_not_the_end_of_our_reboot_is_waited_over(facts: dict[str, str], state: str) -> None:
    cloud = operation(StagedCloud(instance=lambda _: an_instance(state=state), polls_until_back=99), **facts)
    with pytest.raises(ApplicationError, match=f"ins-0abc1234 is {state}, {facts['name']} {facts['state']}") as raised:
        attempt().run(hands(cloud).wait_until_done, WaitForOperationInput(target=TARGET, request_id="r-1"))
    assert raised.value.type == "NotYet"


def test_an_instance_that_does_not_show_is_looked_for_again() -> None:
    cloud = StagedCloud(instance=lambda _: None)
    with pytest.raises(ApplicationError, match="not found"):
        attempt().run(hands(cloud).wait_until_done, WaitForOperationInput(target=TARGET, request_id="r-1"))


@pytest.mark.parametrize(
    ("state", "instance_state"), [("SUCCESS", "RUNNING"), ("FAILED", "RUNNING"), ("FAILED", "STOPPED")]
)
def test_the_wait_ends_with_our_own_requests_success_or_failure(state: str, instance_state: str) -> None:
    cloud = StagedCloud(instance=lambda _: an_instance(state=instance_state))
    operation(cloud, name=REBOOT, state=state, request_id="r-1")
    sighting = attempt().run(hands(cloud).wait_until_done, WaitForOperationInput(target=TARGET, request_id="r-1"))
    assert sighting.instance is not None
    assert (sighting.instance.state, sighting.instance.operation.state) == (instance_state, state)


# --- verify_instance ---


def a_look(*, last: bool = False, back_at: datetime | None = None) -> VerifyInput:
    at = back_at or now() - timedelta(minutes=1)
    return VerifyInput(target=TARGET, request_id="r-1", back_at=at, last_look=last)


BACK = {"name": REBOOT, "state": "SUCCESS", "request_id": "r-1"}


def test_it_is_well_when_all_that_is_demanded_is_proven() -> None:
    judgement = attempt().run(hands(operation(StagedCloud(), **BACK)).verify_instance, a_look())
    assert judgement.health is Health.HEALTHY


@pytest.mark.parametrize("staging", [{"heartbeat": False}, {"instance": lambda _: an_instance(state="STOPPED")}])
def test_what_is_not_proven_yet_is_looked_at_again_until_the_last_look(staging: dict[str, object]) -> None:
    cloud = operation(StagedCloud(**staging), **BACK)  # type: ignore[arg-type]  # a table of its fields
    with pytest.raises(ApplicationError, match="not proven yet: ") as raised:
        attempt().run(hands(cloud).verify_instance, a_look())
    assert raised.value.type == "NotYet"
    assert attempt().run(hands(cloud).verify_instance, a_look(last=True)).health is not Health.HEALTHY


def test_a_heartbeat_older_than_the_reboot_proves_nothing() -> None:
    cloud = operation(StagedCloud(), **BACK)
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    judgement = attempt().run(hands(cloud).verify_instance, a_look(last=True, back_at=later))
    assert judgement.health is Health.UNKNOWN
    assert Code.NO_HEARTBEAT in [reason.code for reason in judgement.unproven]


def test_an_agent_that_may_not_be_read_leaves_it_unknown() -> None:
    cloud = raising("DescribeAutomationAgentStatus", NeedsPeople("no"), operation(StagedCloud(), **BACK))
    judgement = attempt().run(hands(cloud).verify_instance, a_look(last=True))
    assert judgement.health is Health.UNKNOWN
    assert Code.AGENT_UNREADABLE in [reason.code for reason in judgement.unproven]


def test_accident_an_error_of_every_read_is_no_sickness() -> None:
    cloud = raising("DescribeInstances", Throttled("down"), operation(StagedCloud(), **BACK))
    with pytest.raises(Throttled):
        attempt().run(hands(cloud).verify_instance, a_look(last=True))


@pytest.mark.parametrize(
    ("addresses", "health", "sent_to"),
    [
        (("10.0.0.7", "10.0.0.8"), Health.UNHEALTHY, ["10.0.0.7"]),
        (("127.0.0.1", "169.254.0.23"), Health.UNKNOWN, []),
        ((), Health.UNKNOWN, []),
    ],
)
def test_ports_are_probed_at_the_address_that_the_cloud_gives_and_at_no_other(
    addresses: tuple[str, ...], health: Health, sent_to: list[str]
) -> None:
    cloud = StagedCloud(instance=lambda _: an_instance(addresses=addresses))
    operation(cloud, name="RebootInstances", state="SUCCESS", request_id="r-1")
    refused = Reading(probe="tcp", health=Health.UNHEALTHY, why=because(Code.PROBE_FAILED, where="x", found="refused"))
    prober = Asked(refused)
    wanted = VerifyInput(target=TARGET, request_id="r-1", back_at=now(), policy=Verify(tcp=(22,)), last_look=True)
    judgement = attempt().run(InstanceActivities(cloud, Pace(), prober).verify_instance, wanted)
    assert (judgement.health, prober.addresses) == (health, sent_to)
