"""The processes of the demo: started on free ports, and none of them left behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from remediation.contract import SearchAttribute
from remediation.errors import MedicError

_STOP_SECONDS = 10


class Processes:
    """Children that end with the block, each in a session of its own so that Ctrl-C reaches only us."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start one; what it prints goes to `<name>.log` in the demo's folder."""
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  # our own commands, no shell
                command, env=dict(environment), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._running.append(process)
        return process

    def kill_last(self) -> int:
        """SIGKILL the process that was started last, wait for its death, and return its id."""
        process = self._running.pop()
        process.kill()
        process.wait()
        return process.pid

    def stop(self) -> None:
        """End all, the last started first; who does not go on SIGTERM is killed."""
        for process in reversed(self._running):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()


def find_temporal(environment: Mapping[str, str]) -> str:
    """The `temporal` CLI: MEDIC_TEMPORAL_CLI, on PATH, or beside this Python (the dev lock's wheel).

    Raises:
        MedicError: there is none; says how to get it.
    """
    configured = environment.get("MEDIC_TEMPORAL_CLI")
    if configured:
        if os.access(configured, os.X_OK):
            return configured
        raise MedicError(f"MEDIC_TEMPORAL_CLI={configured} is not a program: correct it, or unset it")
    beside = Path(sys.executable).parent / "temporal"
    found = shutil.which("temporal") or (str(beside) if beside.exists() else None)
    if found is None:
        raise MedicError(
            "the `temporal` CLI is not there: run `make setup`, which installs it into .venv, or install it from "
            "https://docs.temporal.io/cli and set MEDIC_TEMPORAL_CLI to where it is"
        )
    return found


def temporal_command(cli: str, port: int, ui_port: int, namespace: str) -> list[str]:
    """A dev server in memory, with its UI and our search attributes, on loopback."""
    attributes = [part for one in SearchAttribute for part in ("--search-attribute", f"{one.value}=Keyword")]
    return [
        cli,
        "server",
        "start-dev",
        *("--ip", "127.0.0.1", "--port", str(port), "--ui-port", str(ui_port), "--namespace", namespace),
        *("--log-level", "error"),
        # Twenty polls a second, the default, make every step of a lone run wait.
        *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000"),
        *attributes,
    ]


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago; the namespace has a name of its own in case one is taken in between."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
