"""The permit of a mutating call, and which of its failures may be tried again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from temporalio import activity

from activities.acting import begin_permit, clock, obey, only_proven_failures_return
from activities.clients.credentials import Credentials
from activities.clients.tencent import TencentCloud
from activities.cloud import Cloud
from remediation import errors
from remediation.errors import CloudError, NotYet, OutcomeUnknown, Refused
from remediation.guardrails import GO, Ruling, Verdict
from remediation.permits import MAX_READING_AGE_SECONDS, SendPermit
from remediation.reasons import Code, because
from remediation.runbooks import Mode
from tests.activities.hands import attempt, now
from tests.clouds import StagedCloud

NOWHERE = "http://127.0.0.1:9"


@activity.defn
def permit_now(mode: Mode) -> SendPermit:
    return begin_permit(mode)


def test_a_permit_is_good_for_what_is_left_of_the_attempt() -> None:
    permit = attempt(allowed=30).run(permit_now, Mode.ACT)
    assert permit.refusal() is None
    assert 27 < permit.deadline - clock() <= 28


@pytest.mark.parametrize("begun_ago", [28.5, 30, 3600])
def test_a_worker_that_slept_before_it_began_may_not_send(begun_ago: float) -> None:
    permit = attempt(allowed=30, begun_ago=begun_ago).run(permit_now, Mode.ACT)
    assert "this attempt's time is up" in str(permit.refusal())


def test_a_worker_that_slept_after_the_reading_may_not_send() -> None:
    permit = attempt(allowed=30).run(permit_now, Mode.ACT)
    woken = clock() + MAX_READING_AGE_SECONDS + 1
    assert "the guard's reading is" in str(replace(permit, clock=lambda: woken).refusal())
    assert "this attempt's time is up" in str(replace(permit, clock=lambda: woken + 30).refusal())


CLOUDS: list[Cloud] = [
    StagedCloud(),
    # Nothing listens there: if it were sent, it would be another error.
    TencentCloud(Credentials({"TENCENTCLOUD_SECRET_ID": "id", "TENCENTCLOUD_SECRET_KEY": "k"}), endpoint=NOWHERE),
]


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: type(cloud).__name__)
@pytest.mark.parametrize(
    ("mode", "age", "left", "kind", "why"),
    [
        (Mode.ACT, 11, 20, NotYet, "not sent: the guard's reading is 11 s old"),
        (Mode.ACT, 1, -1, NotYet, "not sent: this attempt's time is up"),
        (Mode.OBSERVE, 0, 20, Refused, "not sent: the rule's mode is observe"),
    ],
)
def test_what_has_no_good_permit_is_not_sent(
    cloud: Cloud, mode: Mode, age: float, left: float, kind: type[CloudError], why: str
) -> None:
    permit = SendPermit(mode=mode, read_at=clock() - age, deadline=clock() + left, clock=clock)
    with pytest.raises(kind, match=why):
        cloud.reboot_instance(permit, "ap-guangzhou", "ins-0abc1234", stop_type="SOFT")
    with pytest.raises(kind, match=why):
        cloud.create_snapshot(permit, "ap-guangzhou", "disk-sys", name="n", expires_at=now(), tags={})


def test_a_servers_clock_that_is_ahead_gives_no_extra_time() -> None:
    permit = attempt(allowed=30, begun_ago=-60).run(permit_now, Mode.ACT)
    assert permit.deadline - clock() <= 28


def test_an_attempt_without_a_bound_has_one_all_the_same() -> None:
    permit = attempt(allowed=None).run(permit_now, Mode.ACT)
    assert permit.deadline - clock() <= 28


def test_observing_never_permits() -> None:
    permit = attempt().run(permit_now, Mode.OBSERVE)
    assert permit.refusal() == "the rule's mode is observe: nothing is sent"


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("x"), TimeoutError(), AttributeError("x"), errors.MedicError("x")]
)
def test_an_error_of_ours_may_have_come_after_the_send_and_is_unknown(error: Exception) -> None:
    with (
        pytest.raises(OutcomeUnknown, match="an error of ours") as raised,
        only_proven_failures_return("CreateSnapshot", "gz"),
    ):
        raise error
    assert (raised.value.action, raised.value.region, raised.value.code) == ("CreateSnapshot", "gz", "OurBug")
    assert raised.value.__cause__ is error


@pytest.mark.parametrize("kind", CloudError.__subclasses__())
def test_a_cloud_error_keeps_its_class(kind: type[CloudError]) -> None:
    with pytest.raises(CloudError) as raised, only_proven_failures_return("CreateSnapshot", "ap-guangzhou"):
        raise kind("x")
    assert type(raised.value) is kind


def test_a_guardrail_that_allows_lets_it_go_on() -> None:
    obey(GO, "RebootInstances", "ap-guangzhou")


@pytest.mark.parametrize(("ruling", "kind"), [(Ruling.WAIT, NotYet), (Ruling.STOP, Refused)])
def test_a_guardrail_that_forbids_says_why(ruling: Ruling, kind: type[CloudError]) -> None:
    verdict = Verdict(ruling=ruling, reason=because(Code.ISOLATED, state="EXPIRED"))
    with pytest.raises(kind, match=r"RebootInstances in ap-guangzhou: not sent: .*EXPIRED.* \[Guard\]"):
        obey(verdict, "RebootInstances", "ap-guangzhou")
