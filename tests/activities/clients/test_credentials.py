"""Where the keys come from, how they change under way, what is said of wrong ones, and that they stay secret."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.acting import clock
from activities.clients.credentials import Credentials
from activities.clients.tencent import TencentCloud
from remediation.cloud import REBOOT
from remediation.errors import CloudError, NeedsPeople, NotYet, OutcomeUnknown, Throttled
from remediation.permits import SendPermit
from remediation.runbooks import Mode
from simulator.server import Server, serve
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY, Credential, World, load_world

REGION, INSTANCE = "ap-guangzhou", "ins-demo0001"
ID, KEY, TOKEN = "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"
INJECTED = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")
KEYS = {ID: DEMO_SECRET_ID, KEY: DEMO_SECRET_KEY}
TEMPORARY = Credential(secret_id="AKIDtemporary", secret_key="temporary-key-4711", token="token-0815")
TEMPORARY_KEYS = {ID: "AKIDtemporary", KEY: "temporary-key-4711", TOKEN: "token-0815"}


def world_of(*credentials: Credential) -> World:
    return load_world().model_copy(update={"credentials": credentials})


def client_of(server: Server, keys: dict[str, str], *profiles: Path) -> TencentCloud:
    return TencentCloud(Credentials(keys, profiles), endpoint=server.url, timeout_seconds=5)


def reboot(client: TencentCloud) -> str:
    permit = SendPermit(mode=Mode.ACT, read_at=clock(), deadline=clock() + 30, clock=clock)
    return client.reboot_instance(permit, REGION, INSTANCE, stop_type="SOFT")


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(speed=1000) as running:
        yield running


@pytest.mark.parametrize("names", [(ID, KEY, TOKEN), INJECTED])
def test_both_spellings_are_read_with_and_without_a_token(names: tuple[str, str, str]) -> None:
    environment = dict(zip(names, ("id", "key", "token"), strict=True))

    assert Credentials(environment, ()).get_credential_info() == ("id", "key", "token")
    assert Credentials({**environment, names[2]: ""}, ()).get_credential_info() == ("id", "key", None)


def test_the_sdks_own_spelling_goes_first_and_the_two_are_never_mixed() -> None:
    injected = dict(zip(INJECTED, ("id-2", "key-2", "token-2"), strict=True))

    assert Credentials({ID: "id-1", KEY: "key-1", **injected}, ()).get_credential_info() == ("id-1", "key-1", None)
    assert Credentials({ID: "id-1", TOKEN: "t", **injected}, ()).get_credential_info() == ("id-2", "key-2", "token-2")


def test_a_profile_file_is_read_where_the_environment_has_none(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    second.write_text("[default]\nsecret_id = id-3\nsecret_key = key%3\n", encoding="utf-8")

    credentials = Credentials({ID: "only-half"}, (first, second))
    assert credentials.get_credential_info() == ("id-3", "key%3", None)
    first.write_text("[default]\nsecret_id = id-4\nsecret_key = key-4\ntoken = token-4\n", encoding="utf-8")
    assert credentials.get_credential_info() == ("id-4", "key-4", "token-4")
    assert (credentials.secret_id, credentials.secret_key, credentials.token) == ("id-4", "key-4", "token-4")
    assert Credentials({ID: "id", KEY: "key"}, (first,)).get_credential_info() == ("id", "key", None)


@pytest.mark.parametrize(
    "text", ["", "secret_id = x", "[other]\nsecret_id=x\nsecret_key=y", "[default]\nsecret_id=x", "�"]
)
@pytest.mark.parametrize("keys", [{}, {ID: "  ", KEY: "\n"}, {ID: "id"}])
def test_without_any_a_person_is_told_which_variables_to_set(text: str, keys: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "profile").write_bytes(text.encode("utf-16") if text == "�" else text.encode())

    with pytest.raises(NeedsPeople) as raised:
        Credentials(keys, (tmp_path / "profile", tmp_path / "missing", tmp_path)).get_credential_info()

    assert raised.value.code == "NoCredentials"
    assert all(name in str(raised.value) for name in (ID, KEY, TOKEN, "~/.tencentcloud/credentials"))


def test_what_a_file_or_a_shell_puts_around_a_value_is_not_part_of_it() -> None:
    environment = {ID: " id\n", KEY: "key\r\n", TOKEN: "token\n"}

    assert Credentials(environment, ()).get_credential_info() == ("id", "key", "token")


@pytest.mark.parametrize("name", [ID, KEY, TOKEN])
@pytest.mark.parametrize("value", ["geheim-1\nX", "geheim-1 2", "geheim-1密", "geheim-1\x00"])
def test_a_value_that_no_header_can_carry_is_named_and_not_repeated(server: Server, name: str, value: str) -> None:
    """The HTTP library would refuse it, and repeat it in its error: in a history, for every reader."""
    with pytest.raises(NeedsPeople, match=f"{name} holds") as raised:
        reboot(client_of(server, {**KEYS, name: value}))

    assert "geheim" not in str(raised.value)
    assert server.log == []


def test_the_next_call_after_a_rotation_signs_with_the_new_keys() -> None:
    old = Credential(secret_id="AKIDold", secret_key="old", deny=("DescribeInstances",))
    keys = {ID: "AKIDold", KEY: "old"}
    with serve(world_of(old, TEMPORARY)) as server:
        client = client_of(server, keys)
        with pytest.raises(NeedsPeople, match="not authorized"):
            client.describe_instance(REGION, INSTANCE)

        keys.update(TEMPORARY_KEYS)

        assert client.describe_instance(REGION, INSTANCE) is not None


def test_a_profile_that_is_rewritten_counts_from_the_next_call(tmp_path: Path, server: Server) -> None:
    profile = tmp_path / "credentials"
    profile.write_text("[default]\nsecret_id = AKIDgone\nsecret_key = gone\n", encoding="utf-8")
    client = client_of(server, {}, profile)
    with pytest.raises(NeedsPeople):
        client.describe_instance(REGION, INSTANCE)

    profile.write_text(f"[default]\nsecret_id = {DEMO_SECRET_ID}\nsecret_key = {DEMO_SECRET_KEY}\n", encoding="utf-8")

    assert client.describe_instance(REGION, INSTANCE) is not None


@pytest.mark.parametrize(
    ("keys", "kind", "said"),
    [
        ({**TEMPORARY_KEYS, KEY: "wrong"}, NeedsPeople, KEY),
        ({**TEMPORARY_KEYS, ID: "AKIDnobody"}, NeedsPeople, ID),
        ({**TEMPORARY_KEYS, TOKEN: "expired"}, Throttled, TOKEN),
        ({ID: TEMPORARY.secret_id, KEY: TEMPORARY.secret_key}, Throttled, TOKEN),
        ({}, NeedsPeople, "export TENCENTCLOUD_SECRET_ID"),
    ],
    ids=["wrong key", "unknown id", "expired token", "no token", "none"],
)
def test_wrong_credentials_name_the_variable_to_check(keys: dict[str, str], kind: type[CloudError], said: str) -> None:
    with serve(world_of(TEMPORARY)) as server:
        for call in (reboot, lambda client: client.describe_instance(REGION, INSTANCE)):
            with pytest.raises(kind, match=said):
                call(client_of(server, keys))

        assert [entry for entry in server.log if entry.kind == "effect"] == []


def test_a_denied_permission_names_action_and_resource_and_how_to_grant_it() -> None:
    denied = Credential(secret_id=DEMO_SECRET_ID, secret_key=DEMO_SECRET_KEY, deny=(REBOOT, "DescribeInstances"))
    with serve(world_of(denied)) as server:
        client = client_of(server, KEYS)
        with pytest.raises(NeedsPeople) as reboot_denied:
            reboot(client)
        with pytest.raises(NeedsPeople) as read_denied:
            client.describe_instance(REGION, INSTANCE)

    assert (reboot_denied.value.action, reboot_denied.value.code) == (REBOOT, "UnauthorizedOperation")
    said = str(reboot_denied.value)
    assert f"qcs::cvm:{REGION}:uin/100000000001:instance/{INSTANCE}" in said
    granted = "grant the worker's credentials the CAM action"
    assert f"{granted} cvm:RebootInstances on instance/{INSTANCE} in {REGION}" in said
    assert f"{granted} cvm:DescribeInstances on instance/{INSTANCE} in {REGION}" in str(read_denied.value)


def test_a_denial_whose_message_names_nothing_is_told_with_action_and_resource_all_the_same(server: Server) -> None:
    code = "AuthFailure.UnauthorizedOperation"
    server.faults.add({"action": REBOOT, "kind": "error", "code": code, "message": "denied"})

    with pytest.raises(NeedsPeople, match=f"denied; grant .* cvm:RebootInstances on instance/{INSTANCE} in {REGION}"):
        reboot(client_of(server, KEYS))


@pytest.mark.parametrize(("skew", "side"), [(-4000, "ahead of"), (4000, "behind")])
def test_a_clock_that_is_off_is_named_as_that_and_by_how_much(skew: float, side: str) -> None:
    with serve(load_world().model_copy(update={"clock_skew_seconds": skew})) as server:
        client = client_of(server, KEYS)
        named = rf"clock is off by (3999|400\d) s, {side} the cloud's.*set the clock"
        with pytest.raises(NotYet, match=named):
            reboot(client)
        with pytest.raises(Throttled, match=named):  # of a read it is no "not yet", which would be something seen
            client.describe_instance(REGION, INSTANCE)
        assert [entry for entry in server.log if entry.kind == "effect"] == []


@pytest.mark.parametrize("kind", ["http_500", "lose_answer", "truncate", "throttle", "error"])
def test_no_secret_is_in_a_log_or_in_an_error(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serve(world_of(TEMPORARY)) as server:
        client = client_of(server, TEMPORARY_KEYS)
        client.describe_instance(REGION, INSTANCE)
        server.faults.add({"action": REBOOT, "kind": kind})
        with pytest.raises((OutcomeUnknown, Throttled)) as raised:
            reboot(client)

    assert logging.getLogger("tencentcloud_sdk_common").getEffectiveLevel() >= logging.INFO
    assert any(record.levelno == logging.DEBUG for record in caplog.records)  # so that silence proves something
    for told in (caplog.text, str(raised.value), repr(raised.value), raised.value.message):
        assert not re.search(r"token-0815|temporary-key-4711|TC3-HMAC|Signature=|\b[0-9a-f]{64}\b", told)


def test_a_user_without_a_home_has_no_profile_there(tmp_path: Path) -> None:
    other = tmp_path / "credentials"
    other.write_text("[default]\nsecret_id = id\nsecret_key = key\n", encoding="utf-8")
    homeless = Path("~nobody-of-this-name/.tencentcloud/credentials")

    assert Credentials({}, (homeless, other)).get_credential_info() == ("id", "key", None)
