"""Hosts by hand on loopback, which say exactly what they are told to, or break off: what the simulator never does."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def answering(
    answer: bytes, *, reset: bool = False, stall: bool = False, trickle: bytes = b""
) -> Iterator[tuple[str, list[bytes]]]:
    """A host that reads each request and says exactly this → its URL, and what it was sent.

    Args:
        reset, stall: how the connection ends: with a reset, or not at all.
        trickle: said again and again afterwards, every 20 ms, as long as somebody listens.
    """
    taken: list[bytes] = []
    stalled: list[socket.socket] = []
    closing = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve_all() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                request = b""
                while not _is_whole(request):
                    request += connection.recv(65536)
                taken.append(request)
                connection.sendall(answer)
                if stall:
                    stalled.append(connection)
                    continue
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                with connection:
                    while trickle and not closing.wait(0.02):
                        try:
                            connection.sendall(trickle)
                        except OSError:
                            break

        thread = threading.Thread(target=serve_all)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", taken
        finally:
            closing.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            for one in stalled:
                one.close()


def _is_whole(request: bytes) -> bool:
    head, found, body = request.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(found) and len(body) >= int((lengths or [b"0"])[0])


def http(
    body: bytes, content_type: str = "application/json", status: str = "200 OK", more: int = 0, encoding: str = ""
) -> bytes:
    """An HTTP answer that promises `more` bytes than it has."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body) + more}\r\n"
    if encoding:
        head += f"Content-Encoding: {encoding}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


def api(response: Any) -> bytes:
    """The body of an answer of Tencent's API."""
    return json.dumps({"Response": response}).encode()
