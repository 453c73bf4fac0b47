"""The cloud function that EventBridge triggers: `index.main_handler` of the package that `make scf-zip` builds."""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import os
from datetime import datetime, timezone
from typing import Any

from temporalio.client import Client

from remediation.errors import EventRejected, MedicError
from remediation.events import read_json
from remediation.settings import read_settings
from starter.connection import TemporalUnreachable, connect
from starter.receipts import Receipt
from starter.workers import WatchedStart

_LOG = logging.getLogger("medic.scf")
_LOG.setLevel(logging.INFO)  # the platform shows what reaches its handler; the root's level is WARNING there


class _Warm:
    """One event loop, and the client that was connected on it, for as long as the platform keeps this process warm."""

    def __init__(self) -> None:
        self._door = WatchedStart(read_settings(os.environ).task_queue)
        self._loop = asyncio.new_event_loop()
        self._client: Client | None = None
        atexit.register(self.close)

    def take(self, body: object) -> Receipt:
        return self._loop.run_until_complete(self._take(body))

    async def _take(self, body: object) -> Receipt:
        received_at = datetime.now(timezone.utc)
        try:
            if self._client is None:
                self._client = await connect()
            return await self._door.take(self._client, body, received_at=received_at)
        except TemporalUnreachable:
            self._client = None  # a connection may have died while this process was frozen: the next call makes another
            raise

    def close(self) -> None:
        self._client = None
        self._loop.close()


_warm: _Warm | None = None


def main_handler(event: dict[str, Any] | str, context: dict[str, Any]) -> dict[str, Any]:
    """EventBridge's delivery → the receipt as plain JSON values, for the platform's log.

    Raises:
        MedicError: Temporal cannot be reached, or the settings are wrong: the platform delivers again, since it
            counts an exception as a failure. What delivering again cannot mend is in the receipt.
    """
    global _warm
    request_id = (context or {}).get("request_id", "")
    try:
        _warm = _warm or _Warm()
        receipt = _warm.take(_parsed(event))
    except MedicError as error:
        _LOG.error(json.dumps({"status": "failed", "reason": str(error), "request_id": request_id}))
        raise
    for line in receipt.as_dicts():
        _LOG.info(json.dumps({**line, "request_id": request_id}, ensure_ascii=False))
    return receipt.model_dump(mode="json")


def _parsed(event: object) -> object:
    if not isinstance(event, str):
        return event
    try:
        return read_json(event.encode("utf-8", "replace"))
    except EventRejected:
        return event  # text that is no JSON is kept as it is, like anything else that is no alarm
