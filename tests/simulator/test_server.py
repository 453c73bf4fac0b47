"""The simulator as a server: on a port of its own, quick, and gone when it is told to."""

from __future__ import annotations

import gc
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from statistics import median

import httpx2
import pytest

from simulator.server import serve
from tests.simulator.calling import Caller, account

_ALONE = """
from simulator.server import run
run(speed=10, on_ready=lambda url: open(1, "w", closefd=False).write(url + "\\n"))
"""


def test_two_of_them_have_ports_and_worlds_of_their_own_and_end_without_a_trace() -> None:
    with serve(account()) as one, serve(account()) as other:
        assert one.port != other.port
        Caller(one).snapshot()
        assert (len(one.log), other.log) == (2, [])
    assert not [thread for thread in threading.enumerate() if thread.name == "simulator"]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((one.host, one.port), timeout=1)


def test_a_port_that_is_taken_is_an_error_at_once() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
        serve(account(), port=taken.getsockname()[1]),
    ):
        pass


def test_it_ends_with_connections_still_open() -> None:
    with httpx2.Client() as client, serve(account()) as server:
        assert client.get(f"{server.url}/_admin/state").status_code == 200


def test_who_comes_in_just_as_it_ends_leaves_no_socket_open() -> None:
    for _ in range(20):
        came = threading.Event()
        with ThreadPoolExecutor(3) as callers, serve() as running:
            for _ in range(3):
                callers.submit(_knock, (running.host, running.port), came)
            came.wait(timeout=30)
    gc.collect()  # a socket that is still open says so now, as an error of this test


def _knock(address: tuple[str, int], came: threading.Event) -> None:
    """Come and go, until nobody is there any more."""
    with suppress(OSError):
        while True:
            socket.create_connection(address, timeout=5).close()
            came.set()


def test_it_answers_hundreds_of_calls_a_second() -> None:
    with serve(account(limits=False)) as server:
        callers = [Caller(server) for _ in range(4)]

        def seconds(number: int) -> float:
            begun = time.monotonic()
            callers[number % 4].cvm("DescribeInstancesStatus")
            return time.monotonic() - begun

        with ThreadPoolExecutor(4) as pool:
            taken = list(pool.map(seconds, range(200)))
        assert len(server.log) == 200
        assert median(taken) < 0.03  # it was 0.04 when each answer waited for an acknowledgement


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_alone_it_serves_until_it_is_told_to_end(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _ALONE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as it:
        try:
            assert it.stdout is not None
            url = it.stdout.readline().strip()
            assert httpx2.get(f"{url}/_admin/log").json() == []
            it.send_signal(number)
            assert it.wait(10) == 0
            assert it.stderr is not None
            assert it.stderr.read() == ""
        finally:
            it.kill()
