"""A storm of notices on the real server: few messages, nothing lost, whatever becomes of the worker and of the fold."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client

import worker
from activities import folding as desk
from remediation import contract, folding
from remediation.decisions import Recipient
from remediation.notices import Headline, Notice
from remediation.reasons import Code, because
from tests.waiting import until
from tests.workflows.staging import Ears, Stage, stage
from workflows import notice_fold
from workflows.telling import Teller

pytestmark = pytest.mark.temporal
RULE = "disk-read-only"
ONCALL = Recipient(channel="oncall", place=0, kind="webhook")
DESK = Recipient(channel="desk", place=0, kind="webhook")


@workflow.defn
class Tells:
    """Whoever has something to tell."""

    @workflow.run
    async def run(self, notice: Notice, recipients: tuple[Recipient, ...], patience_seconds: float) -> list[str]:
        """Returns what could not be delivered, as far as this run knows."""
        teller = Teller()
        teller.tell(notice, recipients, patience_seconds=patience_seconds)
        await teller.finish()
        return teller.undelivered


@pytest.fixture(autouse=True)
def _somebody_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "WORKFLOWS", [*worker.WORKFLOWS, Tells])
    monkeypatch.setattr(worker, "STRICT", worker.STRICT.with_passthrough_modules("tests"))


def notices(some: Iterable[int], rule: str = RULE, headline: Headline = Headline.OBSERVED) -> list[Notice]:
    return [
        Notice(
            id=f"{rule}-{number}",
            headline=headline,
            instance_id=f"ins-{number:04}",
            region="ap-guangzhou",
            fault="DiskReadonly",
            rule=rule,
            reason=because(Code.RULE_NOTIFIES, rule=rule),
        )
        for number in some
    ]


async def tell(
    on: Stage, some: Iterable[Notice], *recipients: Recipient, attempt: str = "1", patience_seconds: float = 900
) -> list[list[str]]:
    """All at once, each by a run of its own."""
    return await asyncio.gather(
        *(
            on.client.execute_workflow(
                Tells.run,
                args=[one, recipients or (ONCALL,), patience_seconds],
                id=f"{on.task_queue}-{one.id}-{attempt}",
                task_queue=on.task_queue,
            )
            for one in some
        )
    )


def fold_of(on: Stage, rule: str = RULE) -> Any:
    return on.client.get_workflow_handle(contract.notice_fold_id(on.task_queue, rule))


def named(heard: Iterable[dict[str, Any]]) -> Counter[str]:
    """How often each instance was told about."""
    return Counter(one["instance_id"] for message in heard for one in (message["folded"] or [message]))


def once(count: int) -> dict[str, int]:
    return {f"ins-{number:04}": 1 for number in range(count)}


async def heard_of(ears: Ears, count: int) -> bool:
    return len(named(ears.heard)) >= count


async def test_of_sixty_at_once_five_are_told_alone_and_the_others_in_one(
    client: Client, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "WINDOW", timedelta(seconds=12))
    monkeypatch.setattr(folding, "REMEMBERED", timedelta(seconds=13))
    async with stage(client, unique) as on:
        await tell(on, notices(range(60)))
        assert len(on.ears.heard) == 5
        told = await fold_of(on).result()

    assert told == 1
    assert len(on.ears.heard) == 6
    assert named(on.ears.heard) == once(60)
    digest = on.ears.heard[-1]
    assert all(digest["text"].count(one["instance_id"]) == 1 for one in digest["folded"])
    assert digest["subject"] == "[OBSERVED] disk-read-only: 55 further notices in one"


async def test_the_count_outlives_the_worker_and_who_is_needed_hears_soon(
    client: Client, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "_NEEDED_WITHIN", timedelta(seconds=10))
    ears = Ears()
    some = notices(range(60), headline=Headline.NEEDS_YOU)
    async with stage(client, unique, ears=ears) as on:
        await tell(on, some[:30])
        assert len(ears.heard) == 5
    async with stage(client, unique, ears=ears) as on:
        await tell(on, some[30:])
        await until(lambda: heard_of(ears, 60))
        await fold_of(on).terminate("the test is over")

    assert named(ears.heard) == once(60)
    assert len(ears.heard) <= 7
    assert [one["headline"] for one in ears.heard] == ["NEEDS YOU"] * len(ears.heard)
    assert ears.heard[5]["subject"].endswith(f"{len(ears.heard[5]['folded'])} of them need you")


async def test_a_notice_counts_once_however_often_it_is_tried_and_to_how_many_it_goes(
    client: Client, unique: str
) -> None:
    async with stage(client, unique) as on:
        for attempt in ("1", "2"):
            await tell(on, notices(range(4)), ONCALL, DESK, attempt=attempt)
        await tell(on, notices([4]))
        assert len(on.ears.heard) == 2 * 2 * 4 + 1
        await tell(on, notices([5]))
        assert len(on.ears.heard) == 2 * 2 * 4 + 1
        await fold_of(on).terminate("the test is over")


async def test_two_rules_are_counted_apart(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        await tell(on, [*notices(range(5)), *notices(range(5), rule="ping-unreachable")])
        assert len(on.ears.heard) == 10
        for rule in (RULE, "ping-unreachable"):
            await fold_of(on, rule).terminate("the test is over")


async def test_a_fold_that_does_not_answer_keeps_nothing_from_people(
    client: Client, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "WORKFLOWS", [Tells])  # there is no fold, and its tasks fail
    monkeypatch.setattr(desk, "_PATIENCE", timedelta(seconds=1))
    async with stage(client, unique) as on:
        await tell(on, notices(range(8)))
        await fold_of(on).terminate("the test is over")

    assert named(on.ears.heard) == once(8)
    assert not any(one["folded"] for one in on.ears.heard)


async def test_a_question_that_cannot_be_read_folds_nothing_and_the_fold_lives_on(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        await tell(on, notices(range(5)))
        assert await fold_of(on).execute_update(contract.ADMIT_NOTICES, {"notices": "of a newer worker"}) == []
        assert await fold_of(on).execute_update(contract.ADMIT_NOTICES) == []
        await tell(on, notices([5]))
        assert len(on.ears.heard) == 5
        await fold_of(on).terminate("the test is over")


async def test_nothing_is_lost_when_the_fold_goes_on_as_new_in_a_storm(
    client: Client, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notice_fold, "_MOST_UPDATES", 2)
    monkeypatch.setattr(desk, "_REST_SECONDS", 0.0)
    monkeypatch.setattr(desk, "_MOST_AT_ONCE", 3)
    monkeypatch.setattr(folding, "_NEEDED_WITHIN", timedelta(seconds=8))
    async with stage(client, unique) as on:
        await tell(on, notices(range(60), headline=Headline.NEEDS_YOU))
        began = (await fold_of(on).describe()).raw_description.workflow_execution_info.first_run_id
        await until(lambda: heard_of(on.ears, 60))
        assert (await fold_of(on).describe()).run_id != began
        await fold_of(on).terminate("the test is over")

    assert named(on.ears.heard) == once(60)
    assert len(on.ears.heard) <= 7


async def test_a_cancel_does_not_keep_from_people_what_waits(
    client: Client, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "WINDOW", timedelta(seconds=6))
    monkeypatch.setattr(folding, "REMEMBERED", timedelta(seconds=6))
    async with stage(client, unique) as on:
        await tell(on, notices(range(9)))
        await fold_of(on).cancel()
        await fold_of(on).result()

    assert named(on.ears.heard) == once(9)


async def test_what_cannot_be_delivered_together_is_told_to_the_operators(
    client: Client, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "WINDOW", timedelta(seconds=6))
    monkeypatch.setattr(folding, "REMEMBERED", timedelta(seconds=15))
    monkeypatch.setattr(folding, "_NEEDED_WITHIN", timedelta(seconds=3))
    monkeypatch.setattr(notice_fold, "_NOTICE_SECONDS", 2)
    async with stage(client, unique, ears=Ears(deaf={"chat"})) as on:
        await tell(on, notices(range(9)), patience_seconds=2)
        await fold_of(on).result()

    assert {one["to"] for one in on.ears.heard} == {"https://desk.example.com/secret"}
    assert set(named(on.ears.heard)) == set(once(9))
    assert set(on.ears.headlines()) == {"NEEDS YOU"}


async def test_a_memory_that_cannot_be_read_is_told_and_the_fold_goes_on(client: Client, unique: str) -> None:
    async with stage(client, unique) as on:
        await client.start_workflow(
            contract.NOTICE_FOLD,
            {"kept": "of a newer worker"},
            id=contract.notice_fold_id(on.task_queue, RULE),
            task_queue=on.task_queue,
        )
        await until(lambda: _heard(on.ears, 1))
        await tell(on, notices(range(3)))

    assert "of a newer worker" in on.ears.heard[0]["text"]
    assert on.ears.headlines() == ["NEEDS YOU", *["OBSERVED"] * 3]


async def _heard(ears: Ears, count: int) -> bool:
    return len(ears.heard) >= count
