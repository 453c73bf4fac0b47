"""Ports that are knocked at, on this machine: as wanted, refused, otherwise, or silent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from activities.clients.probing import NetworkProber
from remediation.health import Health
from remediation.runbooks import HttpProbe, Verify

HERE = "127.0.0.1"


class Pages(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        moved = self.path == "/moved"
        self.send_response(302 if moved else 200)
        self.send_header("Location", "/healthz")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def served() -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []
    server = ThreadingHTTPServer((HERE, 0), type("Mine", (Pages,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.create_server((HERE, 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def test_what_answers_as_wanted_is_healthy_and_no_redirect_is_followed() -> None:
    with served() as (port, asked):
        pages = (HttpProbe(port=port, path="/healthz"), HttpProbe(port=port, path="/moved"))
        readings = NetworkProber().probe(HERE, Verify(tcp=(port,), http=pages))
    assert [one.health for one in readings] == [Health.HEALTHY, Health.HEALTHY, Health.UNHEALTHY]
    assert sorted(asked) == ["/healthz", "/moved"]
    assert readings[2].why.facts["found"] == "302"


def test_what_refuses_is_unhealthy_somebody_answered() -> None:
    port = free_port()
    readings = NetworkProber().probe(HERE, Verify(tcp=(port,), http=(HttpProbe(port=port),)))
    assert [one.health for one in readings] == [Health.UNHEALTHY, Health.UNHEALTHY]


def test_what_says_nothing_is_unknown_and_holds_nobody_up() -> None:
    with socket.create_server((HERE, 0)) as silent:  # takes connections, and never answers
        port = silent.getsockname()[1]
        [reading] = NetworkProber(each_seconds=60, all_seconds=0.2).probe(HERE, Verify(http=(HttpProbe(port=port),)))
        assert reading.health is Health.UNKNOWN
        [reading] = NetworkProber(each_seconds=0.2).probe(HERE, Verify(http=(HttpProbe(port=port),)))
    assert reading.health is Health.UNKNOWN


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: object) -> None:
    import pytest

    assert isinstance(monkeypatch, pytest.MonkeyPatch)
    monkeypatch.setenv("HTTP_PROXY", f"http://{HERE}:{free_port()}")
    with served() as (port, asked):
        [reading] = NetworkProber().probe(HERE, Verify(http=(HttpProbe(port=port),)))
    assert (reading.health, asked) == (Health.HEALTHY, ["/"])


def test_nothing_to_probe_is_nothing() -> None:
    assert NetworkProber().probe(HERE, Verify()) == ()
