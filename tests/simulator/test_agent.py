"""The heartbeats of the agent inside a machine."""

from __future__ import annotations

from datetime import datetime

import pytest

from simulator.clock import ManualClock
from simulator.server import serve
from tests.simulator.calling import Caller, account


def _beat(call: Caller) -> tuple[str, float]:
    agent = call.agent()
    assert agent is not None
    return agent["AgentStatus"], datetime.fromisoformat(agent["LastHeartbeatTime"].replace("Z", "+00:00")).timestamp()


def test_a_reboot_silences_the_agent_until_the_machine_is_up_again(call: Caller, clock: ManualClock) -> None:
    status, before = _beat(call)
    assert status == "Online"
    assert 0 <= clock.now() - before <= 16
    call.reboot()
    clock.advance(10)
    rebooting = clock.now()
    status, during = _beat(call)
    assert (status, during < rebooting) == ("Offline", True)
    clock.advance(18)  # the machine says RUNNING, and its agent nothing yet
    assert _beat(call) == ("Offline", during)
    clock.advance(5)
    status, first = _beat(call)
    assert (status, first > rebooting) == ("Online", True)
    clock.advance(15)
    assert _beat(call) == ("Online", first + 15)


@pytest.mark.parametrize(("agent", "found"), [("absent", None), ("offline", "Offline")])
def test_an_agent_can_be_missing_or_never_heard(agent: str, found: str | None) -> None:
    with serve(account(instance={"agent": agent})) as server:
        row = Caller(server).agent()
        assert (row["AgentStatus"] if row else None) == found


def test_no_ids_mean_every_agent_that_there_is(call: Caller) -> None:
    assert call.tat("DescribeAutomationAgentStatus")["TotalCount"] == 1
    assert call.agent("ins-zzzzzzzz") is None
