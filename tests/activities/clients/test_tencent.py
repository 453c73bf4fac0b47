"""The one client, with the real SDK over HTTP: what it sends, what it never sends, what it makes of failures."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from activities.clients.credentials import Credentials
from activities.clients.tencent import TencentCloud
from remediation.cloud import REBOOT
from remediation.errors import CloudError, NeedsPeople, NotYet, OutcomeUnknown, Refused, Throttled
from remediation.permits import MAX_READING_AGE_SECONDS, SendPermit
from remediation.runbooks import Mode
from simulator.server import Server, serve
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY, load_world

REGION, INSTANCE, DISK = "ap-guangzhou", "ins-demo0001", "disk-demosys1"
KEYS = {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY}


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(speed=1000) as running:
        yield running


def client_of(server: Server, keys: dict[str, str] | None = None, timeout_seconds: int = 5) -> TencentCloud:
    credentials = Credentials(KEYS if keys is None else keys, ())
    return TencentCloud(credentials, endpoint=server.url, timeout_seconds=timeout_seconds)


def a_permit(mode: Mode = Mode.ACT, *, read_ago: float = 0.0, left: float = 30.0) -> SendPermit:
    now = time.monotonic()
    return SendPermit(mode=mode, read_at=now - read_ago, deadline=now + left)


def snapshot(
    client: TencentCloud, permit: SendPermit, disk_id: str = DISK, name: str = "medic-test"
) -> tuple[str, str]:
    expires_at = datetime.now(timezone.utc) + timedelta(days=14)
    return client.create_snapshot(
        permit, REGION, disk_id, name="medic-test", expires_at=expires_at, tags={"medic-run": "r"}
    )


def reboot(client: TencentCloud, permit: SendPermit, instance_id: str = INSTANCE) -> str:
    return client.reboot_instance(permit, REGION, instance_id, stop_type="SOFT")


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
    assert client_of(server).describe_instance("ap-shanghai", INSTANCE) is None
    assert client_of(server).describe_instance(REGION, "ins-nobody01") is None


def test_local_disks_are_known_by_their_type(server: Server) -> None:
    instance = client_of(server).describe_instance(REGION, "ins-demo0004")

    assert instance is not None
    assert instance.local_disks == ("ldisk-demodat4", "ldisk-demosys4")


@pytest.mark.parametrize("count", [20, 100, 101, 205])
def test_accident_a_page_boundary_hides_no_disk(count: int) -> None:
    world = load_world()
    region = world.regions[REGION]
    first = region.instances[0]
    many = tuple(first.data_disks[0].model_copy(update={"disk_id": f"disk-{number:08}"}) for number in range(count))
    crowded = region.model_copy(update={"instances": (first.model_copy(update={"data_disks": many}),)})
    with serve(world.model_copy(update={"regions": {REGION: crowded}})) as server:
        disks = client_of(server).describe_disks(REGION, INSTANCE)

    assert len({disk.disk_id for disk in disks}) == count + 1


def test_a_snapshot_is_made_with_its_name_tags_and_expiry_and_found_by_exactly_that_name(server: Server) -> None:
    client = client_of(server)
    snapshot_id, request_id = snapshot(client, a_permit())

    assert request_id
    assert [one.snapshot_id for one in client.find_snapshots(REGION, DISK, "medic-test")] == [snapshot_id]
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
    "wrong", ["disk-demosys1", "lhins-demo0001", "INS-DEMO0001", "ins-ａ", "ins-demo0001,ins-demo0002", ""]
)
def test_accident_a_wrong_kind_of_id_reaches_no_cloud(server: Server, wrong: str) -> None:
    client = client_of(server)
    for call in (lambda: reboot(client, a_permit(), wrong), lambda: client.describe_instance(REGION, wrong)):
        with pytest.raises(Refused):
            call()

    assert calls(server) == []


@pytest.mark.parametrize("wrong", ["ins-demo0001x!", "DISK-DEMOSYS1", "disk-ａ", "disk-1 disk-2", ""])
def test_a_snapshot_of_what_is_no_disk_reaches_no_cloud(server: Server, wrong: str) -> None:
    with pytest.raises(Refused):
        snapshot(client_of(server), a_permit(), wrong)

    assert calls(server) == []


def test_accident_an_empty_list_which_means_all_reaches_no_cloud(server: Server) -> None:
    with pytest.raises(Refused, match="means all"):
        client_of(server).describe_snapshots(REGION, ())

    assert calls(server) == []


@pytest.mark.parametrize(
    ("permit", "kind"),
    [
        (a_permit(Mode.OBSERVE), Refused),
        (a_permit(left=-1), NotYet),
        (a_permit(read_ago=MAX_READING_AGE_SECONDS + 1), NotYet),
    ],
    ids=["observing", "the attempt's time is up", "the reading is old"],
)
def test_without_a_permit_that_is_good_now_nothing_mutating_is_sent(
    server: Server, permit: SendPermit, kind: type[CloudError]
) -> None:
    for call in (lambda: reboot(client_of(server), permit), lambda: snapshot(client_of(server), permit)):
        with pytest.raises(kind, match="not sent"):
            call()

    assert calls(server) == []


FAULTS: dict[str, tuple[dict[str, object], type[CloudError], type[CloudError]]] = {
    "throttled": ({"kind": "throttle"}, Throttled, Throttled),
    "an internal error": ({"kind": "error", "code": "InternalError"}, Throttled, OutcomeUnknown),
    "a code that nobody knows": ({"kind": "error", "code": "Brand.New"}, NeedsPeople, NeedsPeople),
    "HTTP 500": ({"kind": "http_500"}, Throttled, OutcomeUnknown),
    "closed before the effect": ({"kind": "drop_before"}, Throttled, OutcomeUnknown),
    "closed after the effect": ({"kind": "lose_answer"}, Throttled, OutcomeUnknown),
    "a body that is cut": ({"kind": "truncate"}, Throttled, OutcomeUnknown),
    "silence": ({"kind": "hold"}, Throttled, OutcomeUnknown),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_is_one_call_and_its_class_says_what_may_be_done_about_it(server: Server, fault: str) -> None:
    rule, for_a_read, for_an_act = FAULTS[fault]
    client = client_of(server, timeout_seconds=1)
    server.faults.add({"action": "DescribeInstances", **rule}, {"action": REBOOT, **rule})

    with pytest.raises(for_a_read):
        client.describe_instance(REGION, INSTANCE)
    with pytest.raises(for_an_act):
        reboot(client, a_permit())
    server.faults.release()

    # The SDK's own retryer would have called again.
    assert (calls(server) + server.waiting).count(REBOOT) <= 1
    assert (calls(server) + server.waiting).count("DescribeInstances") <= 1


def test_an_error_with_an_unexpected_content_type_is_no_success(server: Server) -> None:
    """The SDK's typed models would return a reply full of None here."""
    server.faults.add({"action": REBOOT, "kind": "wrong_content_type"})

    with pytest.raises(Refused, match="InstanceStateStopped"):
        reboot(client_of(server), a_permit(), "ins-demo0002")


