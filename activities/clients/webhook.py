"""Delivers a notice as a JSON POST to any receiver that answers with a status that means what it says."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from activities.clients.posting import Poster, check_status


class WebhookSender:
    """A sender for any receiver that takes a JSON POST; safe to share between threads."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    def send(self, url: str, payload: dict[str, Any], *, idempotency_key: str) -> int:
        """POST `payload` once and return the status, which is 2xx.

        Args:
            idempotency_key: the same for every attempt, so that the receiver can drop a second copy.

        Raises:
            NoticeFailed: any other answer, or none; permanent for a 3xx, and a 4xx but 408, 425 and 429.
        """
        headers = {"Idempotency-Key": quote(idempotency_key, safe="/:@")}
        # The body of the answer is never read: nobody looks at it, and it may be endless.
        return check_status(self._poster.post("webhook", url, json.dumps(payload), headers=headers))
