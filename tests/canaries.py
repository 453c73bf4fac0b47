"""P7 for the whole test run: every credential of a deployment is a canary, and no place that people read may sing.

Each canary holds one mark that survives JSON, URLs and case folding; it is looked for in plain bytes and in Base64.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import Client

from simulator.world import DEMO_SECRET_KEY

MARK = "c4naryofmedic"
SECRET_ID, SECRET_KEY, CLOUD_TOKEN = f"AKID{MARK}", f"cloud-key-{MARK}", f"cloud-token-{MARK}"
WEBHOOK_TOKEN, HMAC_SECRET = f"door-token-{MARK}", f"hmac-secret-of-a-sender-{MARK}"
ROBOT = f"robot-{MARK}"
ENVIRONMENT = {
    "TENCENTCLOUD_SECRET_ID": SECRET_ID,
    "TENCENTCLOUD_SECRET_KEY": SECRET_KEY,
    "TENCENTCLOUD_TOKEN": CLOUD_TOKEN,
    "TEMPORAL_API_KEY": f"temporal-{MARK}",
    "TEMPORAL_TLS": "false",
    "MEDIC_WEBHOOK_TOKEN": WEBHOOK_TOKEN,
    "MEDIC_WEBHOOK_KEYS": f"2026a:{HMAC_SECRET}",
    "MEDIC_LOG_LEVEL": "debug",
}
PLANTED = "Planted"
"""The type of the workflows that sing on purpose."""
_AT_ONCE = 16


def _in_base64(mark: bytes) -> Iterable[bytes]:
    """What stays of it whatever stands around it: it may begin at each of three bits."""
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + mark)
        yield whole[-(-shift * 8 // 6) : (shift + len(mark)) * 8 // 6]


_SONGS = [song for mark in (MARK.encode(), DEMO_SECRET_KEY.encode()) for song in (mark, *_in_base64(mark))]


def sings(text: str | bytes) -> bool:
    """Whether a credential, or a part of one, is in there."""
    heard = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return any(song in heard for song in _SONGS)


def with_login(smtp_url: str) -> str:
    """The same mail server, with a user and a password."""
    return smtp_url.replace("://", f"://medic:mail-{MARK}@")  # pragma: allowlist secret


async def singing_histories(client: Client, query: str = f'WorkflowType != "{PLANTED}"') -> list[str]:
    """The workflows of the client's namespace in whose history, payloads and failures included, a credential is."""
    found: list[str] = []
    places = asyncio.Semaphore(_AT_ONCE)

    async def listen(workflow_id: str, run_id: str) -> None:
        token = b""
        while True:
            asked = GetWorkflowExecutionHistoryRequest(
                namespace=client.namespace,
                execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
                next_page_token=token,
            )
            async with places:
                page = await client.workflow_service.get_workflow_execution_history(asked)
            if sings(page.history.SerializeToString()):
                found.append(workflow_id)
            token = page.next_page_token
            if not token:
                return

    await asyncio.gather(*[listen(run.id, run.run_id) async for run in client.list_workflows(query)])
    return found