@pytest.mark.parametrize("action", ["CreateSnapshot", REBOOT])
def test_an_answer_without_its_id_is_unknown_and_not_done(server: Server, action: str) -> None:
    server.faults.add({"action": action, "kind": "null_id"})
    client = client_of(server)

    with pytest.raises(OutcomeUnknown):
        snapshot(client, a_permit()) if action == "CreateSnapshot" else reboot(client, a_permit())


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "http://no.such.host.invalid"])
def test_a_connection_that_was_never_made_proves_that_nothing_was_sent(endpoint: str) -> None:
    client = TencentCloud(Credentials(KEYS, ()), endpoint=endpoint, timeout_seconds=2)

    with pytest.raises(Throttled, match="cannot be reached"):
        reboot(client, a_permit())


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({**KEYS, "TENCENTCLOUD_SECRET_KEY": "wrong"}, "TENCENTCLOUD_SECRET_KEY"),
        ({**KEYS, "TENCENTCLOUD_SECRET_ID": "AKIDnobody"}, "TENCENTCLOUD_SECRET_ID"),
        ({}, "export TENCENTCLOUD_SECRET_ID"),
    ],
    ids=["wrong key", "unknown id", "none"],
)
def test_wrong_credentials_name_the_variable_to_check(server: Server, keys: dict[str, str], said: str) -> None:
    with pytest.raises(NeedsPeople, match=said):
        client_of(server, keys).describe_instance(REGION, INSTANCE)


def test_credentials_are_read_for_each_call_so_that_a_rotation_needs_no_restart(server: Server) -> None:
    keys = {"TENCENTCLOUD_SECRETID": "AKIDold", "TENCENTCLOUD_SECRETKEY": "old"}
    client = client_of(server, keys)
    with pytest.raises(NeedsPeople):
        client.describe_instance(REGION, INSTANCE)

    keys.update({"TENCENTCLOUD_SECRETID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRETKEY": DEMO_SECRET_KEY})

    assert client.describe_instance(REGION, INSTANCE) is not None


def test_a_denied_permission_names_action_and_resource_and_how_to_grant_it() -> None:
    world = load_world()
    [allowed] = world.credentials
    denied = world.model_copy(update={"credentials": (allowed.model_copy(update={"deny": (REBOOT,)}),)})
    with serve(denied) as server, pytest.raises(NeedsPeople) as raised:
        reboot(client_of(server), a_permit())

    assert "cvm:RebootInstances" in str(raised.value)
    assert INSTANCE in str(raised.value)
    assert "CAM action for RebootInstances" in str(raised.value)


@pytest.mark.parametrize("skew", [-400, 400])
def test_a_clock_that_is_off_is_named_as_that(skew: float) -> None:
    with (
        serve(load_world().model_copy(update={"clock_skew_seconds": skew})) as server,
        pytest.raises(NotYet, match="clock is off"),
    ):
        client_of(server).describe_instance(REGION, INSTANCE)


def test_no_secret_is_in_a_log_or_in_an_error(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.faults.add({"action": REBOOT, "kind": "http_500"})
    client = client_of(server)
    client.describe_instance(REGION, INSTANCE)
    with pytest.raises(OutcomeUnknown) as raised:
        reboot(client, a_permit())

    for secret in (DEMO_SECRET_KEY, "TC3-HMAC-SHA256", "Signature="):
        assert secret not in caplog.text
        assert secret not in str(raised.value)
