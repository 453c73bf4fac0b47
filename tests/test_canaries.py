"""The search for canaries finds them: in plain, within other words, in Base64, and in a workflow's history."""

from __future__ import annotations

import base64
import logging

import pytest
from temporalio.client import Client

from remediation.settings import read_settings
from simulator.world import DEMO_SECRET_KEY
from tests import canaries
from tests.canaries import singing_histories, sings
from tests.waiting import until

LOGIN = canaries.with_login("smtp://127.0.0.1:25")
CREDENTIALS = [value for name, value in canaries.ENVIRONMENT.items() if not name.endswith(("_TLS", "_LEVEL"))]


@pytest.mark.parametrize("secret", [*CREDENTIALS, LOGIN, canaries.ROBOT, DEMO_SECRET_KEY])
def test_each_credential_is_heard_wherever_it_hides(secret: str) -> None:
    assert sings(f'{{"url": "https://x/robot?key={secret}"}}')
    for before in range(6):
        assert sings(base64.b64encode(f"{'x' * before}{secret}x".encode()))
    assert not sings(f"a canary {'x' * len(secret)}")


def test_every_secret_setting_of_ours_has_a_canary() -> None:
    given = read_settings({**canaries.ENVIRONMENT, "MEDIC_SMTP": LOGIN})
    shown = given.model_dump()
    secret = {name for name in type(given).model_fields if any(word in name for word in ("token", "keys", "smtp"))}
    assert all(shown[name] for name in secret)
    assert not sings(f"{given!r}")


def test_what_is_logged_at_the_lowest_level_is_heard_too() -> None:
    assert logging.getLogger("medic.anything").isEnabledFor(logging.DEBUG)


async def test_a_secret_in_a_payload_of_a_history_is_heard(client: Client, unique: str) -> None:
    workflow_id = f"singing-{unique}"
    await client.start_workflow(canaries.PLANTED, {"to": canaries.ROBOT}, id=workflow_id, task_queue=unique)

    async def heard() -> bool:
        return await singing_histories(client, f'WorkflowId = "{workflow_id}"') == [workflow_id]

    await until(heard)
