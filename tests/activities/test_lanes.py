"""Many notices for one robot: none is posted too often, all are told, and each hears what became of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from activities.carrying import Carrier
from activities.lanes import Lanes
from remediation.channels import Channel
from remediation.config import read_config
from remediation.decisions import Recipient
from remediation.errors import NoticeFailed
from remediation.notices import Headline, Notice

PAGE = """
channels:
  oncall:
    to:
      - wecom: https://wecom.example/send?key=secret
      - dingtalk: https://ding.example/send?key=secret
operators: [oncall]
"""
CHANNEL: Channel = read_config(PAGE, "medic.yaml", {}).channels["oncall"]
WECOM = Recipient(channel="oncall", place=0, kind="wecom")
DINGTALK = Recipient(channel="oncall", place=1, kind="dingtalk")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Robot:
    def __init__(self) -> None:
        self.posted: list[str] = []
        self.refusal: BaseException | None = None

    def send(self, url: str, secret: str, message: dict[str, Any]) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.posted.append(str(message))


class Unused:
    def send(self, *given: Any, **named: Any) -> Any:
        raise AssertionError("no address is of this kind")


def notice(number: int) -> Notice:
    return Notice(id=f"n{number}", headline=Headline.ACTING, instance_id=f"ins-x{number}x", region="ap-guangzhou")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def robot() -> Robot:
    return Robot()


@pytest.fixture
def carrier(clock: Clock, robot: Robot) -> Carrier:
    robots = {"wecom": robot, "dingtalk": robot}
    return Carrier(Unused(), None, robots, Unused(), ui="http://ui", namespace="prod", lanes=Lanes(clock))


def carried(carrier: Carrier, number: int, to: Recipient = WECOM) -> str | float:
    """The receipt, or how long to wait."""
    try:
        return carrier.carry(notice(number), CHANNEL, to)
    except NoticeFailed as error:
        assert not error.permanent
        assert "secret" not in str(error)
        return error.wait_seconds


def test_a_storm_is_told_at_the_robots_pace_and_each_notice_once(carrier: Carrier, clock: Clock, robot: Robot) -> None:
    with ThreadPoolExecutor(8) as threads:
        first = list(threads.map(lambda number: carried(carrier, number), range(28)))
    assert [one for one in first if isinstance(one, str)] == ["wecom ok"] * 18
    waits = [one for one in first if isinstance(one, float)]
    assert waits == [pytest.approx(60)] * 10
    clock.now = 60.0
    with ThreadPoolExecutor(8) as threads:
        again = list(threads.map(lambda number: carried(carrier, number), range(28)))
    for number, answer in enumerate(again):
        if isinstance(answer, float):  # it was on its way at that moment
            assert carried(carrier, number) == "wecom ok, with others"
    assert len(robot.posted) <= 20
    assert [sum(f"ins-x{number}x" in one for one in robot.posted) for number in range(28)] == [1] * 28


def test_one_robot_that_is_silent_keeps_nothing_from_another(carrier: Carrier, clock: Clock, robot: Robot) -> None:
    robot.refusal = NoticeFailed("refused", permanent=False, wait_seconds=600)
    assert carried(carrier, 1, DINGTALK) == 600
    robot.refusal = None
    assert carried(carrier, 1, WECOM) == "wecom ok"
    assert carried(carrier, 2, DINGTALK) == 600
    clock.now = 600.0
    assert carried(carrier, 2, DINGTALK) == "dingtalk ok"
    assert "n1" not in robot.posted[-1]  # its own attempt comes again by itself
    assert carried(carrier, 1, DINGTALK) == "dingtalk ok"


def test_a_mistake_of_ours_while_sending_leaves_nothing_on_its_way_for_ever(carrier: Carrier, robot: Robot) -> None:
    robot.refusal = KeyError("ours")
    with pytest.raises(KeyError):
        carrier.carry(notice(1), CHANNEL, WECOM)
    robot.refusal = None
    assert carried(carrier, 1) == "wecom ok"


def test_what_a_robot_never_takes_is_final_for_no_other_that_went_along(
    carrier: Carrier, clock: Clock, robot: Robot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(url: str, secret: str, message: dict[str, Any]) -> None:
        if "ins-x99x" in str(message):
            raise NoticeFailed("code 40058", permanent=True)
        robot.posted.append(str(message))

    monkeypatch.setattr(robot, "send", send)
    for number in range(18):
        carried(carrier, number)
    assert carried(carrier, 99) == pytest.approx(60)  # and what it belongs to ends before its turn
    clock.now = 1_000.0
    assert carried(carrier, 20) == 0  # once more, which is not final
    assert [carried(carrier, number) for number in (20, 21)] == ["wecom ok"] * 2
    with pytest.raises(NoticeFailed, match="40058") as failed:
        carrier.carry(notice(99), CHANNEL, WECOM)
    assert failed.value.permanent
