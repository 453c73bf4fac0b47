"""The wiring: what the worker makes sure of before it polls, and what it keeps to itself."""

from __future__ import annotations

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from remediation.contract import SearchAttribute
from tests.temporal_server import STARTUP, find_cli
from worker import ensure_search_attributes


async def test_missing_search_attributes_are_registered_before_anything_is_polled() -> None:
    environment = await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=find_cli(),
        dev_server_log_level="error",
        dev_server_startup_timeout=STARTUP,
    )
    async with environment:
        client = environment.client
        asked = ListSearchAttributesRequest(namespace=client.namespace)
        before = await client.operator_service.list_search_attributes(asked)
        await ensure_search_attributes(client)
        await ensure_search_attributes(client)
        after = await client.operator_service.list_search_attributes(asked)

    ours = {one.value for one in SearchAttribute}
    assert ours.isdisjoint(before.custom_attributes)
    assert ours <= set(after.custom_attributes)
