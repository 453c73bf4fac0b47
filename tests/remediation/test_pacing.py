"""A robot's rates as a table, and a storm of notices: none too often, none lost, none twice."""

from __future__ import annotations

import heapq
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.notices import Headline
from remediation.pacing import RATES, REMEMBERED, Lane, Letter, Rate, wait_seconds
from remediation.robots import dingtalk_message, feishu_message, most_along, wecom_message
from remediation.telling import Link, Told
from tests.remediation.test_robots import LIMITS

MAKERS = {"wecom": wecom_message, "feishu": feishu_message, "dingtalk": dingtalk_message}
PUBLISHED = {"wecom": [(20, 60)], "dingtalk": [(20, 60)], "feishu": [(100, 60), (5, 1)]}
TWO = (Rate(2, 1), Rate(3, 60))


def letter(key: str, headline: Headline = Headline.ACTING, todo: str = "do this") -> Letter:
    links = (Link(label="Run:", url=f"http://ui/{key}"),)
    return Letter(key=key, told=Told(headline=headline, subject=f"subject {key}", todo=todo, links=links))


# what was sent when, until when it is to be quiet → how long one more waits at 100 s
WAITS = [
    ([], 0, 0),
    ([99.5], 0, 0),
    ([99.2, 99.5], 0, 0.2),
    ([99.0, 99.5], 0, 0),
    ([98.0, 98.5], 0, 0),
    ([50.0, 98.0, 98.5], 0, 10),
    ([40.0, 98.0, 98.5], 0, 0),
    ([50.0, 99.2, 99.5], 0, 10),
    ([], 700, 600),
    ([50.0, 98.0, 98.5], 101, 10),
    ([], 99, 0),
]


@pytest.mark.parametrize(("sent", "quiet_until", "seconds"), WAITS)
def test_how_long_one_more_has_to_wait(sent: list[float], quiet_until: float, seconds: float) -> None:
    assert wait_seconds(sent, TWO, quiet_until, 100) == pytest.approx(seconds)


@pytest.mark.parametrize("kind", RATES)
def test_our_rates_are_below_what_the_services_publish(kind: str) -> None:
    for most, seconds in PUBLISHED[kind]:
        assert any(rate.most < most and rate.seconds == seconds for rate in RATES[kind])


@pytest.mark.parametrize("kind", RATES)
@given(
    gaps=st.lists(st.sampled_from([0, 0, 0, 0.05, 0.3, 2, 20]), max_size=150),
    refused=st.sets(st.integers(0, 30), max_size=5),
    quiet=st.sampled_from([0, 3, 60, 600]),
)
def test_in_a_storm_none_is_sent_too_early_none_is_lost_and_none_comes_twice(
    kind: str, gaps: list[float], refused: set[int], quiet: float
) -> None:
    lane, now, posts, quiet_until = Lane(kind=kind), 0.0, list[float](), 0.0
    arrived: dict[str, int] = {}
    asking: list[tuple[float, int]] = []
    at = 0.0
    for number, gap in enumerate(gaps):
        at += gap
        heapq.heappush(asking, (at, number))
    while asking:
        at, number = heapq.heappop(asking)
        now = max(now, at)
        one = letter(str(number))
        turn = lane.ask(one, now)
        if turn.is_told:
            assert arrived[one.key] == 1
        elif turn.wait_seconds:
            heapq.heappush(asking, (now + turn.wait_seconds, number))
        else:
            assert now >= quiet_until - 1e-6
            assert one in turn.letters
            posts.append(now)
            if len(posts) - 1 in refused:
                lane.failed(turn.letters, one.key, quiet, now)
                quiet_until = now + quiet
                heapq.heappush(asking, (now + max(quiet, 1), number))
            else:
                lane.delivered(turn.letters, now)
                for taken in turn.letters:
                    arrived[taken.key] = arrived.get(taken.key, 0) + 1
    assert arrived == {str(number): 1 for number in range(len(gaps))}
    for rate in RATES[kind]:
        for first, later in zip(posts, posts[rate.most :], strict=False):
            assert later - first >= rate.seconds - 1e-6


