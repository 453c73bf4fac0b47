"""The guard of a region on a real server: permits, turns, proof, freezes, and nothing lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.client import Client, WorkflowExecutionStatus

from remediation import contract, fleet, holding
from remediation.contract import EVERYWHERE
from remediation.fleet import FleetState
from remediation.reasons import Code
from tests.waiting import until
from tests.workflows.guarding import Region, guarded
from workflows import fleet_guard
from workflows.fleet_guard import FleetGuard

pytestmark = pytest.mark.temporal
SOON = timedelta(seconds=1)


@pytest_asyncio.fixture
async def region(client: Client, unique: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Region]:
    async with guarded(client, unique, monkeypatch) as one:
        yield one


async def test_a_turn_is_signalled_in_order_when_a_permit_is_given_back(region: Region) -> None:
    assert (await region.ask("a")).granted
    for name in ("b", "c"):
        answer = await region.ask(name)
        assert (answer.granted, answer.ask_again_seconds) == (False, 0)
        assert answer.reason is not None
        assert (answer.reason.code, answer.reason.facts["acting"]) == (Code.MANY_ACTING, "ins-a")
    await region.tell(contract.ENDED, "a", acted=True)
    await region.turn_of("b")
    assert (await region.acting(), await region.waiting()) == (["b"], ["c"])
    assert (await region.ask("b")).granted  # asked again, it is the same question
    await region.tell(contract.WITHDRAW, "b")
    await region.turn_of("c")


async def test_who_is_gone_when_the_turn_comes_keeps_nobody_from_theirs(region: Region) -> None:
    for name in ("a", "b", "c"):
        await region.ask(name)
    await region.incident("b").terminate()
    await region.tell(contract.ENDED, "a", acted=False)
    await region.turn_of("c")
    assert await region.acting() == ["c"]


async def test_what_cannot_be_read_is_answered_or_ignored_and_the_guard_lives_on(region: Region) -> None:
    await region.ask("a")
    for nonsense in (None, {"key": 1}, [1], {"region": region.name}):
        answer = await region.guard.execute_update(contract.ASK, nonsense, result_type=contract.PermitAnswer)
        assert (answer.granted, bool(answer.error), answer.ask_again_seconds) == (False, True, 300)
        for signal in (contract.SENT, contract.ENDED, contract.WITHDRAW):
            await region.guard.signal(signal, nonsense)
    assert "has no permits for" in (await region.ask("b", region=EVERYWHERE)).error
    assert await region.acting() == ["a"]


async def test_a_guard_that_is_cancelled_forgets_nothing(region: Region) -> None:
    await region.ask("a")
    await region.guard.cancel()
    assert not (await region.ask("b")).granted
    assert await region.acting() == ["a"]


async def test_a_permit_is_given_back_by_proof_alone_however_late_it_is(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_guard, "PROOF_EVERY", SOON)
    monkeypatch.setattr(contract, "IN_FLIGHT_SECONDS", 1)
    await region.ask("a")
    # The run that has the permit, which will not say that it has ended.
    run = await region.client.start_workflow(
        "Asker", id=contract.remediation_id(region.name, "ins-a"), task_queue=region.task_queue
    )
    await region.tell(contract.SENT, "a", run_id=run.first_execution_run_id)
    await region.ask("b")

    async def looked(times: int) -> bool:
        history = await region.guard.fetch_history()
        names = [one.activity_task_scheduled_event_attributes.activity_type.name for one in history.events]
        return names.count("find_ended") >= times

    async def looked_twice() -> bool:
        return await looked(2)

    await until(looked_twice)
    assert await region.acting() == ["a"]
    await run.terminate()
    await region.turn_of("b")
    assert (await region.shown()).within_the_hour == 2  # a, which acted, and b, which may at any moment


async def test_a_permit_of_a_run_that_never_began_is_given_back_when_its_asker_is_gone(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    await region.ask("a")
    await region.incident("a").terminate()
    # A new incident of the same instance: that it asks is reason enough to look.
    answer = await region.ask("a", key="key-a2")
    assert answer.reason is not None
    assert answer.reason.code is Code.STILL_HELD

    async def came() -> bool:
        return {"key": "key-a2"} in await region.incident("a").query("turns")

    await until(came)
    assert [one.asked.key for one in (await region.shown()).acting] == ["key-a2"]


async def test_a_permit_is_not_given_back_while_its_asker_lives_although_no_run_is_seen(region: Region) -> None:
    await region.ask("a")
    await region.ask("a", key="key-a2")

    async def looked() -> bool:
        history = await region.guard.fetch_history()
        return any(one.HasField("activity_task_completed_event_attributes") for one in history.events)

    await until(looked)
    assert [one.asked.key for one in (await region.shown()).acting] == ["key-a"]


async def test_a_freeze_is_read_as_soon_as_it_is_answered_and_ends_by_itself(region: Region) -> None:
    assert await region.frozen() is None
    answer = await region.freeze(4)
    assert await region.frozen() == answer.freeze
    assert answer.freeze is not None
    assert (answer.freeze.by, answer.freeze.reason, answer.freeze.where) == ("ada", "we move house", region.name)
    held = await region.ask("a")
    assert held.reason is not None
    assert held.reason.code is Code.FROZEN
    await region.turn_of("a")
    assert await region.frozen() is None


async def test_unfreezing_gives_those_who_wait_their_turn(region: Region) -> None:
    await region.freeze()
    await region.ask("a")
    lifted = await region.unfreeze()
    assert lifted.freeze is not None
    assert await region.frozen() is None
    await region.turn_of("a")
    assert (await region.unfreeze()).error == f"{region.name} is not frozen"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "  "}, "a freeze needs a reason"),
        ({"by": ""}, "by"),
        ({"until": None}, "until"),
        ({"until": "2020-01-01T00:00:00Z"}, "is not in the future"),
        ({"until": "2099-01-01T00:00:00Z"}, "31 days at most"),
        ({"until": "2099-01-01T00:00:00"}, "until"),
    ],
)
async def test_a_freeze_needs_a_reason_a_name_and_an_end(region: Region, changes: dict[str, Any], said: str) -> None:
    assert said in (await region.freeze(**changes)).error
    assert await region.frozen() is None


async def test_a_freeze_of_all_regions_holds_in_each_and_its_end_is_noticed(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_guard, "_EVERYWHERE_EVERY", SOON)
    await region.freeze(where=EVERYWHERE)
    try:
        held = await region.ask("a")
        assert held.reason is not None
        assert (held.reason.code, held.reason.facts["where"]) == (Code.FROZEN, EVERYWHERE)
        assert await region.frozen() is None
    finally:
        await region.unfreeze(where=EVERYWHERE)
    await region.turn_of("a")


async def test_who_waits_is_given_no_turn_into_a_freeze_of_all_regions_that_came_meanwhile(region: Region) -> None:
    await region.ask("a")
    await region.ask("b")
    await region.freeze(where=EVERYWHERE)
    try:
        await region.tell(contract.ENDED, "a", acted=False)

        async def learnt() -> bool:
            return (await region.shown()).freeze is not None

        await until(learnt)
        assert (await region.acting(), await region.waiting()) == ([], ["b"])
    finally:
        await region.unfreeze(where=EVERYWHERE)


async def test_a_freeze_outlives_a_guard_that_was_ended_by_force(region: Region) -> None:
    await region.freeze()
    await region.guard.terminate()
    assert await region.frozen() is not None


async def test_a_storm_loses_nobody_over_many_lives_of_the_guard(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = property(lambda self: workflow.info().get_current_history_length() > 40)
    monkeypatch.setattr(FleetGuard, "_has_grown_long", long)
    region.limits.update(max_acting=3, max_actions_per_hour=1000)
    names = [str(number) for number in range(30)]
    done: set[str] = set()
    most = 0

    async def repair(name: str) -> None:
        nonlocal most
        if not (await region.ask(name)).granted:
            await region.turn_of(name)
        most = max(most, len(await region.acting()))
        await region.tell(contract.SENT, name)
        await region.tell(contract.ENDED, name, acted=True)
        done.add(name)

    await region.freeze(600)
    repairs = [asyncio.create_task(repair(name)) for name in names]

    async def all_wait() -> bool:
        return len(await region.waiting()) == len(names)

    await until(all_wait, seconds=60)
    assert await region.frozen() is not None
    await region.unfreeze()
    await asyncio.wait_for(asyncio.gather(*repairs), 120)

    assert done == set(names)
    assert most <= 3
    described = await region.guard.describe()
    first = described.raw_description.workflow_execution_info.first_run_id
    assert described.run_id != first, "it has never continued as new"
    assert (await region.shown()).within_the_hour == len(names)


async def test_a_guard_closes_when_the_next_one_would_have_to_know_nothing(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_guard, "_CLOSE_AFTER", SOON)
    await region.ask("a")
    await region.tell(contract.ENDED, "a", acted=False)
    await asyncio.wait_for(region.guard.result(), 30)
    assert (await region.ask("b")).granted  # by a new one
    await region.tell(contract.ENDED, "b", acted=True)

    async def waits_for_the_hour() -> bool:
        events = (await region.guard.fetch_history()).events
        waits = [
            one.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
            for one in events
            if one.HasField("timer_started_event_attributes")
        ]
        return bool(waits) and waits[-1] > timedelta(minutes=59)

    await until(waits_for_the_hour)  # for so long what began counts
    assert (await region.guard.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_a_bug_in_a_round_delays_a_turn_and_does_not_lose_it(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_guard, "_AFTER_A_BUG", SOON)
    await region.ask("a")
    await region.ask("b")

    def broken(state: FleetState, now: object) -> bool:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(fleet, "has_turn", broken)
        await region.tell(contract.ENDED, "a", acted=False)

        async def given_back() -> bool:
            return await region.acting() == []

        await until(given_back)
    await region.turn_of("b")


async def test_those_who_wait_are_told_in_one_notice_that_is_kept_up_to_date(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "FIRST_AFTER", SOON)
    monkeypatch.setattr(holding, "AGAIN_AFTER", SOON)
    monkeypatch.setattr(holding, "OVER_AFTER", SOON)
    for name in ("a", "b", "c"):
        await region.ask(name)

    async def told(times: int) -> bool:
        return len(region.ears.heard) >= times

    async def told_once() -> bool:
        return await told(1)

    async def told_twice() -> bool:
        return await told(2)

    async def told_thrice() -> bool:
        return await told(3)

    await until(told_once)
    await region.tell(contract.ENDED, "a", acted=False)
    await region.turn_of("b")
    await until(told_twice)
    await region.tell(contract.ENDED, "b", acted=False)
    await region.turn_of("c")
    await until(told_thrice)

    first, second, last = region.ears.heard
    assert [one["headline"] for one in region.ears.heard] == ["HELD", "HELD", "OBSERVED"]
    assert f"{region.name} 有 2 个实例等候修复" in first["subject"]
    assert "- ins-b (disk-read-only)" in first["text"]
    assert "1 个实例" in second["subject"]
    assert "已没有实例等候" in last["subject"]
    assert len({one["notice"]["thread"] for one in region.ears.heard}) == 1
    assert len({one["id"] for one in region.ears.heard}) == 3
