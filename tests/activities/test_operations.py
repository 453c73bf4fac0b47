"""One reboot, with a ready snapshot of every disk, and its end recognised by our own request's id."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.operations import OperationActivities
from activities.polling import Pace
from remediation.acts import OperationSent
from remediation.cloud import REBOOT, START, STOP, Disk, Instance, ReadySnapshot
from remediation.contract import FINAL_WHEN_MUTATING, Queue
from remediation.errors import AlreadySo, CloudError, NotYet, OutcomeUnknown, Refused, Throttled
from remediation.freezes import Freeze
from remediation.permits import MAX_READING_AGE_SECONDS
from remediation.rates import CALLS
from remediation.reasons import Code
from remediation.runbooks import Mode
from tests.activities.hands import Thawed, a_reboot_input, attempt, lost, now, operation, protected, raising
from tests.clouds import StagedCloud
from tests.remediation.facts import DATA, SYSTEM, a_freeze, an_instance, an_order, ready


def hands(cloud: StagedCloud) -> OperationActivities:
    return OperationActivities(cloud, Pace(), Thawed())


def rebooted(cloud: StagedCloud) -> OperationSent:
    return attempt().run(hands(cloud).reboot_instance, a_reboot_input())


# --- reboot_instance ---


def test_a_reboot_is_sent_once_after_looking_and_within_the_queues_budget() -> None:
    cloud = protected()
    done = rebooted(cloud)
    assert (done.request_id, done.adopted) == ("r-1", False)
    assert cloud.mutating() == [REBOOT]
    assert cloud.calls[-1] == REBOOT
    budget = {call: count for call, count in CALLS[Queue.REBOOTS].items() if call not in (STOP, START)}
    assert {call: cloud.calls.count(call) for call in cloud.calls} == budget


def test_a_frozen_region_is_asked_after_the_last_reading_and_nothing_is_sent() -> None:
    cloud, freezes = protected(), Thawed(a_freeze())
    with pytest.raises(Refused, match=r"ada froze ap-guangzhou until .*: we move house") as refused:
        attempt().run(OperationActivities(cloud, Pace(), freezes).reboot_instance, a_reboot_input())
    assert freezes.asked == ["ap-guangzhou"]
    assert cloud.mutating() == []
    carried = refused.value.__cause__
    assert isinstance(carried, ApplicationError)
    assert carried.details[0]["code"] == Code.FROZEN


def test_while_nobody_knows_whether_it_is_frozen_nothing_is_sent_and_it_is_tried_again() -> None:
    class Unreadable:
        def in_force(self, region: str) -> Freeze | None:
            raise Throttled("not sent: Temporal is away", region=region)

    cloud = protected()
    with pytest.raises(Throttled, match="Temporal is away"):
        attempt().run(OperationActivities(cloud, Pace(), Unreadable()).reboot_instance, a_reboot_input())
    assert cloud.mutating() == []
    assert Throttled.__name__ not in FINAL_WHEN_MUTATING


def test_the_freeze_is_read_under_the_permit_so_that_an_old_reading_sends_nothing() -> None:
    """A worker that sleeps after it read "no freeze" wakes up with a permit that is worth nothing."""
    cloud, asked = protected(), []

    class Slow:
        def in_force(self, region: str) -> Freeze | None:
            asked.append(list(cloud.calls))
            return None

    attempt().run(OperationActivities(cloud, Pace(), Slow()).reboot_instance, a_reboot_input())
    # All that the guard reads was read before; the send is all that comes after.
    assert asked == [cloud.calls[:-1]]
    assert cloud.calls[-1] == REBOOT


@pytest.mark.parametrize(
    "held",
    [
        pytest.param((), id="none"),
        pytest.param((ready(SYSTEM),), id="one of two"),
        pytest.param((ready(DATA),), id="the other of two"),
    ],
)
def test_a_reboot_without_a_snapshot_of_every_disk_is_refused_and_not_sent(held: tuple[ReadySnapshot, ...]) -> None:
    cloud = protected()
    with pytest.raises(Refused, match="not sent"):
        attempt().run(hands(cloud).reboot_instance, a_reboot_input(ready=held))
    assert cloud.mutating() == []


def test_a_snapshot_that_vanished_meanwhile_blocks_the_reboot() -> None:
    cloud = protected(ready(SYSTEM))
    with pytest.raises(Refused, match="disk-dat"):
        rebooted(cloud)
    assert cloud.mutating() == []


def test_a_snapshot_that_is_not_whole_blocks_the_reboot() -> None:
    cloud = protected(polls_until_ready=2)
    with pytest.raises(Refused, match="not sent"):
        rebooted(cloud)
    assert cloud.mutating() == []


def test_a_disk_that_was_attached_meanwhile_blocks_the_reboot() -> None:
    cloud = protected(disks=(SYSTEM, DATA, Disk(disk_id="disk-new")))
    with pytest.raises(Refused, match="disk-new"):
        rebooted(cloud)
    assert cloud.mutating() == []


def test_observing_sends_nothing() -> None:
    cloud = protected()
    with pytest.raises(Refused, match="observe"):
        attempt().run(hands(cloud).reboot_instance, a_reboot_input(order=an_order(mode=Mode.OBSERVE)))
    assert cloud.mutating() == []


@pytest.mark.parametrize(
    ("instance", "kind"),
    [
        pytest.param(None, Refused, id="unknown"),
        pytest.param(an_instance(tags={}), Refused, id="out of scope"),
        pytest.param(an_instance(state="STOPPED"), Refused, id="stopped"),
        pytest.param(an_instance(restrict_state="EXPIRED"), Refused, id="isolated"),
        pytest.param(an_instance(state="REBOOTING"), NotYet, id="busy"),
    ],
)
def test_what_a_guardrail_forbids_is_not_sent(instance: Instance | None, kind: type[CloudError]) -> None:
    cloud = protected(instance=lambda _: instance)
    with pytest.raises(kind, match="not sent"):
        rebooted(cloud)
    assert cloud.mutating() == []


def test_an_alarm_that_is_too_old_by_now_is_not_acted_on() -> None:
    cloud = protected()
    with pytest.raises(Refused, match="not sent"):
        attempt().run(hands(cloud).reboot_instance, a_reboot_input(alarmed_at=now() - timedelta(hours=2)))
    assert cloud.mutating() == []


def test_an_attempt_whose_time_is_up_sends_nothing() -> None:
    cloud = protected()
    with pytest.raises(NotYet, match="not sent: this attempt's time is up"):
        attempt(begun_ago=40, allowed=30).run(hands(cloud).reboot_instance, a_reboot_input())
    assert cloud.mutating() == []


def test_a_second_attempt_after_a_reboot_of_ours_sends_no_second_one() -> None:
    cloud = protected(polls_until_back=0)
    rebooted(cloud)
    with pytest.raises(Refused, match="not sent"):
        rebooted(cloud)
    assert cloud.mutating() == [REBOOT]


def test_an_instance_with_an_operation_in_progress_is_read_again() -> None:
    cloud = raising(
        REBOOT, AlreadySo("busy", action=REBOOT, code="OperationDenied.InstanceOperationInProgress"), protected()
    )
    with pytest.raises(NotYet, match="OperationInProgress"):
        rebooted(cloud)


def test_somebody_elses_reboot_for_which_ours_is_refused_is_not_taken_for_ours() -> None:
    cloud = protected(polls_until_back=99)

    def somebody_was_faster(action: str) -> None:
        if action == REBOOT:
            operation(cloud, name=REBOOT, state="OPERATING", request_id="r-theirs")
            raise AlreadySo("busy", action=REBOOT, code="UnsupportedOperation.InstanceStateRebooting")

    cloud.on_call = somebody_was_faster
    with pytest.raises(NotYet, match="InstanceStateRebooting"):
        rebooted(cloud)
    with pytest.raises(Refused, match="r-theirs"):
        rebooted(cloud)


def test_each_attempt_reads_the_instance_anew() -> None:
    cloud = protected(instance=lambda _: an_instance(state="REBOOTING"))
    same_worker = hands(cloud)
    with pytest.raises(NotYet):
        attempt().run(same_worker.reboot_instance, a_reboot_input())
    cloud.instance = lambda _: an_instance(state="STOPPED")
    with pytest.raises(Refused, match="STOPPED"):
        attempt().run(same_worker.reboot_instance, a_reboot_input())
    assert cloud.mutating() == []


def test_a_reading_that_took_too_long_is_too_old_to_send_on(monkeypatch: pytest.MonkeyPatch) -> None:
    times = [1000.0]
    monkeypatch.setattr("activities.acting.clock", lambda: times[-1])
    cloud = protected()

    def slow(action: str) -> None:
        if action == "DescribeDisks":
            times.append(times[-1] + MAX_READING_AGE_SECONDS + 1)

    cloud.on_call = slow
    with pytest.raises(NotYet, match="the guard's reading is 11 s old"):
        rebooted(cloud)
    assert cloud.mutating() == []


@pytest.mark.parametrize("error", [OutcomeUnknown("lost"), ValueError("our bug")])
def test_a_lost_answer_and_a_bug_of_ours_are_unknown(error: Exception) -> None:
    cloud = protected()
    cloud.after_effect = raising(REBOOT, error, StagedCloud()).on_call
    with pytest.raises(OutcomeUnknown):
        rebooted(cloud)
    found = attempt().run(hands(cloud).find_reboot, lost(60, a_reboot_input()))
    assert found is not None
    assert (found.request_id, found.adopted) == ("r-1", True)


# --- find_reboot ---


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "RunInstances", "state": "SUCCESS", "request_id": "r-0"},
        {"name": "StopInstances", "state": "SUCCESS", "request_id": "r-theirs"},
        {"name": REBOOT, "state": "SUCCESS", "request_id": "r-0"},
        {"name": REBOOT, "state": "SUCCESS", "request_id": ""},
    ],
)
def test_what_was_there_before_is_no_effect(facts: dict[str, str]) -> None:
    cloud = operation(StagedCloud(), **facts)
    with pytest.raises(ApplicationError, match="whether RebootInstances was carried out shows until"):
        attempt().run(hands(cloud).find_reboot, lost(60, a_reboot_input()))
    assert attempt().run(hands(cloud).find_reboot, lost(-1, a_reboot_input())) is None


def test_what_came_while_it_was_looked_for_is_looked_for_again() -> None:
    cloud = operation(StagedCloud(), name="RunInstances", state="SUCCESS", request_id="r-0")

    doubtful = lost(0.2, a_reboot_input())

    def slow(_: str) -> None:
        while now() <= doubtful.settled_at:
            pass  # the answer is under way until it can no longer come

    cloud.on_call = slow
    with pytest.raises(ApplicationError, match="shows until"):
        attempt().run(hands(cloud).find_reboot, doubtful)
    assert attempt().run(hands(cloud).find_reboot, lost(-1, a_reboot_input())) is None
