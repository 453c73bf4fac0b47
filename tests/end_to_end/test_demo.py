"""`medic demo` as a newcomer runs it: it proves what it says, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from cli.demo.proof import broken
from simulator.log import Entry

pytestmark = pytest.mark.processes

INSTANCE, DISKS = "ins-demo0001", ("disk-demosys1", "disk-demodat1")


@contextmanager
def demo(*options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A running demo, started as its own process group leader would be from a terminal."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "demo", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def left_behind(said: str) -> list[str]:
    """Processes and ports that the demo named and that are still there."""
    workers = [int(number) for number in re.findall(r"worker +process (\d+)", said)]
    ports = [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", said)]
    alive = [f"process {number}" for number in workers if psutil.pid_exists(number)]
    open_ports = []
    for port in ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                open_ports.append(f"port {port}")
    return alive + open_ports


def test_the_demo_heals_with_a_killed_worker_proves_the_order_and_leaves_nothing_behind() -> None:
    with demo("--output", "json") as process:
        stdout, stderr = process.communicate(timeout=150)
    told = json.loads(stdout)

    assert process.returncode == 0, stderr
    assert (told["outcome"], told["proven"], told["broken"]) == ("recovered", True, [])
    assert "kill -9" in stderr
    assert [one["body"]["headline"] for one in told["notices"] if one["kind"] == "webhook"] == ["ACTING", "RECOVERED"]
    assert len([one for one in told["notices"] if one["kind"] == "mail"]) == 2
    assert left_behind(stderr) == []


def test_without_the_kill_it_says_nothing_of_one() -> None:
    with demo("--no-kill") as process:
        stdout, stderr = process.communicate(timeout=150)

    assert process.returncode == 0, stderr
    assert "kill -9" not in stderr
    assert "proven by the cloud's log" in stdout
    assert "the run in the Temporal UI: http://127.0.0.1:" in stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_in_the_middle_leaves_nothing_behind(number: signal.Signals) -> None:
    with demo() as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if "is ready" in line:  # the snapshots are being waited for
                break
        process.send_signal(number)
        rest: list[str] = []
        reader = threading.Thread(target=lambda: rest.append(process.stderr.read() if process.stderr else ""))
        reader.start()
        code = process.wait(60)
        reader.join()

    assert code == 130
    assert left_behind(said + rest[0]) == []
    assert "Traceback" not in said + rest[0]


def test_without_the_temporal_cli_it_says_how_to_get_it() -> None:
    with demo(MEDIC_TEMPORAL_CLI="/nonexistent/temporal") as process:
        _, stderr = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "MEDIC_TEMPORAL_CLI=/nonexistent/temporal" in stderr


def a_log(*names: str) -> list[Entry]:
    """`snapshot sys`, `ready sys`, `reboot` → the entries that the simulator would write."""
    entries = []
    for seq, name in enumerate(names, 1):
        kind, _, disk = name.partition(" ")
        disk_id = f"disk-demo{disk}1"
        if kind == "snapshot":
            entries.append(Entry(seq, seq, "call", "CreateSnapshot", "ap-guangzhou", {"DiskId": disk_id}))
        elif kind == "ready":
            entries.append(Entry(seq, seq, "effect", "snapshot_normal", "ap-guangzhou", targets=("snap-1", disk_id)))
        else:
            entries.append(Entry(seq, seq, "call", "RebootInstances", "ap-guangzhou", {"InstanceIds": [INSTANCE]}))
    return entries


@pytest.mark.parametrize(
    ("log", "proves_it"),
    [
        (["snapshot sys", "snapshot dat", "ready sys", "ready dat", "reboot"], True),
        (["snapshot sys", "snapshot dat", "ready sys", "reboot", "ready dat"], False),
        (["reboot", "snapshot sys", "snapshot dat", "ready sys", "ready dat"], False),
        (["snapshot sys", "ready sys", "reboot"], False),
        (["snapshot sys", "snapshot sys", "snapshot dat", "ready sys", "ready dat", "reboot"], False),
        (["snapshot sys", "snapshot dat", "ready sys", "ready dat", "reboot", "reboot"], False),
        (["snapshot sys", "snapshot dat", "ready sys", "ready dat"], False),
        ([], False),
    ],
)
def test_the_proof_fails_for_every_log_in_which_the_order_was_not_kept(log: list[str], proves_it: bool) -> None:
    assert (broken(a_log(*log), INSTANCE, DISKS) == []) is proves_it