def test_what_waits_goes_along_with_the_next_and_what_needs_people_comes_first() -> None:
    lane = Lane(kind="wecom")
    for number in range(18):
        lane.delivered(lane.ask(letter(f"early-{number}"), 0).letters, 0)
    assert lane.ask(letter("a"), 1).wait_seconds == pytest.approx(59)
    assert lane.ask(letter("b", Headline.NEEDS_YOU), 2).wait_seconds == pytest.approx(58)
    turn = lane.ask(letter("c"), 60)
    assert [one.key for one in turn.letters] == ["b", "c", "a"]
    # While these are on their way, who asks for one of them neither sends it nor hears that it arrived.
    meanwhile = lane.ask(letter("a"), 60)
    assert (meanwhile.is_told, meanwhile.letters, meanwhile.wait_seconds > 0) == (False, (), True)
    lane.delivered(turn.letters, 61)
    assert lane.ask(letter("a"), 62).is_told
    assert lane.ask(letter("d"), 62).letters == (letter("d"),)


def test_what_could_not_be_sent_is_asked_for_again_and_nobody_hears_that_it_arrived() -> None:
    lane = Lane(kind="dingtalk")
    for number in range(18):
        lane.delivered(lane.ask(letter(f"early-{number}"), 0).letters, 0)
    lane.ask(letter("a"), 1)
    turn = lane.ask(letter("b"), 60)
    lane.failed(turn.letters, "b", 600, 61)
    assert lane.ask(letter("c"), 62).wait_seconds == pytest.approx(599)
    assert {one.key for one in lane.ask(letter("b"), 661).letters} == {"a", "b", "c"}


def test_nothing_is_remembered_for_ever() -> None:
    lane = Lane(kind="wecom")
    for number in range(19):
        turn = lane.ask(letter(str(number)), 0)
        lane.delivered(turn.letters, 0)
    assert len(lane.waiting) == 1
    lane.delivered(lane.ask(letter("late"), REMEMBERED).letters, REMEMBERED)
    assert (list(lane.told), lane.waiting, lane.in_hand, lane.sent) == (["late"], {}, {}, [REMEMBERED])


def test_what_nobody_asks_for_any_more_is_forgotten_also_where_each_message_fails() -> None:
    lane = Lane(kind="wecom")
    for number in range(18):
        lane.delivered(lane.ask(letter(str(number)), 0).letters, 0)
    lane.ask(letter("given up"), 0)
    for now in (1_000.0, 2_000.0):
        turn = lane.ask(letter("asks"), now)
        assert "given up" in [one.key for one in turn.letters]
        lane.failed(turn.letters, "asks", 0, now)
    assert [one.key for one in lane.ask(letter("asks"), 3_000).letters] == ["asks"]


@pytest.mark.parametrize("kind", MAKERS)
@given(
    lengths=st.lists(st.integers(0, 3_000), max_size=60),
    filler=st.sampled_from(["x", "磁", '"', "[", "\n"]),
    body=st.integers(0, 30_000),
)
def test_what_goes_along_is_told_whole_and_the_service_takes_it(
    kind: str, lengths: list[int], filler: str, body: int
) -> None:
    first = letter("own").told.model_copy(update={"blocks": (f"body {filler * body}",)})
    others = [letter(f"o{number}o", todo=f"{filler * length}end{number}") for number, length in enumerate(lengths)]
    along = [one.told for one in others][: most_along(kind, first, [one.told for one in others])]
    message = MAKERS[kind](first, along)
    assert LIMITS[kind](message)
    whole = json.dumps(message, ensure_ascii=False)
    for told in (first, *along):
        assert told.subject in whole
        assert told.links[0].url in whole
        assert told.todo[-8:].lstrip(filler) in whole


def test_in_a_storm_one_message_takes_many_along() -> None:
    usual = [letter(str(number), todo="Do you have to do anything? " + "x" * 120).told for number in range(100)]
    assert [most_along(kind, usual[0], usual[1:]) >= least for kind, least in (("wecom", 12), ("dingtalk", 50))] == [
        True,
        True,
    ]
    assert most_along("feishu", usual[0], usual[1:]) >= 30
