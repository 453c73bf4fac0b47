"""`medic health`, as a container's health check calls it."""

from __future__ import annotations

import socket

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from starter.workers import workers_of
from tests.cli.consoles import medic
from tests.starter.test_workers import Idle
from tests.temporal_server import Server
from tests.waiting import until

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(
    ("identity", "code"), [(f"1@{socket.gethostname()}", 0), (f"1@not-{socket.gethostname()}x", 1)]
)
async def test_a_worker_is_well_if_one_of_this_machine_polls(
    server: Server, client: Client, unique: str, identity: str, code: int
) -> None:
    queue = f"medic-{unique}"

    async def polls() -> bool:
        return await workers_of(client, queue) == [identity]

    async with Worker(client, task_queue=queue, workflows=[Idle], identity=identity):
        await until(polls)
        ended = await medic("health", "worker", env={**server.environment, "MEDIC_TASK_QUEUE": queue})
    assert ended.code == code, ended.err
    assert code == 0 or "elsewhere 1 do" in ended.err


async def test_a_door_that_is_not_there_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ended = await medic("health", "door", env={"MEDIC_WEBHOOK_HOST": "0.0.0.0", "MEDIC_WEBHOOK_PORT": str(port)})  # noqa: S104  # not bound
    assert ended.code == 1
    assert f"http://127.0.0.1:{port}/healthz does not answer" in ended.err
