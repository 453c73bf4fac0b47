"""Every call of the client that changes something: each is bound by its permit and by the form of its ids."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

import pytest

from activities.acting import clock
from activities.clients.error_table import MUTATING
from activities.clients.tencent import TencentCloud
from remediation.cloud import APPLY_SNAPSHOT, CREATE_SNAPSHOT, INVOKE_COMMAND, REBOOT, START, STOP
from remediation.errors import Refused
from remediation.permits import SendPermit
from remediation.runbooks import Mode
from simulator.server import Server, serve
from tests.activities.clients.test_tencent import DISK, EXPIRES_AT, INSTANCE, REGION, client_of

Call = Callable[[TencentCloud, SendPermit], object]
EVERY: dict[str, Call] = {
    CREATE_SNAPSHOT: lambda it, may: it.create_snapshot(may, REGION, DISK, name="n", expires_at=EXPIRES_AT, tags={}),
    REBOOT: lambda it, may: it.reboot_instance(may, REGION, INSTANCE, stop_type="SOFT"),
    STOP: lambda it, may: it.stop_instance(may, REGION, INSTANCE, stop_type="SOFT"),
    START: lambda it, may: it.start_instance(may, REGION, INSTANCE),
    APPLY_SNAPSHOT: lambda it, may: it.apply_snapshot(may, REGION, DISK, snapshot_id="snap-1"),
    INVOKE_COMMAND: lambda it, may: it.invoke_command(may, REGION, INSTANCE, command_id="cmd-1"),
}


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(speed=1000) as running:
        yield running


def a_permit(mode: Mode) -> SendPermit:
    return SendPermit(mode=mode, read_at=clock(), deadline=clock() + 30, clock=clock)


def test_every_method_that_asks_for_a_permit_is_in_this_table() -> None:
    methods = [one for name, one in inspect.getmembers(TencentCloud, inspect.isfunction) if not name.startswith("_")]
    assert len([one for one in methods if "permit" in inspect.signature(one).parameters]) == len(EVERY)
    assert set(EVERY) <= MUTATING


@pytest.mark.parametrize("action", EVERY)
def test_no_call_that_changes_anything_is_sent_while_observing(server: Server, action: str) -> None:
    with pytest.raises(Refused, match="the rule's mode is observe"):
        EVERY[action](client_of(server), a_permit(Mode.OBSERVE))
    assert list(server.log) == []


@pytest.mark.parametrize("wrong", ["", "disk-demosys1", "csnap-1", "SNAP-1", "snap-1,snap-2", "snap-1\n"])
def test_accident_a_rollback_to_what_is_no_snapshot_reaches_no_cloud(server: Server, wrong: str) -> None:
    with pytest.raises(Refused, match="not sent"):
        client_of(server).apply_snapshot(a_permit(Mode.ACT), REGION, DISK, snapshot_id=wrong)
    assert list(server.log) == []
