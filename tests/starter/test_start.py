"""The door's logic against a real server: what is handed over, what is kept, and what the sender is told."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from temporalio import workflow
from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowInput, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from remediation.contract import TAKE_EVENT, TakenEvent, UnreadableInput
from starter.bodies import KEPT_BYTES, MAX_DEPTH, kept_text, tidy
from starter.connection import TemporalUnreachable, connect
from starter.receipts import Receipt
from starter.start import start
from tests.starter.deliveries import envelope, signals, started_with
from tests.temporal_server import Server


async def take(client: Client, body: object, queue: str = "medic-door") -> Receipt:
    return await start(client, body, received_at=datetime.now(timezone.utc), task_queue=queue)


@workflow.defn(name="Incident")
class RecordingIncident:
    """Stands in for the real one: completes with the first signal's argument."""

    def __init__(self) -> None:
        self._taken: dict[str, Any] | None = None

    @workflow.signal(name=TAKE_EVENT)
    def take_event(self, taken: dict[str, Any]) -> None:
        self._taken = taken

    @workflow.run
    async def run(self) -> dict[str, Any] | None:
        await workflow.wait_condition(lambda: self._taken is not None)
        return self._taken


async def test_an_event_reaches_the_incident_workflow_that_a_worker_runs(client: Client, unique: str) -> None:
    queue = f"medic-{unique}"
    async with Worker(
        client, task_queue=queue, workflows=[RecordingIncident], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        receipt = await take(client, envelope(f"ins-{unique}"), queue)
        result = await client.get_workflow_handle(receipt.events[0].workflow_id).result()
    alarm = TakenEvent.model_validate(result).alarm
    assert (alarm.instance_id, alarm.fault, alarm.region) == (f"ins-{unique}", "DiskReadonly", "ap-guangzhou")


async def test_an_accepted_event_is_signalled_as_a_plain_dict_and_said_so(client: Client, unique: str) -> None:
    receipt = await take(client, envelope(f"ins-{unique}", region="gz"))
    (event,) = receipt.events
    assert (event.status, event.event_id) == ("accepted", f"event-of-ins-{unique}")
    assert event.workflow_id == f"cvm/ap-guangzhou/ins-{unique}"
    assert event.advice == []
    ((name, argument),) = await signals(client, event.workflow_id)
    assert name == TAKE_EVENT
    assert TakenEvent.model_validate(argument).alarm.region == "ap-guangzhou"
    assert await started_with(client, event.workflow_id) == []


async def test_the_same_event_again_goes_to_the_same_workflow(client: Client, unique: str) -> None:
    event = envelope(f"ins-{unique}")
    first, second = await take(client, event), await take(client, event)
    workflow_id = first.events[0].workflow_id
    assert second.events[0].workflow_id == workflow_id
    assert len(await signals(client, workflow_id)) == 2


async def test_an_instance_whose_incident_has_closed_gets_a_new_one(client: Client, unique: str) -> None:
    receipt = await take(client, envelope(f"ins-{unique}"))
    handle = client.get_workflow_handle(receipt.events[0].workflow_id)
    closed = await handle.describe()
    await handle.terminate()
    await take(client, envelope(f"ins-{unique}", id="another"))
    assert (await handle.describe()).run_id != closed.run_id


async def test_what_is_no_alarm_is_kept_once_however_often_it_comes(client: Client, unique: str) -> None:
    body = {"hello": f"wörld {unique}"}
    receipt = await take(client, body)
    (event,) = receipt.events
    assert event.status == "unreadable"
    assert event.workflow_id.startswith("unreadable/")
    assert "no `type`" in event.reason
    (kept,) = await started_with(client, event.workflow_id)
    assert json.loads(UnreadableInput.model_validate(kept).body) == body
    handle = client.get_workflow_handle(event.workflow_id)
    first = await handle.describe()
    assert await take(client, body) == receipt  # while it runs
    await handle.terminate()
    assert await take(client, body) == receipt  # after it has closed
    assert (await handle.describe()).run_id == first.run_id


async def test_a_bad_element_of_a_batch_neither_sinks_the_others_nor_disappears(client: Client, unique: str) -> None:
    good, other = envelope(f"ins-{unique}"), envelope(f"ins-{unique}b")
    receipt = await take(client, {"EventList": [good, {"unreadable": unique}, other]})
    assert [event.status for event in receipt.events] == ["accepted", "unreadable", "accepted"]
    for event in receipt.events:
        assert await client.get_workflow_handle(event.workflow_id).describe()


@pytest.mark.parametrize("body", [None, 7, "text", [], [1], {"EventList": "no list"}])
async def test_any_json_value_gets_a_receipt(client: Client, body: object) -> None:
    receipt = await take(client, body)
    assert [event.status for event in receipt.events] == ["unreadable"]


def nested(levels: int) -> object:
    value: object = "bottom"
    for _ in range(levels):
        value = [value]
    return value


async def test_an_alarm_with_parts_that_cannot_travel_arrives_without_them(client: Client, unique: str) -> None:
    data = {"half": "\ud83d", "\udc00": 1, "deep": nested(900), "endless": float("inf"), "long": 10**400}
    receipt = await take(client, envelope(f"ins-{unique}", data=data))
    ((_, argument),) = await signals(client, receipt.events[0].workflow_id)
    arrived = TakenEvent.model_validate(argument).alarm.event["data"]
    assert (arrived["half"], arrived["?"], arrived["endless"]) == ("?", 1, "inf")
    assert "nested deeper" in json.dumps(arrived["deep"])


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, categories=None), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(json_values)
@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_tidy_value_passes_the_converter_unchanged_and_stays_tidy(value: object) -> None:
    tidied = tidy(value)
    converter = pydantic_data_converter.payload_converter
    assert converter.from_payloads(converter.to_payloads([tidied])) == [tidied]
    assert tidy(tidied) == tidied


