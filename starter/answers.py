"""What the webhook says when it does not take an event: JSON each time, and never where in our code something broke."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ON_EVERY_ANSWER = [
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
]
_LOG = logging.getLogger("medic.webhook")


def problem(status: int, error: str, hint: str = "", headers: Mapping[str, str] | None = None) -> JSONResponse:
    content = {"error": error, "hint": hint} if hint else {"error": error}
    return JSONResponse(content, status_code=status, headers=headers)


class LastResort:
    """Answers what nobody expected with 500 and an id; the log has the exception beside the same id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            mistake = uuid.uuid4().hex[:12]
            _LOG.exception(
                json.dumps({"status": "failed", "reason": f"unexpected {type(error).__name__}", "id": mistake})
            )
            if has_begun:
                raise  # the server breaks the connection off: half an answer must not pass for one
            answer = problem(
                500,
                f"this is a mistake of ours; the log has it under {mistake}",
                "Nothing is lost if you deliver it again.",
            )
            await answer(scope, receive, send)
