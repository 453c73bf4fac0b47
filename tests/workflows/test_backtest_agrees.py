"""The same events, sent to the running system and asked of the backtest: the same decisions, for the same reasons."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

import pytest
from temporalio.client import Client

from remediation.assumptions import Assumed
from remediation.backtest import Decided
from remediation.cloud import Instance
from remediation.decisions import Kind
from remediation.replaying import Replay
from remediation.telling import say
from tests.clouds import StagedCloud
from tests.waiting import until
from tests.workflows.staging import Stage, an_instance, page, stage

pytestmark = pytest.mark.temporal

ONE_AT_ONCE = ("operators: [desk]", "operators: [desk]\nguardrails: {max_acting: 1}")
# Run keys, clocks and ages are of each side's own.
_OF_ITS_OWN = re.compile(r"run [\w-]+|\d\d:\d\d:\d\d|\d+ (?:s|min)\b|ins-\w+")
Said = tuple[str, str, str, str]


def said(event_id: str, kind: str, rule: str, words: str) -> Said:
    return event_id, kind, rule, _OF_ITS_OWN.sub("…", words)


@dataclasses.dataclass
class Fleet:
    """Instances by a letter, each with as many events as were sent to it."""

    on: Stage
    unique: str
    counts: dict[str, int] = dataclasses.field(default_factory=dict)

    def stage(self, letter: str) -> Stage:
        return dataclasses.replace(self.on, instance_id=f"ins-{letter}{self.unique}")

    async def send(
        self, letter: str, kind: str = "DiskReadonly", status: str = "1", *, at: datetime | None = None, id_: str = ""
    ) -> datetime:
        """Send one event, and wait until it is decided; returns when it fired."""
        at = at or datetime.now(timezone.utc)
        self.counts[letter] = self.counts.get(letter, 0) + 1
        await self.stage(letter).send(kind, status, event_id=id_, at=at)
        await self.stage(letter).decided(self.counts[letter])
        return at

    async def kinds(self, letter: str) -> list[str]:
        return [one.kind for one in await self.stage(letter).decided()]

    async def until_over(self, letter: str) -> None:
        async def over() -> bool:
            return all(one.run is None or one.run.ended_at for one in await self.stage(letter).decided())

        await until(over)

    async def said(self, letter: str) -> list[Said]:
        records = await self.stage(letter).decided()
        return [said(one.event_id, one.kind, one.rule, one.said) for one in records]


async def test_the_running_system_and_the_backtest_decide_alike(client: Client, unique: str) -> None:
    def instance(instance_id: str) -> Instance | None:
        if instance_id.startswith("ins-f"):
            return None
        return an_instance(instance_id=instance_id, tags={"medic": "off" if instance_id.startswith("ins-e") else "on"})

    cloud = StagedCloud(instance=instance, polls_until_ready=10_000)
    async with stage(client, unique, cloud, ONE_AT_ONCE) as on:
        fleet = Fleet(on, unique)
        # over by itself before the reboot: that uses up no attempt
        await fleet.send("a")
        await fleet.send("a", status="0")
        await fleet.until_over("a")
        # a run at work, and what comes meanwhile
        began = await fleet.send("a", id_="the-same")
        await fleet.send("a", id_="the-same", at=began)
        await fleet.send("a", "GuestOom", "-", id_="the-same")
        await fleet.send("a", "GuestOom", "-")
        await fleet.send("a")
        await fleet.send("a", status="-")
        # two that wait, one of which is over before its turn
        await fleet.send("b")
        await fleet.send("c")
        await fleet.send("b")
        await fleet.send("b", "GuestReboot", "-")
        await fleet.send("c", status="0")
        await until(lambda: _is(fleet, "c", "expire"))
        await fleet.send("c", at=began)
        # nothing to be done
        await fleet.send("d", at=began - timedelta(hours=1))
        await fleet.send("d", "PingUnreachable", "0")
        await fleet.send("e")
        await fleet.send("f")
        waiting = await fleet.kinds("b")
        cloud.polls_until_ready = 0
        await fleet.until_over("a")
        # after the repair: a relapse, an echo, the end
        after = await fleet.send("a")
        await fleet.send("a", "GuestReboot", "-")
        await fleet.send("a", "PingUnreachable")
        await fleet.send("a", status="0")
        await until(lambda: _is(fleet, "b", "remediate"))
        await fleet.until_over("b")
        lived = {letter: await fleet.said(letter) for letter in fleet.counts}

    assert waiting == ["hold", "join", "notify"]
    tags = {fleet.stage(one).instance_id: {"medic": "off" if one == "e" else "on"} for one in "abcde"}
    takes = (after - began).total_seconds() - 0.05
    assumed = Assumed(takes_seconds=takes, tags=tags, acts=False)
    decided = replayed(on.sent, assumed)
    asked = {letter: _of(fleet.stage(letter).instance_id, decided) for letter in fleet.counts}
    assert asked == lived
    kinds = {kind for records in lived.values() for _, kind, _, _ in records}
    assert kinds == {one.value for one in Kind} - {"hold", "undecided"}


def replayed(events: Iterable[object], assumed: Assumed) -> list[Decided]:
    replay = Replay([page(ONE_AT_ONCE)], assumed, datetime.now(timezone.utc))
    lines = (json.dumps(one).encode() for one in events)
    return [one for answered in replay.run(lines) for one in answered.decided]


def _of(instance_id: str, decided: Iterable[Decided]) -> list[Said]:
    """The last word about each event of one instance, in the order in which they came."""
    mine = [one for one in decided if one.alarm.instance_id == instance_id and one.is_final]
    return [
        said(one.decision.event_id, one.decision.kind.value, one.decision.rule, say(one.decision.reason))
        for one in sorted(mine, key=lambda one: one.number)
    ]


async def _is(fleet: Fleet, letter: str, kind: str) -> bool:
    return (await fleet.kinds(letter))[0] == kind
