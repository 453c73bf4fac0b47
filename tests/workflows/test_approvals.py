"""People are asked where the page says so, and a run goes on only by what they allowed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from remediation.approvals import Choice, Matter
from remediation.cloud import CREATE_SNAPSHOT, REBOOT, Snapshot
from remediation.contract import FLEET, fleet_id
from remediation.fleet import FleetShown
from remediation.reasons import Code
from remediation.report import Outcome
from tests.clouds import StagedCloud
from tests.workflows.answering import ASKS, answer, asked
from tests.workflows.staging import Ears, an_instance, skip, stage, without_tasks

pytestmark = pytest.mark.temporal

MODE_ASK = ("    mode: act", "    mode: ask")
SNAPSHOT = "    snapshot: {timeout: 4h}"
NOBODY = (SNAPSHOT, "    approval: {within: 1s}\n" + SNAPSHOT)


async def test_a_rule_that_asks_sends_nothing_before_a_yes_and_holds_no_place_of_the_region_meanwhile(
    client: Client, unique: str
) -> None:
    cloud, ears = StagedCloud(), Ears()
    async with stage(client, unique, cloud, MODE_ASK, ASKS, ears=ears) as on:
        await on.send()
        question = await asked(on, Matter.FIRST_ACTION)
        assert cloud.mutating() == []
        await answer(on, question)
        result = await on.ended()
        shown = await client.get_workflow_handle(fleet_id(cloud.region)).query(FLEET, result_type=FleetShown)
    assert result.outcome is Outcome.RECOVERED
    assert cloud.mutating() == [CREATE_SNAPSHOT, CREATE_SNAPSHOT, REBOOT]
    assert (shown.acting, shown.within_the_hour) == ((), 1)
    assert ears.headlines()[0] == "NEEDS YOU"


async def test_without_an_answer_people_take_over_and_nothing_was_touched(client: Client, unique: str) -> None:
    cloud = StagedCloud()
    async with stage(client, unique, cloud, MODE_ASK, ASKS, NOBODY) as on:
        await on.send()
        result = await on.ended()
    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.NOT_ANSWERED)
    assert cloud.mutating() == []


async def test_an_approval_is_waited_for_for_days_at_the_price_of_a_minute(
    time_skipping: WorkflowEnvironment, unique: str
) -> None:
    cloud = StagedCloud()
    days = (SNAPSHOT, "    approval: {within: 6d}\n" + SNAPSHOT)
    async with stage(time_skipping.client, unique, cloud, MODE_ASK, ASKS, days) as on:
        await on.send(at=await time_skipping.get_current_time())
        question = await asked(on, Matter.FIRST_ACTION)
        await skip(time_skipping, timedelta(days=1))
        assert cloud.mutating() == []
        await answer(on, question)
        result = await on.ended()
        history = await on.remediation.fetch_history()
    waited = next(step for step in result.steps if step.name == "ask")
    assert waited.seconds >= 86_400
    # The yes is fresh, however old the alarm has become.
    assert (result.outcome, cloud.mutating().count(REBOOT)) == (Outcome.RECOVERED, 1)
    assert without_tasks(history) <= 60


async def test_what_may_be_let_go_without_an_answer_ends_as_if_cancelled(client: Client, unique: str) -> None:
    let_go = (SNAPSHOT, "    approval: {within: 1s, otherwise: let_go}\n" + SNAPSHOT)
    async with stage(client, unique, StagedCloud(), MODE_ASK, ASKS, let_go) as on:
        await on.send()
        result = await on.ended()
    assert (result.outcome, result.reason.code) == (Outcome.CANCELLED, Code.NOT_ANSWERED)


async def test_a_recovery_while_people_are_asked_ends_it_at_once(client: Client, unique: str) -> None:
    cloud = StagedCloud()
    async with stage(client, unique, cloud, MODE_ASK, ASKS) as on:
        await on.send()
        await asked(on, Matter.FIRST_ACTION)
        await on.send(status="0")
        result = await on.ended()
    assert (result.outcome, cloud.mutating()) == (Outcome.RECOVERED_BY_ITSELF, [])


@pytest.mark.parametrize(("tag", "outcome"), [("off", Outcome.REFUSED), ("ask", Outcome.DENIED)])
async def test_an_instance_has_a_word_of_its_own(client: Client, unique: str, tag: str, outcome: Outcome) -> None:
    cloud = StagedCloud(instance=lambda _: an_instance(tags={"medic": tag}))
    everywhere = ('scope: {tag: "medic=on"}', "scope: all")
    async with stage(client, unique, cloud, everywhere, ASKS) as on:
        await on.send()
        if tag == "ask":
            await answer(on, await asked(on, Matter.FIRST_ACTION), Choice.STOP)
        result = await on.ended()
    assert (result.outcome, cloud.mutating()) == (outcome, [])


async def test_snapshots_that_take_long_are_asked_about_with_their_percentage(client: Client, unique: str) -> None:
    cloud = StagedCloud(polls_until_ready=1000)
    slow = (SNAPSHOT, "    snapshot: {timeout: 4h, ask_after: 2s}")
    async with stage(client, unique, cloud, slow, ASKS) as on:
        await on.send()
        question = await asked(on, Matter.SLOW_SNAPSHOT)
        assert [(one.disk_id, one.percent is not None) for one in question.disks] == [
            ("disk-sys", True),
            ("disk-dat", True),
        ]
        assert question.choices == (Choice.WAIT, Choice.UNPROTECTED, Choice.STOP)
        assert REBOOT not in cloud.mutating()
        await answer(on, question, Choice.UNPROTECTED)
        result = await on.ended()
    assert result.outcome is Outcome.RECOVERED
    assert [one.ready for one in result.snapshots] == [False, False]
    assert cloud.mutating().count(REBOOT) == 1


async def test_a_question_about_snapshots_is_withdrawn_once_they_are_ready(client: Client, unique: str) -> None:
    cloud = StagedCloud(polls_until_ready=1000)
    slow = (SNAPSHOT, "    snapshot: {timeout: 4h, ask_after: 1s}")
    async with stage(client, unique, cloud, slow, ASKS) as on:
        await on.send()
        await asked(on, Matter.SLOW_SNAPSHOT)
        cloud.polls_until_ready = 1
        result = await on.ended()
    assert (result.outcome, result.answers) == (Outcome.RECOVERED, ())
    assert all(one.ready for one in result.snapshots)


async def test_without_a_snapshot_it_goes_on_only_by_an_approval_that_names_the_disks(
    client: Client, unique: str
) -> None:
    cloud = StagedCloud(polls_until_ready=1000)
    fails = (SNAPSHOT, "    snapshot: {timeout: 2s, on_failure: ask}")
    async with stage(client, unique, cloud, fails, ASKS) as on:
        await on.send()
        question = await asked(on, Matter.NO_SNAPSHOT)
        assert [one.disk_id for one in question.disks] == ["disk-sys", "disk-dat"]
        await answer(on, question, Choice.UNPROTECTED)
        result = await on.ended()
    assert (result.outcome, cloud.mutating().count(REBOOT)) == (Outcome.RECOVERED, 1)


async def test_a_large_disk_is_asked_about_before_its_snapshot_is_begun(client: Client, unique: str) -> None:
    cloud = StagedCloud()
    large = (SNAPSHOT, "    snapshot: {timeout: 4h, max_size: 100}")
    async with stage(client, unique, cloud, large, ASKS) as on:
        await on.send()
        question = await asked(on, Matter.LARGE_DISK)
        assert ([one.disk_id for one in question.disks], cloud.mutating()) == (["disk-dat"], [])
        await answer(on, question)
        result = await on.ended()
    assert result.outcome is Outcome.RECOVERED


async def test_a_young_snapshot_from_before_the_alarm_is_reused(client: Client, unique: str) -> None:
    taken = datetime.now(timezone.utc) - timedelta(minutes=5)
    held = Snapshot(snapshot_id="snap-young", disk_id="disk-sys", name="n", state="NORMAL", percent=100, taken_at=taken)
    cloud = StagedCloud(snapshots={"snap-young": held})
    reuse = (SNAPSHOT, "    snapshot: {timeout: 4h, reuse: 12h}")
    async with stage(client, unique, cloud, reuse) as on:
        await on.send()
        result = await on.ended()
    assert result.outcome is Outcome.RECOVERED
    assert cloud.mutating() == [CREATE_SNAPSHOT, REBOOT]
    assert {one.disk_id: one.made_at for one in result.snapshots}["disk-sys"] == taken
