"""The one client, with the real SDK over HTTP: what it sends, what it never sends, what it makes of failures."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import cast

import pytest

from activities.acting import clock
from activities.clients.credentials import Credentials
from activities.clients.tencent import TencentCloud
from remediation.cloud import REBOOT
from remediation.errors import CloudError, NotYet, OutcomeUnknown, Refused, Throttled
from remediation.permits import MAX_READING_AGE_SECONDS, SendPermit
from remediation.runbooks import Mode
from simulator.server import Server, serve
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY, load_world

REGION, INSTANCE, DISK = "ap-guangzhou", "ins-demo0001", "disk-demosys1"
EXPIRES_AT = datetime.now(timezone(timedelta(hours=8))) + timedelta(days=14)
KEYS = {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY}


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(speed=1000) as running:
        yield running


def client_of(server: Server, timeout_seconds: float = 5) -> TencentCloud:
    return TencentCloud(Credentials(KEYS, ()), endpoint=server.url, timeout_seconds=timeout_seconds)


def a_permit(mode: Mode = Mode.ACT, *, read_ago: float = 0.0, left: float = 30.0) -> SendPermit:
    now = clock()
    return SendPermit(mode=mode, read_at=now - read_ago, deadline=now + left, clock=clock)


def snapshot(client: TencentCloud, permit: SendPermit, disk_id: str = DISK) -> tuple[str, str]:
    tags = {"medic-run": "r"}
    return client.create_snapshot(permit, REGION, disk_id, name="medic-test", expires_at=EXPIRES_AT, tags=tags)


def reboot(client: TencentCloud, permit: SendPermit, instance_id: str = INSTANCE) -> str:
    return client.reboot_instance(permit, REGION, instance_id, stop_type="SOFT")


MUTATING: dict[str, Callable[[TencentCloud, SendPermit], object]] = {REBOOT: reboot, "CreateSnapshot": snapshot}


def calls(server: Server) -> list[str]:
    return [entry.name for entry in server.log if entry.kind == "call"]


def test_an_instance_is_read_with_its_disks_and_its_agent(server: Server) -> None:
    client = client_of(server)

    instance = client.describe_instance(REGION, INSTANCE)
    disks = client.describe_disks(REGION, INSTANCE)
    agent = client.describe_agent(REGION, INSTANCE)

    assert instance is not None
    assert (instance.name, instance.state, instance.tags["medic"]) == ("web-1", "RUNNING", "on")
    assert {disk.disk_id for disk in disks} == {"disk-demosys1", "disk-demodat1"}
    assert agent is not None
    assert agent.last_heartbeat is not None


def test_an_instance_is_looked_for_in_its_own_region_alone(server: Server) -> None:
    client = client_of(server)

    assert client.describe_instance(REGION, INSTANCE) is not None
    assert client.describe_instance("ap-shanghai", INSTANCE) is None
    assert client.describe_disks("ap-shanghai", INSTANCE) == ()
    assert [entry.region for entry in server.log] == [REGION, "ap-shanghai", "ap-shanghai"]


def test_an_instance_that_nobody_knows_is_none_and_so_is_its_agent(server: Server) -> None:
    client = client_of(server)

    assert client.describe_instance(REGION, "ins-nobody01") is None
    assert client.describe_agent(REGION, "ins-nobody01") is None
    assert client.describe_disks(REGION, "ins-nobody01") == ()


def test_local_disks_are_known_by_their_type(server: Server) -> None:
    instance = client_of(server).describe_instance(REGION, "ins-demo0004")

    assert instance is not None
    assert instance.local_disks == ("ldisk-demodat4", "ldisk-demosys4")


@pytest.mark.parametrize("count", [19, 20, 99, 100, 205])
def test_accident_a_page_boundary_hides_no_disk(count: int) -> None:
    world = load_world()
    region = world.regions[REGION]
    first = region.instances[0]
    many = tuple(first.data_disks[0].model_copy(update={"disk_id": f"disk-{number:08}"}) for number in range(count))
    crowded = region.model_copy(update={"instances": (first.model_copy(update={"data_disks": many}),)})
    with serve(world.model_copy(update={"regions": {REGION: crowded}})) as server:
        disks = client_of(server).describe_disks(REGION, INSTANCE)

    assert len({disk.disk_id for disk in disks}) == len(disks) == count + 1


def test_a_snapshot_is_made_with_its_name_tags_and_expiry_and_found_by_exactly_that_name(server: Server) -> None:
    client = client_of(server)
    snapshot_id, request_id = snapshot(client, a_permit())

    assert request_id
    assert [one.snapshot_id for one in client.find_snapshots(REGION, DISK, "medic-test")] == [snapshot_id]
    [sent] = [entry for entry in server.log if entry.name == "CreateSnapshot"]
    assert sent.params["Tags"] == [{"Key": "medic-run", "Value": "r"}]
    assert datetime.fromisoformat(sent.params["Deadline"]) == EXPIRES_AT.replace(microsecond=0)
    assert sent.params["Deadline"].endswith("+00:00")
    assert client.find_snapshots(REGION, DISK, "medic-tes") == ()
    assert client.find_snapshots(REGION, "disk-demodat1", "medic-test") == ()
    assert [one.snapshot_id for one in client.describe_snapshots(REGION, (snapshot_id,))] == [snapshot_id]


def test_the_reboots_request_id_is_the_operations_request_id(server: Server) -> None:
    client = client_of(server)
    request_id = reboot(client, a_permit())

    for _ in range(1000):
        instance = client.describe_instance(REGION, INSTANCE)
        if instance is not None and instance.operation.state == "SUCCESS":
            break

    assert instance is not None
    assert (instance.operation.name, instance.operation.request_id) == (REBOOT, request_id)


@pytest.mark.parametrize(
    "wrong", ["disk-demosys1", "lhins-demo0001", "INS-DEMO0001", "ins-ａ", "ins-٣", "ins-demo0001\n", "ins-1,ins-2", ""]
)
def test_accident_a_wrong_kind_of_id_reaches_no_cloud(server: Server, wrong: str) -> None:
    client = client_of(server)
    for call in (
        lambda: reboot(client, a_permit(), wrong),
        lambda: client.describe_instance(REGION, wrong),
        lambda: client.describe_disks(REGION, wrong),
        lambda: client.describe_agent(REGION, wrong),
    ):
        with pytest.raises(Refused):
            call()

    assert calls(server) == []


@pytest.mark.parametrize(
    "wrong", [INSTANCE, "snap-1", "ldisk-demosys4", "DISK-DEMOSYS1", "disk-ａ", "disk-1 disk-2", ""]
)
def test_accident_a_snapshot_of_what_is_no_disk_reaches_no_cloud(server: Server, wrong: str) -> None:
    with pytest.raises(Refused):
        snapshot(client_of(server), a_permit(), wrong)

    assert calls(server) == []


def test_accident_an_empty_list_which_means_all_reaches_no_cloud(server: Server) -> None:
    with pytest.raises(Refused, match="means all"):
        client_of(server).describe_snapshots(REGION, ())

    assert calls(server) == []


@pytest.mark.parametrize("targets", [[], [INSTANCE, "ins-demo0002"], None], ids=["none", "two", "null"])
def test_accident_a_reboot_of_all_or_of_many_reaches_no_cloud(server: Server, targets: list[str] | None) -> None:
    client = client_of(server)
    with pytest.raises(Refused):
        reboot(client, a_permit(), cast(str, targets))
    with pytest.raises(Refused, match="not sent"):
        client._call("cvm", REBOOT, REGION, {"InstanceIds": targets}, a_permit())

    assert calls(server) == []


@pytest.mark.parametrize("action", MUTATING)
@pytest.mark.parametrize(
    ("mode", "read_ago", "left", "kind"),
    [
        (Mode.OBSERVE, 0, 30, Refused),
        (Mode.ACT, 0, -1, NotYet),
        (Mode.ACT, MAX_READING_AGE_SECONDS + 1, 30, NotYet),
        (None, 0, 0, Refused),
    ],
    ids=["observing", "the attempt's time is up", "the reading is old", "no permit"],
)
def test_without_a_permit_that_is_good_now_nothing_mutating_is_sent(
    server: Server, action: str, mode: Mode | None, read_ago: float, left: float, kind: type[CloudError]
) -> None:
    permit = a_permit(mode, read_ago=read_ago, left=left) if mode else cast(SendPermit, None)

    with pytest.raises(kind, match="not sent") as raised:
        MUTATING[action](client_of(server), permit)

    assert not isinstance(raised.value, OutcomeUnknown)  # of the two kinds, both mean: certainly not done
    assert (raised.value.action, raised.value.region, raised.value.code) == (action, REGION, "NotSent")
    assert calls(server) == []


@pytest.mark.parametrize("action", MUTATING)
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "http://no.such.host.invalid"])
def test_a_connection_that_was_never_made_proves_that_nothing_was_sent(endpoint: str, action: str) -> None:
    client = TencentCloud(Credentials(KEYS, ()), endpoint=endpoint, timeout_seconds=2)

    with pytest.raises(Throttled, match="cannot be reached"):
        MUTATING[action](client, a_permit())


def test_the_proof_that_nothing_was_sent_is_never_taken_from_an_older_call(server: Server) -> None:
    """An error that is being handled stands in the chain of the next one, and says nothing about it."""
    server.faults.add({"action": REBOOT, "kind": "lose_answer"})
    try:
        reboot(TencentCloud(Credentials(KEYS, ()), endpoint="http://127.0.0.1:9"), a_permit())
    except Throttled:
        with pytest.raises(OutcomeUnknown):
            reboot(client_of(server), a_permit())

    assert [entry.name for entry in server.log if entry.name == "reboot_accepted"]


@pytest.mark.parametrize("action", MUTATING)
def test_a_host_that_takes_the_call_and_never_answers_leaves_it_unknown(action: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = TencentCloud(Credentials(KEYS, ()), endpoint=url, timeout_seconds=0.1)

        with pytest.raises(OutcomeUnknown):
            MUTATING[action](client, a_permit())
        with pytest.raises(Throttled):
            client.describe_instance(REGION, INSTANCE)


@pytest.mark.parametrize("no_proxy", ["", "127.0.0.1"])
def test_a_cloud_on_this_machine_is_reached_whatever_proxy_the_environment_names(
    server: Server, monkeypatch: pytest.MonkeyPatch, no_proxy: str
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", no_proxy)

    assert client_of(server).describe_instance(REGION, INSTANCE) is not None
    with pytest.raises(Throttled):  # any other cloud is asked through it, and it is not there
        TencentCloud(Credentials(KEYS, ()), endpoint="http://cloud.invalid").describe_instance(REGION, INSTANCE)
