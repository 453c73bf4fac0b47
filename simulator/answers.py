"""What goes back to the caller, and what each fault makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from simulator.errors import ApiError
from simulator.faults import FaultRule
from simulator.limits import PER_SECOND, request_limit_exceeded

_BROKEN_PAGE = b"<html><body><h1>500 Internal Server Error</h1></body></html>"


@dataclass(frozen=True)
class Answer:
    """One answer of the API.

    Attributes:
        response: what stands under `Response`.
        content_type: exactly this one, or the SDK does not look for an `Error` in it.
        cut: the connection ends before the first byte of the answer, or half-way through it; it is reset; or nothing is
            ever said.
        page: something else instead of the response, such as a gateway's own page.
        refuse_seconds: for so long nobody can connect after this answer.
    """

    response: Mapping[str, Any]
    status: int = 200
    content_type: str = "application/json"
    cut: Literal["before", "within", "reset", "never"] | None = None
    page: bytes | None = None
    refuse_seconds: float | None = None

    @property
    def code(self) -> str | None:
        """The error's code, if it is an error."""
        code: str | None = self.response.get("Error", {}).get("Code")
        return code

    @property
    def body(self) -> bytes:
        return (
            self.page if self.page is not None else json.dumps({"Response": self.response}, ensure_ascii=False).encode()
        )


def result(of: Mapping[str, Any], request_id: str) -> Answer:
    """It was done, or read."""
    return Answer({**of, "RequestId": request_id})


def refusal(error: ApiError, request_id: str) -> Answer:
    """It was not done."""
    return Answer({"Error": {"Code": error.code, "Message": error.message}, "RequestId": request_id})


def spoil(answer: Answer, rule: FaultRule, action: str) -> Answer:
    """This answer as it arrives when the rule has hit the call; what only comes beside it changes nothing."""
    request_id = answer.response["RequestId"]
    match rule.answer if rule.kind == "late" else rule.kind:
        case "throttle":
            return refusal(request_limit_exceeded(PER_SECOND.get(action, 20), action), request_id)
        case "error":
            return refusal(ApiError(rule.code, rule.message), request_id)
        case "http_500":
            return replace(answer, status=500, content_type="text/html", page=_BROKEN_PAGE)
        case "drop_before" | "lose_answer":
            return replace(answer, cut="before")
        case "truncate":
            return replace(answer, cut="within")
        case "reset":
            return replace(answer, cut="reset")
        case "silence":
            return replace(answer, cut="never")
        case "refuse":
            return replace(answer, refuse_seconds=rule.seconds)
        case "wrong_body":
            return replace(answer, content_type=rule.content_type, page=rule.body.encode())
        case "wrong_content_type":
            return replace(answer, content_type="application/json; charset=utf-8")
        case "null_id":
            nulled = {name: None if name.endswith("Id") else value for name, value in answer.response.items()}
            return replace(answer, response=nulled)
        case _:
            return answer