def test_a_usual_event_is_tidy_already() -> None:
    event = envelope("ins-abc", data={"nested": [1, 2.5, {"text": "磁盘只读"}], "none": None})
    assert tidy(event) == event


def test_what_is_kept_for_people_is_bounded_in_bytes_and_depth() -> None:
    text = kept_text(tidy({"long": "磁" * KEPT_BYTES, "deep": nested(MAX_DEPTH * 3)}))
    assert len(text.encode()) <= KEPT_BYTES
    assert text.endswith("(cut)")


@pytest.mark.parametrize(
    ("age", "told"),
    [(timedelta(minutes=45), "45 minutes old"), (timedelta(hours=30), "30 hours old"), (timedelta(days=12), "12 days")],
)
async def test_the_receipt_of_a_stale_event_names_the_fix(client: Client, age: timedelta, told: str) -> None:
    old = int((datetime.now(timezone.utc) - age).timestamp())
    (event,) = (await take(client, envelope("ins-stale0", time=old))).events
    assert event.status == "accepted"
    (advice,) = event.advice
    assert told in advice
    assert "--now" in advice


async def test_an_old_recovery_needs_no_advice(client: Client) -> None:
    (event,) = (await take(client, envelope("ins-stale1", time=1677727912553, status="0"))).events
    assert event.advice == []


async def test_the_receipt_of_the_consoles_placeholder_names_the_fix(client: Client) -> None:
    (event,) = (await take(client, envelope("ins-xxxxxxxx"))).events
    (advice,) = event.advice
    assert "placeholder" in advice
    assert "`subject`" in advice


async def test_a_temporal_that_is_away_raises_with_its_address_and_what_to_check() -> None:
    away = await connect({"TEMPORAL_ADDRESS": "127.0.0.1:9"}, lazy=True)
    with pytest.raises(TemporalUnreachable, match=r"127\.0\.0\.1:9 .*TEMPORAL_ADDRESS"):
        await take(away, envelope("ins-abc"))


async def test_a_namespace_that_is_missing_raises_with_the_command_that_makes_it(server: Server) -> None:
    elsewhere = await connect({"TEMPORAL_ADDRESS": server.address, "TEMPORAL_NAMESPACE": "nowhere"})
    with pytest.raises(TemporalUnreachable, match="namespace create --namespace nowhere"):
        await take(elsewhere, envelope("ins-abc"))


class Refusing(Interceptor, OutboundInterceptor):
    """A server that refuses whatever is about one instance, as it does past a workflow's limit of signals."""

    def __init__(self, instance_id: str) -> None:
        self._instance_id = instance_id

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        OutboundInterceptor.__init__(self, next)
        return self

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        if input.id.endswith(self._instance_id):
            raise RPCError("exceeded workflow execution limit for signal events", RPCStatusCode.INVALID_ARGUMENT, b"")
        return await super().start_workflow(input)


async def test_an_event_that_temporal_refuses_raises_after_the_others_went_in(client: Client, unique: str) -> None:
    config = client.config()
    config["interceptors"] = [Refusing(f"ins-{unique}")]
    with pytest.raises(TemporalUnreachable, match="limit for signal events"):
        await take(Client(**config), {"EventList": [envelope(f"ins-{unique}"), envelope(f"ins-{unique}b")]})
    assert len(await signals(client, f"cvm/ap-guangzhou/ins-{unique}b")) == 1


async def test_two_deliveries_at_once_make_one_incident(client: Client, unique: str) -> None:
    event = envelope(f"ins-{unique}")
    receipts = await asyncio.gather(*(take(client, event) for _ in range(8)))
    assert len({receipt.events[0].workflow_id for receipt in receipts}) == 1
    assert len(await signals(client, receipts[0].events[0].workflow_id)) == 8
