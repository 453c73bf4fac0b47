"""One HTTP answer, whole within its time and its size, or none: requests bounds only the silence between two bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError


class BoundedAdapter(HTTPAdapter):
    """Reads every answer to its end; one that is not there in time is cut off, wherever it stands. For one thread.

    What is wrong with an answer is a `requests.RequestException`, as it is with one whose head does not come.
    """

    def __init__(self, seconds: float, longest: int) -> None:
        """
        Args:
            seconds: from the beginning of the call to the last byte of its answer.
            longest: bytes of an answer's body, unpacked.
        """
        self._seconds = seconds
        self._longest = longest
        self._watch = _Watch(seconds)
        super().__init__()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        late = requests.ReadTimeout(f"no whole answer within {self._seconds:g} s", request=request)
        with _Watch(self._seconds) as self._watch:
            try:
                answer = super().send(request, stream, timeout, verify, cert, dict(proxies or {}))
                answer._content = self._body(answer)
            except requests.RequestException as error:
                raise (late if self._watch.has_cut else error) from None
        if self._watch.has_cut:  # where the end of the connection is the end of the body, a part looks whole
            raise late
        answer._content_consumed = True
        return answer

    def _body(self, answer: requests.Response) -> bytes:
        try:
            body = bytes(answer.raw.read(self._longest + 1, decode_content=True))
        except (HTTPError, OSError) as error:
            answer.close()
            raise requests.ConnectionError(error, request=answer.request) from error
        if len(body) > self._longest:
            answer.close()
            raise requests.ConnectionError(f"the answer is longer than {self._longest} bytes", request=answer.request)
        return body

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        pool = super().get_connection_with_tls_context(*args, **options)
        if "ConnectionCls" not in vars(pool):
            pool.ConnectionCls = self._watched(pool.ConnectionCls)
        return pool

    def _watched(self, kind: Any) -> Any:
        adapter = self

        class Watched(kind):  # type: ignore[misc]  # HTTP or HTTPS, as the pool has it
            def getresponse(self) -> Any:
                adapter._watch.answers_on(self.sock)
                return super().getresponse()

        return Watched


class _Watch:
    """Ends the connection of one call when its time is up; not after the call."""

    def __init__(self, seconds: float) -> None:
        self.has_cut = False
        self._is_late = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._time_is_up)
        self._timer.daemon = True

    def __enter__(self) -> _Watch:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timer.cancel()
        with self._lock:
            self._socket = None

    def answers_on(self, connected: socket.socket) -> None:
        """The request was sent, and what comes on this socket is awaited."""
        with self._lock:
            self._socket = connected
            self._cut()

    def _time_is_up(self) -> None:
        with self._lock:
            self._is_late = True
            self._cut()

    def _cut(self) -> None:
        if self._is_late and self._socket is not None:
            self.has_cut = True
            # Below TLS, whose own shutdown must not come while somebody reads; within a proxy's TLS there is no socket.
            with suppress(OSError, TypeError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
