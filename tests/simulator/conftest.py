"""A simulator whose time passes only when a test says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.clock import ManualClock
from simulator.server import Server, serve
from tests.simulator.calling import Caller, account


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def server(clock: ManualClock) -> Iterator[Server]:
    """The world of `account()`."""
    with serve(account(), clock=clock) as running:
        yield running


@pytest.fixture(scope="module")
def still() -> Iterator[Server]:
    """One for all tests of a file that change nothing that another looks at; without limits, and in real time."""
    with serve(account(limits=False)) as running:
        yield running


@pytest.fixture
def call(server: Server) -> Caller:
    return Caller(server)
