"""Liveness and safety under every fault: each run ends as it may, and the cloud's own log shows no broken promise."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from remediation.report import Outcome
from tests.end_to_end.adversary import PASSING, chances
from tests.end_to_end.fault import Fault
from tests.end_to_end.lasting import LASTING
from tests.end_to_end.trials import Ending, Trials, trials
from tests.temporal_server import Server

# One process tries them all: the last test counts over the whole table.
pytestmark = [pytest.mark.temporal, pytest.mark.busy, pytest.mark.timeout(600), pytest.mark.xdist_group("faults")]

SEEDS = range(1, 1 + int(os.environ.get("MEDIC_SEEDS", "3")))
FAMILIES = {"dice": tuple(chances(seed) for seed in SEEDS), **LASTING, **PASSING}  # what takes longest begins first
MOST_HANDED_OVER = 0.02


@pytest_asyncio.fixture(scope="module")
async def tried(server: Server, request: pytest.FixtureRequest) -> AsyncIterator[Trials]:
    """Begins with everything that the selected tests will ask for, so that no run waits for another family."""
    ours = [one for one in request.session.items if one.path == request.path and isinstance(one, pytest.Function)]
    async with trials(server.client) as on:
        for one in ours:
            if hasattr(one, "callspec"):
                on.begin(FAMILIES[str(one.callspec.params["family"])])
        yield on


def wrongs(endings: list[Ending]) -> str:
    """Every run that went wrong: the fault and the call, how it ended and why, and what it broke."""
    return "\n".join(str(one) for one in endings if one.wrong)


@pytest.mark.parametrize("family", FAMILIES)
async def test_no_fault_breaks_a_promise_and_every_run_ends_as_it_may(tried: Trials, family: str) -> None:
    endings = await tried.endings(FAMILIES[family])
    assert not wrongs(endings), f"of {len(endings)} runs under faults of the family `{family}`:\n{wrongs(endings)}"


async def test_of_what_ends_in_time_hardly_anything_is_left_to_people(tried: Trials) -> None:
    passing: tuple[Fault, ...] = tuple(fault for family in PASSING.values() for fault in family)
    endings = await tried.endings(passing)
    left = [one for one in endings if not (one.result and one.result.outcome is Outcome.RECOVERED)]
    table = "\n".join(map(str, left))
    counts = Counter(one.outcome for one in endings)
    assert len(left) <= MOST_HANDED_OVER * len(endings), f"of {len(endings)} runs {dict(counts)}:\n{table}"
