"""The cloud function in this process; tests/deploy/test_scf_zip.py has its package in one like the platform's."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from temporalio.client import Client

from remediation.errors import ConfigError
from starter import scf
from starter.connection import TemporalUnreachable
from tests.starter.deliveries import envelope, signals, started_with
from tests.temporal_server import Server

CONTEXT: dict[str, Any] = {
    "memory_limit_in_mb": 128,
    "time_limit_in_ms": 30000,
    "request_id": "request-of-the-platform",
    "environment": "{}",
    "function_name": "medic-door",
    "namespace": "default",
    "tencentcloud_region": "ap-guangzhou",
}


@pytest.fixture
def function(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cold function whose environment leads to the dev server."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(scf, "_warm", None)
    yield
    if scf._warm is not None:
        scf._warm.close()


async def invoke(event: object) -> dict[str, Any]:
    """The platform calls the function where no event loop runs."""
    return await asyncio.to_thread(scf.main_handler, event, CONTEXT)  # type: ignore[arg-type]  # wrong kinds are tried


@pytest.mark.usefixtures("function")
async def test_warm_calls_share_one_client_and_return_plain_receipts(client: Client, unique: str) -> None:
    receipt = await invoke(envelope(f"ins-{unique}"))
    assert json.loads(json.dumps(receipt)) == receipt
    (event,) = receipt["events"]
    assert (event["status"], event["workflow_id"]) == ("accepted", f"cvm/ap-guangzhou/ins-{unique}")
    warm = scf._warm
    assert warm is not None
    connected = warm._client
    await invoke(envelope(f"ins-{unique}", id="the-next"))
    assert scf._warm is warm
    assert warm._client is connected
    assert len(await signals(client, event["workflow_id"])) == 2


@pytest.mark.usefixtures("function")
async def test_a_batch_and_json_text_are_taken_alike(unique: str) -> None:
    batch = {"EventList": [envelope(f"ins-{unique}"), envelope(f"ins-{unique}b")]}
    assert await invoke(json.dumps(batch)) == await invoke(batch)


@pytest.mark.usefixtures("function")
async def test_what_delivering_again_cannot_mend_is_kept_and_returned(client: Client, unique: str) -> None:
    (event,) = (await invoke(f"no JSON {unique}"))["events"]
    assert event["status"] == "unreadable"
    (kept,) = await started_with(client, event["workflow_id"])
    assert kept["body"] == f'"no JSON {unique}"'


@pytest.mark.usefixtures("function")
@pytest.mark.parametrize(
    ("name", "wrong"), [("TEMPORAL_ADDRESS", "127.0.0.1:9"), ("TEMPORAL_NAMESPACE", "nowhere")], ids=str.lower
)
async def test_it_raises_while_temporal_takes_nothing_and_connects_anew_at_the_next_delivery(
    server: Server, monkeypatch: pytest.MonkeyPatch, unique: str, name: str, wrong: str
) -> None:
    monkeypatch.setenv(name, wrong)
    with pytest.raises(TemporalUnreachable, match=wrong):
        await invoke(envelope(f"ins-{unique}"))
    monkeypatch.setenv(name, server.environment[name])
    assert (await invoke(envelope(f"ins-{unique}")))["events"][0]["status"] == "accepted"


@pytest.mark.usefixtures("function")
async def test_a_wrong_setting_raises_so_that_no_event_is_lost_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIC_TASK_QUEU", "medic")
    with pytest.raises(ConfigError, match="MEDIC_TASK_QUEUE"):
        await invoke(envelope("ins-abc"))


@pytest.mark.usefixtures("function")
async def test_each_event_is_one_json_line_in_the_log(caplog: pytest.LogCaptureFixture, unique: str) -> None:
    with caplog.at_level(logging.INFO, logger="medic.scf"):
        await invoke({"EventList": [envelope(f"ins-{unique}"), 7]})
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "medic.scf"]
    assert [line["status"] for line in lines] == ["accepted", "unreadable"]
    assert {line["request_id"] for line in lines} == {CONTEXT["request_id"]}
