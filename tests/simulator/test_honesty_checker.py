"""A run that said `recovered` without having seen it, or where it was not so, breaks P10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.checker import check
from tests.simulator.calling import INSTANCE
from tests.simulator.logs import (
    Told,
    a_plan,
    facts,
)


def listened(told: Told) -> None:
    told.call("DescribeAutomationAgentStatus", INSTANCE)


def rebooted(**became: str) -> Told:
    told = a_plan(Told.protect, Told.look)
    request_id = told.reboot()
    told.effect("reboot_started", INSTANCE, request_id=request_id)
    told.effect("instance_running", INSTANCE, **became)
    told.effect("reboot_done", INSTANCE, request_id=request_id)
    return told


def dishonest(told: Told, **known: Any) -> list[str]:
    given = facts(**{"said_recovered_at": told.now, "agent": "online", "symptom": "disk_readonly", **known})
    return [one.said for one in check(told.entries, given) if one.promise == "P10"]


def cured(told: Told) -> None:
    told.effect("symptom_cured", INSTANCE)


def test_a_recovery_that_was_seen_is_honest() -> None:
    told = rebooted(guest="up")
    for step in (cured, Told.look, listened):
        step(told)
    assert dishonest(told) == []
    assert dishonest(told, said_recovered_at=None) == []


@pytest.mark.parametrize(
    ("became", "steps", "said"),
    [
        ("up", [cured, listened], "nobody had looked"),
        ("up", [cured, Told.look], "nobody had listened"),
        ("up", [cured, lambda told: told.look(error="InternalError"), listened], "nobody had looked"),
        ("up", [Told.look, listened], "disk_readonly was still there"),
        (
            "up",
            [cured, lambda told: told.effect("symptom_returned", INSTANCE, symptom="a"), Told.look, listened],
            "a was",
        ),
        ("stuck", [cured, Told.look, listened], "had not come to its end"),
        ("silent", [cured, Told.look, listened], "was not heard"),
        ("not_rebooted", [cured, Told.look, listened], "had not gone down"),
        (
            "up",
            [cured, lambda told: told.effect("instance_changed", INSTANCE, state="STOPPED"), Told.look, listened],
            "it was STOPPED",
        ),
    ],
)
def test_a_recovery_that_is_not_true_or_that_nobody_saw_breaks_p10(
    became: str, steps: list[Callable[[Told], Any]], said: str
) -> None:
    told = rebooted(guest=became)
    for step in steps:
        step(told)
    [found] = dishonest(told)
    assert said in found


def test_a_recovery_that_no_reboot_of_ours_brought_breaks_p10() -> None:
    foreign_one = a_plan(Told.protect, lambda told: told.come_back("of-somebody-else"), cured, Told.look, listened)
    for told in (foreign_one, a_plan(cured, listened), a_plan(Told.protect, Told.reboot, cured, Told.look, listened)):
        [found] = dishonest(told)
        assert "had not finished any" in found


def test_what_nobody_could_look_into_is_not_held_against_the_run() -> None:
    told = rebooted(guest="stuck")
    told.look()
    assert dishonest(told, agent="absent") == []
    listened(told)
    assert dishonest(told, proven_in_guest=False) == []
