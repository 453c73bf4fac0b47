"""Knocks at the ports of an instance: connects, asks one page each, and reads nothing more than the answer's head."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

import httpx2

from remediation.health import Health, Reading
from remediation.reasons import Code, because
from remediation.runbooks import HttpProbe, Verify


class NetworkProber:
    """All probes of one instance at once, each bounded, and all of them together."""

    def __init__(self, each_seconds: float = 3.0, all_seconds: float = 8.0) -> None:
        self._each, self._all = each_seconds, all_seconds

    def probe(self, address: str, policy: Verify) -> tuple[Reading, ...]:
        """One reading for each port and page.

        As wanted is healthy; refused, or another status, is unhealthy: somebody answered. Silence is unknown: a
        security group drops what it does not like, and that says nothing about the instance.
        """
        calls: dict[str, Callable[[], Reading]] = {
            f"{address}:{port}": lambda port=port: self._connect(address, port)  # type: ignore[misc]
            for port in policy.tcp
        }
        for page in policy.http:
            calls[_url(address, page)] = lambda page=page: self._get(address, page)  # type: ignore[misc]
        if not calls:
            return ()
        pool = ThreadPoolExecutor(len(calls), thread_name_prefix="probe")
        try:
            begun: dict[Future[Reading], str] = {pool.submit(call): where for where, call in calls.items()}
            wait(begun, timeout=self._all)
            return tuple(
                one.result() if one.done() else _silent(where, "no answer in time") for one, where in begun.items()
            )
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _connect(self, address: str, port: int) -> Reading:
        where = f"{address}:{port}"
        try:
            socket.create_connection((address, port), timeout=self._each).close()
        except ConnectionRefusedError:
            why = because(Code.PROBE_FAILED, where=where, found="refused")
            return Reading(probe="tcp", health=Health.UNHEALTHY, why=why)
        except OSError as error:
            return _silent(where, type(error).__name__)
        return Reading(probe="tcp", health=Health.HEALTHY, why=because(Code.PROBE_ANSWERED, where=where))

    def _get(self, address: str, page: HttpProbe) -> Reading:
        url = _url(address, page)
        try:
            with (
                httpx2.Client(timeout=self._each, follow_redirects=False, trust_env=False) as http,
                http.stream("GET", url) as answer,
            ):
                status = answer.status_code
        except httpx2.ConnectError as error:
            refused = isinstance(_root(error), ConnectionRefusedError)
            if not refused:
                return _silent(url, type(error).__name__)
            why = because(Code.PROBE_FAILED, where=url, found="refused")
            return Reading(probe="http", health=Health.UNHEALTHY, why=why)
        except (httpx2.HTTPError, OSError) as error:
            return _silent(url, type(error).__name__)
        if status != page.status:
            why = because(Code.PROBE_FAILED, where=url, found=status)
            return Reading(probe="http", health=Health.UNHEALTHY, why=why)
        return Reading(probe="http", health=Health.HEALTHY, why=because(Code.PROBE_ANSWERED, where=url))


def _url(address: str, page: HttpProbe) -> str:
    host = f"[{address}]" if ":" in address else address
    return f"http://{host}:{page.port}{page.path}"


def _silent(where: str, error: str) -> Reading:
    return Reading(probe="port", health=Health.UNKNOWN, why=because(Code.PROBE_SILENT, where=where, error=error))


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__ or error
    return error
