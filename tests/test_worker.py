"""The wiring: what the worker makes sure of before it polls, and what it keeps to itself."""

from __future__ import annotations

from pathlib import Path

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from remediation.contract import SearchAttribute
from tests.temporal_server import STARTUP, find_cli
from worker import build_id, ensure_search_attributes


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


def test_a_build_is_another_one_as_soon_as_anything_that_decides_or_acts_differs(tmp_path: Path) -> None:
    def built(name: str, **files: str) -> str:
        root = tmp_path / name
        for file, text in {"worker": "1", "remediation/words": "1", "cli/lint": "1", **files}.items():
            path = root / f"{file}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return build_id(root)

    same = built("first")
    assert built("second") == same
    assert built("third", **{"cli/lint": "2"}) == same
    others = [
        built("fourth", worker="2"),
        built("fifth", **{"remediation/words": "2"}),
        built("sixth", **{"workflows/x": ""}),
    ]
    assert len({same, *others}) == 4
