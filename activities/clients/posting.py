"""One JSON POST to a place whose URL is a secret: it appears in no message and no log."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from time import monotonic
from types import TracebackType
from typing import NamedTuple

import httpx2

from remediation.errors import NoticeFailed

_TRY_AGAIN = (408, 425, 429)
# Receivers on this machine; to these the environment's proxy leads nowhere.
_LOCAL = ("all://localhost", "all://127.0.0.1", "all://[::1]")
_NEVER_SENDABLE = (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)


class Answer(NamedTuple):
    """What a receiver said; `where` names it in errors, without what is secret."""

    where: str
    status: int
    body: bytes


class Poster:
    """Posts for all threads; opens a connection each time."""

    def __init__(self, timeout_seconds: float) -> None:
        self._seconds = timeout_seconds
        # A notice is rare: a connection that was kept would be found dead when the next one goes out.
        limits = httpx2.Limits(max_keepalive_connections=0)
        direct = dict.fromkeys(_LOCAL)
        self._client = httpx2.Client(timeout=timeout_seconds, follow_redirects=False, limits=limits, mounts=direct)
        # At INFO and below these tell the whole URL of every request.
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)

    def __enter__(self) -> Poster:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what the client holds."""
        self._client.close()

    def post(
        self, kind: str, url: str, content: str, *, headers: Mapping[str, str] | None = None, longest: int = 0
    ) -> Answer:
        """POST `content`, which is JSON, once.

        Args:
            kind: what the address is called in medic.yaml, for errors.
            url: never repeated in an error, except for its host.
            longest: so many bytes of the answer are read, at most; what comes after them is never looked at.

        Raises:
            NoticeFailed: there was no answer.
        """
        given = {"Content-Type": "application/json", **(headers or {})}
        until = monotonic() + self._seconds
        try:
            parsed = httpx2.URL(url)
            where = f"{kind} {parsed.host}"
            with self._client.stream(
                "POST", parsed, content=content.encode("utf-8", "replace"), headers=given
            ) as answer:
                body = b""
                for piece in answer.iter_bytes() if longest else ():
                    body += piece
                    if len(body) >= longest:
                        break
                    if monotonic() > until:  # httpx2 bounds only the silence between two pieces
                        raise NoticeFailed(f"{where}: no whole answer within {self._seconds:g} s", permanent=False)
                return Answer(where, answer.status_code, body[:longest])
        except (httpx2.InvalidURL, UnicodeError):  # the latter for a host such as a..b
            raise NoticeFailed(f"the {kind}'s URL is not valid: correct it in medic.yaml", permanent=True) from None
        except httpx2.HTTPError as error:
            permanent = isinstance(error, _NEVER_SENDABLE)
            raise NoticeFailed(f"{where}: {_kind(error)}", permanent=permanent) from None


def check_status(answer: Answer) -> int:
    """The status, which is 2xx.

    Raises:
        NoticeFailed: any other; permanent for a 3xx, and a 4xx but 408, 425 and 429.
    """
    status = answer.status
    if 200 <= status < 300:
        return status
    moved = ", and a redirect is not followed: write the final URL" if 300 <= status < 400 else ""
    permanent = status < 500 and status not in _TRY_AGAIN
    raise NoticeFailed(f"{answer.where} answered {status}{moved}", permanent=permanent)


def _kind(error: httpx2.HTTPError) -> str:
    # What the system says of a connection that failed cannot hold the path: nothing was sent yet. Other texts might.
    said = f" ({error})" if isinstance(error, httpx2.ConnectError) and str(error) else ""
    return f"{type(error).__name__}{said}"
