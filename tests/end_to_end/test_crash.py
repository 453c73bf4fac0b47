"""Kills at a fixed part of the moments that `make crash` knows: every mutating call, every phase of the story."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.crash.cases import Case, around_calls, at_events
from tests.crash.run import nominal, run
from tests.temporal_server import Server

pytestmark = [pytest.mark.temporal, pytest.mark.processes, pytest.mark.xdist_group("crash")]

AT_ONCE = 12  # each is mostly waiting for the time-outs of what died
CALLS = [
    "first CreateSnapshot, before the send",
    "first CreateSnapshot, under way: it takes effect late",
    "second CreateSnapshot, after the effect and before the answer: lost",
    "second CreateSnapshot, after the answer and before the record: answered",
    "RebootInstances, before the send",
    "RebootInstances, under way: it takes effect late",
    "RebootInstances, under way: it never arrives",
    "RebootInstances, after the effect and before the answer: HTTP 500",
    "RebootInstances, after the answer and before the record: answered",
]
# One of each step of the story, by what its activity is.
EVENTS = [
    "inspect_instance",
    "create_snapshot",
    "wait_until_ready",
    "reboot_instance",
    "wait_until_done",
    "verify_instance",
    "send_notice",
]


async def killed(server: Server, cases: list[Case], folder: Path) -> list[str]:
    """What was not as promised, for each case that was not."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, case: Case) -> str:
        async with gate:
            verdict = await run(server, case, folder / str(number))
        return "" if verdict.ok else f"{case.name}: {verdict.outcome} ({verdict.reason}); {'; '.join(verdict.broken)}"

    return [said for said in await asyncio.gather(*(one(*each) for each in enumerate(cases))) if said]


async def test_a_kill_around_any_mutating_call_breaks_no_promise(server: Server, tmp_path: Path) -> None:
    cases = {one.name: one for one in around_calls()}

    assert await killed(server, [cases[name] for name in CALLS], tmp_path) == []


async def test_a_kill_in_any_phase_of_the_story_breaks_no_promise(server: Server, tmp_path: Path) -> None:
    names = await nominal(server, tmp_path / "nominal", "reboot")
    every = at_events("reboot", "remediation", names["remediation"])
    chosen = [next(one for one in every if one.name.endswith(activity)) for activity in EVENTS]
    chosen += at_events("reboot", "incident", names["incident"])[3::6]

    assert await killed(server, chosen, tmp_path) == []
