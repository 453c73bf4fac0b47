"""What every test may ask for: a real Temporal server, and one whose time can be skipped.

The first is started once for each test process (so `pytest -n 2` has two), on ports of its own, and ends with it.
Isolate tests from one another by a task queue and an instance id of their own: see `unique`.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import AsyncIterator, Generator

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from tests.canaries import singing_histories, sings
from tests.temporal_server import Server, dev_server, time_skipping_server

# No proxy of the environment stands between the tests and their own servers, which all speak HTTP on this machine; one
# for HTTPS may be needed to fetch Temporal's. Tests that are about proxies set theirs.
for _name in ("http_proxy", "all_proxy"):
    os.environ.pop(_name, None)
    os.environ.pop(_name.upper(), None)


@pytest_asyncio.fixture(scope="session")
async def server() -> AsyncIterator[Server]:
    """The official dev server: `.client`, `.address`, `.namespace`, `.environment` for other processes."""
    async with dev_server() as running:
        yield running
        assert await singing_histories(running.client) == [], "P7: a credential is in these histories"


@pytest.fixture(autouse=True)
def _of_the_busy_only_warnings(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> None:
    """All that hundreds of runs log at DEBUG would be half of their work."""
    if request.node.get_closest_marker("busy") is not None:
        caplog.set_level(logging.WARNING)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """P7: whatever a test logged, printed or raised, no credential was in it."""
    report = yield
    if sings("".join(text for _, text in report.sections) + report.longreprtext):
        report.outcome = "failed"
        report.longrepr = "P7: a credential is in what this test logged, printed or raised"
    return report


@pytest.fixture(scope="session")
def client(server: Server) -> Client:
    """A client of the dev server."""
    return server.client


@pytest_asyncio.fixture
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The time-skipping server; start workflows with `.client`, and await their results to let time pass.

    Each test has one of its own: a skip would wake what another test left behind, and wait for it without its worker.
    """
    async with time_skipping_server() as environment:
        yield environment


@pytest.fixture
def unique() -> str:
    """Lower-case hex that no other test has: `f"ins-{unique}"`, `f"medic-{unique}"`."""
    return uuid.uuid4().hex[:8]
