"""What robots answer: HTTP 200 proves nothing, their own code does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from activities.clients.posting import Answer, check_status
from remediation.errors import NoticeFailed

LONGEST_ANSWER = 65_536


class Codes(NamedTuple):
    """What the codes of one service mean; any that is in neither table may be tried again.

    Attributes:
        keys: where the code stands, the first that is there counts.
        waits: seconds to wait before another try.
        final: trying again changes nothing, and what does.
    """

    keys: tuple[str, ...]
    waits: Mapping[int, float]
    final: Mapping[int, str]


def written(message: Mapping[str, Any]) -> str:
    """The body of a request: the services count its bytes, so that no character is written as six."""
    return json.dumps(message, ensure_ascii=False)


def check(answer: Answer, codes: Codes) -> None:
    """Return if the service says that it took the message.

    Raises:
        NoticeFailed: it says otherwise. Its own text is left out: it may repeat what it was sent.
    """
    code = _code(answer.body, codes.keys)
    if code is None:
        status = check_status(answer)
        raise NoticeFailed(f"{answer.where} answered {status}, and not as a robot does", permanent=False)
    if code == 0:
        check_status(answer)
        return
    told = f"{answer.where} refused it, code {code}"
    if code in codes.waits:
        raise NoticeFailed(f"{told}: too many messages", permanent=False, wait_seconds=codes.waits[code])
    if code in codes.final:
        raise NoticeFailed(f"{told}: {codes.final[code]}", permanent=True)
    raise NoticeFailed(told, permanent=False)


def _code(body: bytes, keys: tuple[str, ...]) -> int | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = (said[key] for key in keys if key in said) if isinstance(said, dict) else iter(())
    code = next(found, None)
    return code if isinstance(code, int) and not isinstance(code, bool) else None
