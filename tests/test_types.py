"""What cannot be written: the type checker refuses it, before any test has to catch it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """
from remediation.acts import RebootInput, SnapshotMade
from remediation.cloud import Operation, ReadySnapshot
from workflows.attempt import Attempt
from workflows.rebooting import reboot
from remediation.runbooks import Reboot
from activities.acting import Act, act_once
from remediation.guardrails import GO, Verdict
from remediation.permits import SendPermit
from workflows.acting import Action
from activities.operations import OperationActivities
from remediation.contract import Queue
"""
FORBIDDEN = {
    "a reboot without snapshots": (
        "async def f(a: Attempt, r: Reboot) -> None:\n    await reboot(a, r)\n",
        'Missing positional argument "ready"',
    ),
    "a reboot with snapshots that were begun and never seen ready": (
        "async def f(a: Attempt, r: Reboot, made: SnapshotMade) -> None:\n    await reboot(a, r, (made,))\n",
        'expected "tuple[ReadySnapshot, ...]"',
    ),
    "a mutating call that does not say how its effect shows": (
        "class Blind(Act[RebootInput, str]):\n"
        "    action = 'RebootInstances'\n"
        "    def guard(self, wanted: RebootInput) -> Verdict:\n        return GO\n"
        "    def send(self, permit: SendPermit, wanted: RebootInput) -> str:\n        return ''\n"
        "Blind()\n",
        'Cannot instantiate abstract class "Blind" with abstract attribute "effect"',
    ),
    "an action of the story that does not say where to look": (
        "BLIND = Action(send=OperationActivities.reboot_instance, sends_on=Queue.REBOOTS, resend=False)\n",
        'Missing positional arguments "find", "looks_on"',
    ),
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What mypy says of all of them, each in a file of its own."""
    folder = tmp_path_factory.mktemp("forbidden")
    for number, (code, _) in enumerate(FORBIDDEN.values()):
        (folder / f"forbidden_{number}.py").write_text(HEAD + code, encoding="utf-8")
    root = Path(__file__).parent.parent
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *sorted(map(str, folder.glob("*.py")))],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    return checked.stdout


@pytest.mark.parametrize("what", FORBIDDEN)
def test_it_cannot_be_written(complaints: str, what: str) -> None:
    number = list(FORBIDDEN).index(what)
    said = [line for line in complaints.splitlines() if f"forbidden_{number}.py" in line and ": error:" in line]

    assert len(said) == 1, complaints
    assert FORBIDDEN[what][1] in said[0]
