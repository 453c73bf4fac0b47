"""One notice for all who wait: a storm is one, it is kept up to date ever more seldom, and its end is told once."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from remediation import fleet, holding
from remediation.decisions import Recipient
from remediation.fleet import FleetState
from remediation.holding import Telling
from remediation.notices import OPERATORS, Headline, Notice, RunRef
from remediation.telling import tell
from tests.remediation.facts import a_freeze
from tests.remediation.test_fleet import REGION, asked, at, guarding

ONCALL = Recipient(channel="oncall", place=0, kind="mail")
DESK = Recipient(channel="desk", place=0, kind="mail")


class Listener:
    """Looks at a guard's state as its rounds do."""

    def __init__(self, *names: str) -> None:
        self.state = guarding("at", "work", *names)
        self.heard: list[tuple[datetime, Notice]] = []
        self.telling = Telling()

    def round(self, now: datetime) -> Telling:
        telling = holding.keep_told(self.state, now, thread=f"hold-{now:%H%M}", run=RunRef(workflow_id="fleet/r"))
        self.state = self.state.model_copy(update={"hold": telling.hold})
        if telling.notice is not None:
            self.heard.append((now, telling.notice))
        return telling

    def ask(self, *names: str, now: datetime, recipients: tuple[Recipient, ...] = ()) -> None:
        for name in names:
            self.state, _ = fleet.ask(self.state, asked(name, recipients=recipients), now)


def test_a_storm_within_ten_seconds_is_one_notice_to_everybody_who_is_named() -> None:
    region = Listener()
    region.ask("a", now=at(0), recipients=(ONCALL,))
    assert region.round(at(0)).again_at == at(0) + holding.FIRST_AFTER
    region.ask("b", "c", now=at(0.1), recipients=(ONCALL, DESK))
    region.round(at(0.1))
    telling = region.round(at(0) + holding.FIRST_AFTER)
    assert telling.recipients == (ONCALL, DESK)
    ((_, notice),) = region.heard
    assert notice.headline is Headline.HELD
    assert notice.details == ("ins-a (disk-read-only)", "ins-b (disk-read-only)", "ins-c (disk-read-only)")
    assert region.round(at(120)).notice is None  # nothing that matters has changed


def test_who_waits_without_recipients_is_told_to_the_operators() -> None:
    region = Listener("a")
    assert region.round(at(1)).recipients == (OPERATORS,)


def test_what_changes_is_told_ever_more_seldom() -> None:
    region = Listener("a")
    for second in range(0, 6 * 3600, 60):
        now = at(second / 60)
        region.ask(f"n{second}", now=now)
        region.round(now)
    gaps = [later - earlier for (earlier, _), (later, _) in zip(region.heard, region.heard[1:], strict=False)]
    minutes = [round(gap / timedelta(minutes=1)) for gap in gaps]
    assert minutes[:5] == [10, 20, 40, 60, 60]
    assert len({one.thread for _, one in region.heard}) == 1
    assert len({one.id for _, one in region.heard}) == len(region.heard)


def test_a_freeze_that_comes_is_news_although_the_same_wait() -> None:
    region = Listener("a")
    region.round(at(1))
    region.state = region.state.model_copy(update={"freeze": a_freeze(REGION, now=at(2))})
    assert region.round(at(2)).again_at == at(11)
    assert region.round(at(11)).notice is not None


def test_the_end_is_told_once_and_only_to_who_heard_of_the_beginning() -> None:
    region = Listener()
    region.ask("a", now=at(0), recipients=(DESK,))
    region.round(at(1))
    region.state = fleet.withdraw(region.state, "key-a")
    assert region.round(at(2)).again_at == at(3)
    region.ask("b", now=at(2.5), recipients=(ONCALL,))
    region.round(at(2.5))  # it was not the end after all
    region.state = fleet.withdraw(region.state, "key-b")
    region.round(at(20))
    last = region.round(at(21))
    assert last.recipients == (DESK,)
    assert last.notice is not None
    assert last.notice.headline is Headline.OBSERVED
    assert last.hold is None
    assert [region.round(at(minute)).notice for minute in (22, 60)] == [None, None]


def test_who_waited_for_a_moment_only_is_not_told_of_at_all() -> None:
    region = Listener("a")
    region.round(at(0))
    region.state = fleet.withdraw(region.state, "key-a")
    assert region.round(at(0.1)) == Telling()
    assert region.heard == []


@pytest.mark.parametrize(
    ("locale", "subject", "why"),
    [
        (
            "en",
            "[HELD] 2 waiting for repair in ap-guangzhou",
            "ins-at, ins-work are under repair; `max_acting` allows 2",
        ),
        ("zh", "[HELD] ap-guangzhou 有 2 个实例等候修复", "ins-at, ins-work 正在修复；`max_acting` 允许"),
    ],
)
def test_the_notice_says_how_many_wait_who_and_why(locale: str, subject: str, why: str) -> None:
    region = Listener("a", "b")
    region.round(at(1))
    told = tell(region.heard[0][1], locale, zone=timezone.utc)
    assert told.subject == subject
    assert why in told.text
    assert "- ins-b (disk-read-only)" in told.text
    region.state = FleetState(region=REGION, hold=region.state.hold)
    region.round(at(2))
    region.round(at(4))
    assert REGION in tell(region.heard[1][1], locale, zone=timezone.utc).subject
