"""Delivers a notice as a JSON POST; the URL is a secret and appears in no message and no log."""

from __future__ import annotations

import json
import logging
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx2

from remediation.errors import NoticeFailed

_TRY_AGAIN = (408, 425, 429)
# Receivers on this machine; to these the environment's proxy leads nowhere.
_LOCAL = ("all://localhost", "all://127.0.0.1", "all://[::1]")
_NEVER_SENDABLE = (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)


class WebhookSender:
    """A sender for any receiver that takes a JSON POST; safe to share between threads."""

    def __init__(self, timeout_seconds: float) -> None:
        # A notice is rare: a connection that was kept would be found dead when the next one goes out.
        limits = httpx2.Limits(max_keepalive_connections=0)
        direct = dict.fromkeys(_LOCAL)
        self._client = httpx2.Client(timeout=timeout_seconds, follow_redirects=False, limits=limits, mounts=direct)
        # At INFO and below these tell the whole URL of every request.
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)

    def __enter__(self) -> WebhookSender:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what the client holds."""
        self._client.close()

    def send(self, url: str, payload: dict[str, Any], *, idempotency_key: str) -> int:
        """POST `payload` once and return the status, which is 2xx.

        Args:
            url: never repeated in an error, except for its host.
            idempotency_key: the same for every attempt, so that the receiver can drop a second copy.

        Raises:
            NoticeFailed: any other answer, or none; permanent for a 3xx, and a 4xx but 408, 425 and 429.
        """
        headers = {"Content-Type": "application/json", "Idempotency-Key": quote(idempotency_key, safe="/:@")}
        try:
            parsed = httpx2.URL(url)
            # The body of the answer is never read: nobody looks at it, and it may be endless.
            with self._client.stream("POST", parsed, content=json.dumps(payload), headers=headers) as answer:
                status = answer.status_code
        except httpx2.InvalidURL:
            raise NoticeFailed("the webhook's URL is not valid: correct it in medic.yaml", permanent=True) from None
        except httpx2.HTTPError as error:
            permanent = isinstance(error, _NEVER_SENDABLE)
            raise NoticeFailed(f"webhook {parsed.host}: {_kind(error)}", permanent=permanent) from None
        if 200 <= status < 300:
            return status
        moved = ", and a redirect is not followed: write the final URL" if 300 <= status < 400 else ""
        permanent = status < 500 and status not in _TRY_AGAIN
        raise NoticeFailed(f"webhook {parsed.host} answered {status}{moved}", permanent=permanent)


def _kind(error: httpx2.HTTPError) -> str:
    # What the system says of a connection that failed cannot hold the path: nothing was sent yet. Other texts might.
    said = f" ({error})" if isinstance(error, httpx2.ConnectError) and str(error) else ""
    return f"{type(error).__name__}{said}"
