"""A worker that sleeps between its guard and its send: when it wakes, the plan is stale, and nothing is sent."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from remediation.cloud import REBOOT
from remediation.permits import MAX_READING_AGE_SECONDS
from remediation.reasons import Code
from remediation.report import Outcome
from simulator.checker import Facts, check
from tests.end_to_end.deployment import SPEED, Deployment, deployment
from tests.temporal_server import Server
from tests.waiting import until

pytestmark = [pytest.mark.temporal, pytest.mark.processes]

# The reboot's guard reads the instance after the incident, the first look, and the guards of both snapshots.
GUARD_OF_THE_REBOOT = {"action": "DescribeInstances", "skip": 4, "kind": "hold", "at": "effect"}


async def asleep_in_its_guard(on: Deployment) -> int:
    """The pid of a worker that was stopped while the cloud held its guard's last reading, which it now has."""
    on.cloud.faults.add(GUARD_OF_THE_REBOOT)
    worker = on.command("worker")
    await on.send()

    async def held() -> bool:
        return on.cloud.waiting == ["DescribeInstances"]

    await until(held, seconds=60)
    os.kill(worker.pid, signal.SIGSTOP)
    on.cloud.faults.release()

    async def answered() -> bool:
        return not on.cloud.waiting

    await until(answered)
    return worker.pid


async def test_accident_a_stale_plan_is_not_executed_by_a_worker_that_wakes_after_its_time(
    server: Server, tmp_path: Path
) -> None:
    with deployment(server, tmp_path, MEDIC_SIGNATURE_VALIDITY="3s") as on:
        alarmed_at = time.time()
        pid = await asleep_in_its_guard(on)
        on.command("worker")
        result = await on.ended()  # another worker has looked for the reboot, and asked people
        os.kill(pid, signal.SIGCONT)
        on.kill(on.running[0], signal.SIGTERM)  # which lets it finish what is in its hands
        facts = Facts.of(on.cloud.cloud.world, on.region, on.instances[0], speed=SPEED, alarmed_at=alarmed_at)
        broken = check(on.cloud.log, facts)

    assert (result.outcome, result.reason.code) == (Outcome.HANDED_OVER, Code.REBOOT_UNKNOWN)
    assert REBOOT not in on.mutating()
    assert broken == []


async def test_accident_a_worker_that_wakes_in_time_reads_again_before_it_reboots(
    server: Server, tmp_path: Path
) -> None:
    with deployment(server, tmp_path) as on:
        pid = await asleep_in_its_guard(on)
        slept_from = time.monotonic()

        async def reading_is_old() -> bool:
            return time.monotonic() - slept_from > MAX_READING_AGE_SECONDS + 1

        await until(reading_is_old)
        os.kill(pid, signal.SIGCONT)
        result = await on.ended()
        log = on.cloud.log

    sent = next(entry.seq for entry in log if entry.name == REBOOT)
    readings = [e for e in log if e.name == "DescribeInstances" and e.seq < sent]
    assert result.outcome is Outcome.RECOVERED
    # The incident, the first look, two guards of snapshots, the reading that grew old, and the one that counted.
    assert len(readings) >= 6
    assert on.mutating().count(REBOOT) == 1
