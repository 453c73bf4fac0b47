"""`medic demo`: the main job on this machine, with a real Temporal, a simulated cloud, and a worker that is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from pathlib import Path

from remediation.errors import MedicError

_TERMINATED = 128 + signal.SIGTERM


def run(*, keep: bool, kill: bool, output: str) -> int:
    """Run the demo and return the exit code: 0 only if the outcome is `recovered` and the cloud's log proves the order.

    Args:
        keep: leave all of it running until Ctrl-C.
        kill: kill the worker with SIGKILL while the snapshots are being made.
        output: `text` or `json`.

    Raises:
        MedicError: something that the demo needs is not there.
    """
    from cli.demo.story import tell_story

    if output == "json" and keep:
        raise MedicError("--keep is to look around in; it does not go with --output json")
    # A SIGTERM ends it as Ctrl-C does: by the way out that stops what was started.
    signal.signal(signal.SIGTERM, lambda *_: _interrupt())
    with tempfile.TemporaryDirectory(prefix="medic-demo-") as folder:
        return asyncio.run(tell_story(Path(folder), os.environ, keep=keep, kill=kill, output=output))


def _interrupt() -> None:
    raise KeyboardInterrupt
