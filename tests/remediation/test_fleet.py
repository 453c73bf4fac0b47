"""A region's limits: no sequence of questions and ends exceeds them, everybody has a turn, and nothing is forgotten."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation import fleet
from remediation.contract import PermitAnswer, PermitAsked
from remediation.fleet import FleetState
from remediation.reasons import Code
from tests.remediation.facts import a_freeze

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
REGION = "ap-guangzhou"


def asked(name: str, **changes: Any) -> PermitAsked:
    facts: dict[str, Any] = {
        "key": f"key-{name}",
        "instance_id": f"ins-{name}",
        "region": REGION,
        "rule": "disk-read-only",
        "incident_id": f"cvm/{REGION}/ins-{name}",
        "max_acting": 2,
        "max_actions_per_hour": 10,
    }
    return PermitAsked(**{**facts, **changes})


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def guarding(*names: str, **changes: Any) -> FleetState:
    """The state after these have asked at noon."""
    state = FleetState(region=REGION)
    for name in names:
        state, _ = fleet.ask(state, asked(name, **changes), NOON)
    return state


def keys(state: FleetState) -> list[str]:
    return [one.asked.key for one in state.grants]


def code(answer: PermitAnswer) -> Code | None:
    return answer.reason.code if answer.reason else None


def test_as_many_as_may_act_get_a_permit_and_the_rest_wait_with_the_names_of_those() -> None:
    state, answer = fleet.ask(guarding("a", "b"), asked("c"), NOON)
    assert keys(state) == ["key-a", "key-b"]
    assert (answer.granted, code(answer), answer.ask_again_seconds) == (False, Code.MANY_ACTING, 0)
    assert answer.reason is not None
    assert answer.reason.facts == {"acting": "ins-a, ins-b", "limit": "2", "region": REGION}


def test_the_same_question_has_the_same_answer_and_takes_no_second_place() -> None:
    state = guarding("a", "b", "c")
    again, first = fleet.ask(state, asked("a"), at(1))
    assert (first.granted, again) == (True, state)
    again, third = fleet.ask(state, asked("c"), at(1))
    assert (third.granted, len(again.waiting)) == (False, 1)


def test_a_turn_comes_to_who_came_first_and_a_newcomer_does_not_pass() -> None:
    state = fleet.ended(guarding("a", "b", "c", "d"), "key-a", False, at(1))
    state, answer = fleet.ask(state, asked("e"), at(1))
    assert (answer.granted, code(answer)) == (False, Code.OTHERS_FIRST)
    state, first = fleet.next_turn(state, at(1))
    assert first is not None
    assert first.asked.key == "key-c"
    assert fleet.next_turn(state, at(1))[1] is None


def test_an_instance_has_one_permit_and_one_place() -> None:
    state = guarding("a", "b", "c")
    state, held = fleet.ask(state, asked("a", key="another"), at(1))
    assert (held.granted, code(held)) == (False, Code.STILL_HELD)
    state, _ = fleet.ask(state, asked("c", key="newer"), at(1))
    assert [one.asked.key for one in state.waiting] == ["newer", "another"]
    # It keeps nobody else from a turn.
    state = fleet.ended(fleet.withdraw(state, "newer"), "key-b", False, at(2))
    assert fleet.next_turn(state, at(2))[1] is None
    assert fleet.ask(state, asked("d"), at(2))[1].granted


@pytest.mark.parametrize(
    ("acted", "sent_at", "free_at"),
    [
        (False, None, 30),  # not a minute later than the permit is given back
        (None, None, 90),  # nobody knows: it may have been sent a moment before the end
        (True, None, 90),
        (True, 10, 70),
        (None, 10, 70),
    ],
)
def test_a_start_counts_from_its_send_and_from_its_end_if_that_is_not_known(
    acted: bool | None, sent_at: float | None, free_at: float
) -> None:
    state = guarding("a", max_actions_per_hour=1)
    if sent_at is not None:
        state = fleet.sent(state, "key-a", "run", at(sent_at))
    state = fleet.ended(state, "key-a", acted, at(30))
    assert fleet.ask(state, asked("b", max_actions_per_hour=1), at(free_at))[1].granted
    if free_at > 30:
        late = fleet.ask(state, asked("b", max_actions_per_hour=1), at(free_at - 0.01))[1]
        assert (late.granted, code(late)) == (False, Code.HOUR_USED)
        assert fleet.next_moment(state, at(31)) == at(free_at)


def test_a_permit_that_was_not_used_yet_counts_as_of_now_for_as_long_as_it_is_held() -> None:
    state = guarding("a", max_actions_per_hour=1)
    assert code(fleet.ask(state, asked("b", max_actions_per_hour=1), at(300))[1]) == Code.HOUR_USED


def test_a_start_without_a_permit_counts_all_the_same() -> None:
    state = fleet.sent(guarding(), "key-x", "run", NOON)
    assert code(fleet.ask(state, asked("b", max_actions_per_hour=1), at(59))[1]) == Code.HOUR_USED


def test_zero_an_hour_means_none() -> None:
    assert code(fleet.ask(guarding(), asked("a", max_actions_per_hour=0), NOON)[1]) == Code.HOUR_USED


def test_the_newest_questions_limits_hold() -> None:
    state, answer = fleet.ask(guarding("a", "b"), asked("c", max_acting=3), NOON)
    assert answer.granted
    assert code(fleet.ask(state, asked("d", max_acting=1), NOON)[1]) == Code.MANY_ACTING


@pytest.mark.parametrize("where", ["freeze", "everywhere"])
def test_a_freeze_lets_nobody_begin_until_it_ends_by_itself(where: str) -> None:
    frozen = a_freeze("all" if where == "everywhere" else REGION, now=NOON)
    state = guarding().model_copy(update={where: frozen})
    state, answer = fleet.ask(state, asked("a", everywhere=state.everywhere), at(1))
    assert (answer.granted, code(answer)) == (False, Code.FROZEN)
    assert fleet.next_turn(state, at(59.9))[1] is None
    assert fleet.next_moment(state, at(1)) == at(60)
    state = fleet.tick(state, at(60))
    assert (state.freeze, state.everywhere) == (None, None)
    assert fleet.next_turn(state, at(60))[1] is not None


def test_a_turn_under_a_freeze_of_all_regions_is_worth_a_fresh_look_at_it() -> None:
    state = guarding("a", everywhere=a_freeze("all", now=NOON))
    assert fleet.has_turn(state, at(1))
    assert fleet.next_turn(state, at(1))[1] is None
    assert fleet.next_turn(fleet.learn(state, None), at(1))[1] is not None


def test_a_withdrawal_gives_back_what_was_not_used_and_nothing_else() -> None:
    state = fleet.sent(guarding("a", "b", "c"), "key-a", "run", NOON)
    for key in ("key-a", "key-b", "key-c", "key-unknown"):
        state = fleet.withdraw(state, key)
    assert (keys(state), state.waiting) == (["key-a"], ())


def test_of_a_crowd_that_is_too_large_the_rest_stay_with_those_who_ask_and_ask_again() -> None:
    state = guarding(*(str(number) for number in range(fleet.MOST_WAITING + 2)))
    state, answer = fleet.ask(state, asked("late"), NOON)
    assert len(state.waiting) == fleet.MOST_WAITING
    assert (code(answer), answer.ask_again_seconds) == (Code.TOO_MANY_WAIT, fleet.ASK_AGAIN_SECONDS)
    state, _ = fleet.next_turn(fleet.ended(state, "key-0", False, at(1)), at(1))
    assert fleet.ask(state, asked("late"), at(5))[1].ask_again_seconds == 0


def test_what_crosses_temporal_is_the_same_afterwards_and_small_enough() -> None:
    state = guarding(*(f"{number:08d}" for number in range(fleet.MOST_WAITING + 2)))
    written = state.model_dump_json()
    assert FleetState.model_validate_json(written) == state
    assert len(written) < 512 * 1024


def test_nothing_is_forgotten_while_it_counts() -> None:
    state = guarding("a")
    assert not fleet.is_forgotten(state, NOON)
    state = fleet.ended(state, "key-a", True, NOON)
    assert not fleet.is_forgotten(state, at(59))
    assert fleet.is_forgotten(fleet.tick(state, at(60)), at(60))
    assert not fleet.is_forgotten(FleetState(region=REGION, freeze=a_freeze()), NOON)


class Walk:
    """Runs as they behave at their worst, at random: what the cloud sees of them is judged, not what the guard says."""

    def __init__(self, chance: random.Random) -> None:
        self.random = chance
        self.now = NOON
        self.state = FleetState(region=REGION)
        self.limits = (self.random.randint(1, 4), self.random.randint(0, 6))
        self.acting: dict[str, bool] = {}  # key → whether the guard has heard that it sent
        self.holding: set[str] = set()
        self.waiting: dict[str, datetime] = {}
        self.starts: list[datetime] = []
        self.number = 0
        self.order: list[str] = []

    def step(self) -> None:
        self.now += timedelta(seconds=self.random.choice([0, 1, 30, 240, 900]))
        self.state = fleet.tick(self.state, self.now)
        self.random.choice([self.ask, self.ask, self.begin, self.hear, self.end, self.end, self.give_up, self.turns])()
        assert FleetState.model_validate_json(self.state.model_dump_json()) == self.state
        self.judge()

    def ask(self) -> None:
        if self.waiting and self.random.random() < 0.3:
            name = self.random.choice(sorted(self.waiting)).removeprefix("key-")
        else:
            self.number += 1
            name = str(self.number)
        acting, hour = self.limits
        question = asked(name, max_acting=acting, max_actions_per_hour=hour)
        self.state, answer = fleet.ask(self.state, question, self.now)
        if answer.granted:
            assert not [one for one in self.waiting if one != question.key], "a newcomer passed"
            self.waiting.pop(question.key, None)
            self.holding.add(question.key)
        else:
            self.waiting.setdefault(question.key, self.now)

    def begin(self) -> None:
        """A call goes out; the guard may never hear of it."""
        unused = sorted(self.holding - set(self.acting))
        if unused:
            key = self.random.choice(unused)
            self.acting[key] = False
            self.starts.append(self.now)

    def hear(self) -> None:
        for key in [one for one, heard in self.acting.items() if not heard][:1]:
            self.acting[key] = True
            self.state = fleet.sent(self.state, key, "run", self.now)

    def end(self) -> None:
        for key in sorted(self.holding)[: self.random.randint(0, 2)]:
            acted = self.random.choice([True, None]) if key in self.acting else self.random.choice([False, None])
            self.holding.discard(key)
            self.acting.pop(key, None)
            self.state = fleet.ended(self.state, key, acted, self.now)

    def give_up(self) -> None:
        if self.random.random() < 0.1 and self.waiting:
            key = self.random.choice(sorted(self.waiting))
            del self.waiting[key]
            self.state = fleet.withdraw(self.state, key)

    def turns(self) -> None:
        while True:
            self.state, first = fleet.next_turn(self.state, self.now)
            if first is None:
                return
            assert first.asked.key == next(iter(self.waiting)), "not the first who came"
            del self.waiting[first.asked.key]
            self.holding.add(first.asked.key)

    def judge(self) -> None:
        acting, hour = self.limits
        assert len(self.holding) <= acting
        assert sum(self.now - one < fleet.HOUR for one in self.starts) <= hour
        assert set(keys(self.state)) == self.holding
        assert [one.asked.key for one in self.state.waiting] == list(self.waiting)


@given(st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_no_sequence_of_calls_ever_exceeds_a_limit_or_passes_somebody(chance: random.Random) -> None:
    walk = Walk(chance)
    for _ in range(150):
        walk.step()


@pytest.mark.parametrize("seed", range(10))
def test_everybody_has_a_turn_once_those_before_have_ended(seed: int) -> None:
    walk = Walk(random.Random(seed))
    walk.limits = (walk.limits[0], max(walk.limits[1], 1))
    for _ in range(200):
        walk.step()
    waited = list(walk.waiting)
    for _ in range(2 * len(waited) + 20):
        walk.now += fleet.HOUR
        walk.end()
        walk.turns()
        for key in sorted(walk.holding):
            walk.holding.discard(key)
            walk.acting.pop(key, None)
            walk.state = fleet.ended(walk.state, key, None, walk.now)
    assert walk.waiting == {}
