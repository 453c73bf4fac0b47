"""The cloud's log: everything, in the order in which it happened, and no secret."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2

from simulator.clock import ManualClock
from simulator.log import Entry
from simulator.server import Server, serve
from simulator.world import DEMO_SECRET_KEY
from tests.simulator.calling import DATA_DISK, INSTANCE, SYSTEM_DISK, Caller, account, refusal


def test_what_happened_between_two_calls_stands_between_them_at_its_own_time(
    call: Caller, server: Server, clock: ManualClock
) -> None:
    begun = clock.now()
    snapshot_id = call.snapshot()
    request_id = call.reboot()
    clock.advance(200)
    call.instance()
    told = [(entry.kind, entry.name, round(entry.at - begun, 1)) for entry in server.log]
    assert told == [
        ("call", "CreateSnapshot", 0),
        ("effect", "snapshot_begun", 0),
        ("call", "RebootInstances", 0),
        ("effect", "reboot_accepted", 0),
        ("effect", "reboot_started", 3.2),
        ("effect", "instance_running", 25.7),
        ("effect", "reboot_done", 30.2),
        ("effect", "snapshot_normal", 65),
        ("call", "DescribeInstances", 200),
    ]
    assert [entry.seq for entry in server.log] == list(range(1, 10))
    by_name = {entry.name: entry for entry in server.log}
    assert by_name["snapshot_normal"].targets == (snapshot_id, SYSTEM_DISK)
    assert by_name["reboot_done"].request_id == request_id
    assert by_name["RebootInstances"].params == {"InstanceIds": [INSTANCE], "StopType": "SOFT"}


def test_what_was_refused_is_there_with_its_code(call: Caller, server: Server) -> None:
    refusal(lambda: call.snapshot("disk-zzzzzzzz"))
    refusal(Caller(server, secret_key="another").instance)
    assert [(entry.name, entry.error) for entry in server.log] == [
        ("CreateSnapshot", "InvalidDiskId.NotFound"),
        ("DescribeInstances", "AuthFailure.SignatureFailure"),
    ]


def test_speed_divides_durations_and_leaves_the_times_real(clock: ManualClock) -> None:
    with serve(account(), clock=clock, speed=10) as server:
        begun = clock.now()
        Caller(server).snapshot(DATA_DISK)
        clock.advance(100)
        assert round(server.log[-1].at - begun, 2) == 9.5


def test_the_file_and_the_admin_tell_the_same_as_the_log_and_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with serve(account(), log_path=path) as server:
        Caller(server).snapshot(SnapshotName="快照")
        told = httpx2.get(f"{server.url}/_admin/log").json()
        log = server.log
        assert [Entry.from_dict(one) for one in told] == log
        lines = path.read_text(encoding="utf-8").splitlines()  # written at once, not at the end
    assert [Entry.from_dict(json.loads(line)) for line in lines] == log
    text = path.read_text(encoding="utf-8")
    assert "快照" in text
    assert DEMO_SECRET_KEY not in text
    assert "Signature" not in text
