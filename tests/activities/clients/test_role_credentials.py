"""Keys of a role: fetched, kept, renewed in time, never waited for long, and never shown."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from activities.clients.credentials import Credentials
from activities.clients.role_credentials import Keys, MachineRole, Renewed
from activities.clients.sdk import sdk_profile
from activities.clients.tencent import TencentCloud
from remediation.errors import NeedsPeople, NotYet, Throttled
from remediation.permits import MAX_READING_AGE_SECONDS, SendPermit
from remediation.runbooks import Mode
from simulator.clock import ManualClock
from simulator.server import serve
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY, load_world
from tests.activities.clients.hosts import answering, api, http
from tests.activities.clients.test_renewed import Fetching

ROLE = "qcs::cam::uin/100000000001:roleName/medic"
KEYS = {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY}
GOOD = {"TmpSecretId": "AKIDtmp", "TmpSecretKey": "tmp-key-4711", "Token": "tmp-token-0815", "ExpiredTime": 10_000}


@contextmanager
def metadata(answers: dict[str, tuple[int, str]]) -> Iterator[tuple[str, list[str]]]:
    """A metadata service that gives these answers by path; any other is 404 → its URL, and what it was asked."""
    asked: list[str] = []

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, body = answers.get(self.path, (404, "<html>not found</html>"))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:9/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_role_that_is_bound_to_the_machine_gives_its_keys() -> None:
    with metadata({"/": (200, "medic\n"), "/medic": (200, json.dumps(GOOD))}) as (url, asked):
        keys = MachineRole(url=url).fetch()

    assert (keys.secret_id, keys.secret_key, keys.token, keys.expires_at) == (*list(GOOD.values())[:3], 10_000)
    assert asked == ["/", "/medic"]


def test_a_role_that_is_named_is_not_looked_up() -> None:
    with metadata({"/other": (200, json.dumps(GOOD))}) as (url, asked):
        MachineRole("other", url=url).fetch()

    assert asked == ["/other"]


@pytest.mark.parametrize(
    ("answers", "kind", "said"),
    [
        ({}, NeedsPeople, "no role is bound to this machine"),
        ({"/": (200, "medic")}, NeedsPeople, "the role 'medic' is not bound to this machine"),
        ({"/": (200, " ")}, NeedsPeople, "no role is bound"),
        ({"/": (500, "x")}, Throttled, "answered 500"),
        ({"/": (302, "x")}, Throttled, "answered 302"),
        ({"/": (200, "medic"), "/medic": (200, "<html>")}, Throttled, "gives no keys of the role 'medic'"),
        ({"/": (200, "medic"), "/medic": (200, "[]")}, Throttled, "gives no keys"),
        ({"/": (200, "medic"), "/medic": (200, json.dumps({**GOOD, "Code": "Failed"}))}, Throttled, "gives no keys"),
        ({"/": (200, "medic"), "/medic": (200, json.dumps({**GOOD, "Token": None}))}, Throttled, "without usable keys"),
        ({"/": (200, "medic"), "/medic": (200, json.dumps({**GOOD, "ExpiredTime": "x"}))}, Throttled, "without usable"),
    ],
)
def test_what_is_no_answer_with_keys_says_what_was_wrong_and_how_to_mend_it(
    answers: dict[str, tuple[int, str]], kind: type[Exception], said: str
) -> None:
    with metadata(answers) as (url, _), pytest.raises(kind, match=said) as raised:
        MachineRole(url=url).fetch()
    assert "4711" not in str(raised.value)


TRICKLED = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        pytest.param(http(b"med", more=9), {"stall": True}, id="silent within the body"),
        pytest.param(http(b"med", more=9), {}, id="a body that is cut"),
        pytest.param(http(b"med", more=9), {"reset": True}, id="reset within the body"),
        pytest.param(b"", {"reset": True}, id="reset"),
        pytest.param(b"", {"stall": True}, id="silent"),
        pytest.param(http(b"med", more=999), {"trickle": b"i"}, id="a body that trickles"),
        pytest.param(TRICKLED + b"\r\nmed", {"trickle": b"i"}, id="a body without a length that trickles"),
        pytest.param(TRICKLED + b"X: ", {"trickle": b"i"}, id="a head that trickles"),
        pytest.param(http(b"no gzip", encoding="gzip"), {}, id="packed, as it says"),
        pytest.param(http(gzip.compress(b"m" * 10_000_000), encoding="gzip"), {}, id="packed, and huge"),
        pytest.param(http(b"m" * 100_000), {}, id="huge"),
        pytest.param(http(b"<html><body>welcome"), {}, id="a page"),
        pytest.param(http(b"\xff\xfe"), {}, id="no text"),
        pytest.param(http(b"medic", status="999 Odd"), {}, id="an odd status"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", {}, id="no HTTP"),
    ],
)
def test_a_metadata_service_that_breaks_off_or_talks_nonsense_is_tried_again(
    answer: bytes, how: dict[str, Any]
) -> None:
    began = time.monotonic()
    with answering(answer, **how) as (url, _), pytest.raises(Throttled) as raised:
        MachineRole(url=f"{url}/").fetch()
    assert raised.value.code == "Metadata"
    assert time.monotonic() - began < 6  # both answers together, each whole; between two bytes it would be for ever


@pytest.mark.parametrize(
    "body",
    ["[" * 60_000, *(json.dumps({**GOOD, **odd}) for odd in ({"Token": "\ud800"}, {"Token": "a b"}, {"Token": "a\n"}))]
    + [json.dumps(GOOD).replace("10000", "9" * length) for length in (400, 5000)],
    ids=["deep", "a surrogate", "a space", "a line break", "a huge time", "a time that is no number"],
)
def test_keys_that_cannot_be_read_or_sent_are_none(body: str) -> None:
    with answering(http(body.encode())) as (url, _), pytest.raises(Throttled):
        MachineRole("medic", url=f"{url}/").fetch()


def test_a_machine_without_a_metadata_service_is_asked_only_once_in_a_while() -> None:
    seconds = [0.0]
    with metadata({}) as (url, _):
        pass  # nobody listens there any more
    machine = MachineRole(url=url, now=lambda: seconds[0])
    with pytest.raises(NeedsPeople, match="no metadata service"):
        machine.fetch()
    with metadata_at(url) as asked:
        with pytest.raises(NeedsPeople, match="no metadata service"):
            machine.fetch()
        assert asked == []
        seconds[0] = 61
        with pytest.raises(NeedsPeople, match="no role is bound"):
            machine.fetch()


@contextmanager
def metadata_at(url: str) -> Iterator[list[str]]:
    """The same address, where now a service listens that binds no role."""
    asked: list[str] = []

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    port = int(url.rstrip("/").rsplit(":", 1)[1])
    server = ThreadingHTTPServer(("127.0.0.1", port), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_environment_and_profile_go_before_the_machines_role() -> None:
    source = Fetching()
    machine = Renewed(source.fetch, lambda: source.now)
    keys = {"TENCENTCLOUD_SECRET_ID": "own", "TENCENTCLOUD_SECRET_KEY": "key"}
    assert Credentials(keys, (), machine=machine).get_credential_info()[0] == "own"
    assert source.count == 0
    assert Credentials({}, (), machine=machine).get_credential_info() == ("id-1", "key", "token")


def test_without_any_credentials_all_ways_are_named() -> None:
    with metadata({}) as (url, _), pytest.raises(NeedsPeople) as raised:
        Credentials({}, (), machine=Renewed(MachineRole(url=url).fetch)).get_credential_info()
    for way in ("TENCENTCLOUD_SECRET_ID", "~/.tencentcloud/credentials", "bind a role", "no role is bound"):
        assert way in str(raised.value)


def assumed(url: str) -> tuple[TencentCloud, Credentials]:
    keys = {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY}
    credentials = Credentials(keys, ())
    credentials.assume(ROLE, sdk_profile(url, 5))
    return TencentCloud(credentials, endpoint=url, timeout_seconds=5), credentials


def test_a_role_is_assumed_once_and_again_when_its_token_is_refused() -> None:
    world = load_world().model_copy(update={"roles": (ROLE,)})
    with serve(world, clock=ManualClock()) as server:
        cloud, credentials = assumed(server.url)
        for _ in range(2):
            assert cloud.describe_instance("ap-guangzhou", "ins-demo0001") is not None
        calls = [entry.name for entry in server.log if entry.kind == "call"]
        assert calls == ["AssumeRole", "DescribeInstances", "DescribeInstances"]
        assert credentials.get_credential_info()[0].startswith("AKIDassumed")
        server.cloud.issued.update({name: (one, 0.0) for name, (one, _) in server.cloud.issued.items()})
        with pytest.raises(Throttled, match="TokenFailure"):
            cloud.describe_instance("ap-guangzhou", "ins-demo0001")
        assert cloud.describe_instance("ap-guangzhou", "ins-demo0001") is not None


def test_whose_credentials_are_used_is_told_by_the_cloud_also_of_an_assumed_role() -> None:
    world = load_world().model_copy(update={"roles": (ROLE,)})
    with serve(world) as server:
        own = TencentCloud(Credentials(KEYS, ()), endpoint=server.url, timeout_seconds=5)
        kinds = [one.describe_caller("ap-guangzhou").kind for one in (own, assumed(server.url)[0])]
        assert abs(own.clock_ahead or 60) < 60
    assert kinds == ["CAMUser", "CAMRole"]


def test_a_caller_without_an_account_is_no_answer() -> None:
    with answering(http(api({"Arn": "qcs::cam:1:uin/1", "AccountId": None, "RequestId": "r"}))) as (url, _):
        cloud = TencentCloud(Credentials(KEYS, ()), endpoint=url, timeout_seconds=5)
        with pytest.raises(Throttled, match="cannot be understood"):
            cloud.describe_caller("ap-guangzhou")


def test_a_redirection_does_not_carry_the_token_to_somebody_else() -> None:
    keys = {"TENCENTCLOUD_SECRET_ID": "AKIDbase", "TENCENTCLOUD_SECRET_KEY": "key", "TENCENTCLOUD_TOKEN": "token-0815"}
    with answering(http(b"{}")) as (elsewhere, stolen):
        moved = f"HTTP/1.1 307 Moved\r\nLocation: {elsewhere}/\r\nContent-Length: 0\r\n\r\n".encode()
        with answering(moved) as (sts, taken):
            credentials = Credentials(keys, ())
            credentials.assume(ROLE, sdk_profile(sts, 5))
            with pytest.raises(Throttled):
                credentials.get_credential_info()
        assert (len(taken), b"token-0815" in taken[0]) == (1, True)
        assert stolen == []


def test_a_role_is_assumed_on_this_machine_whatever_proxy_or_netrc_there_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    with serve(load_world().model_copy(update={"roles": (ROLE,)})) as server:
        cloud, _ = assumed(server.url)
        assert cloud.describe_instance("ap-guangzhou", "ins-demo0001") is not None


@pytest.mark.parametrize(
    "response", [{"Credentials": [1], "ExpiredTime": 1}, {"Credentials": {"Token": 1}}, {}], ids=["list", "odd", "none"]
)
def test_what_sts_says_without_keys_is_no_error_of_ours(response: dict[str, Any]) -> None:
    with answering(http(api(response))) as (url, _), pytest.raises(Throttled, match="STS gave an answer without"):
        assumed(url)[1].get_credential_info()


@pytest.mark.parametrize("content_type", ["application/json", "text/json"])
def test_a_role_that_is_refused_is_for_people_whatever_the_type_of_the_answer(content_type: str) -> None:
    body = api({"Error": {"Code": "InvalidParameterValue", "Message": "m"}, "RequestId": "r"})
    with answering(http(body, content_type)) as (url, _), pytest.raises(NeedsPeople):
        assumed(url)[1].get_credential_info()


def test_a_role_that_may_not_be_assumed_goes_to_people() -> None:
    with serve() as server:
        cloud, _ = assumed(server.url)
        with pytest.raises(NeedsPeople, match=r"AssumeRole in ap-guangzhou: .*does not exist"):
            cloud.describe_instance("ap-guangzhou", "ins-demo0001")


def test_no_key_is_in_what_is_printed_of_keys() -> None:
    assert "tmp" not in repr(Keys("AKID", "tmp-key", "tmp-token", 1.0))


def test_keys_that_took_too_long_to_fetch_sign_no_mutating_call() -> None:
    # The guard's reading was fresh when the call began, and is not any more when the keys are there.
    time = [0.0]

    def slowly() -> Keys:
        time[0] += MAX_READING_AGE_SECONDS + 1
        return Keys(DEMO_SECRET_ID, DEMO_SECRET_KEY, "", 1e12)

    with serve() as server:
        credentials = Credentials({}, (), machine=Renewed(slowly))
        cloud = TencentCloud(credentials, endpoint=server.url, timeout_seconds=5)
        permit = SendPermit(mode=Mode.ACT, read_at=0.0, deadline=1e9, clock=lambda: time[0])
        with pytest.raises(NotYet, match="not sent: the guard's reading is 11 s old"):
            cloud.reboot_instance(permit, "ap-guangzhou", "ins-demo0001", stop_type="SOFT")
        assert server.log == []
        fresh = SendPermit(mode=Mode.ACT, read_at=time[0], deadline=1e9, clock=lambda: time[0])
        cloud.reboot_instance(fresh, "ap-guangzhou", "ins-demo0001", stop_type="SOFT")
        assert [entry.name for entry in server.log][:1] == ["RebootInstances"]


def reboot_with(fetch: Callable[[], Keys], url: str) -> None:
    credentials = Credentials({}, (), machine=Renewed(fetch))
    permit = SendPermit(mode=Mode.ACT, read_at=0.0, deadline=1e9, clock=lambda: 0.0)
    TencentCloud(credentials, endpoint=url).reboot_instance(permit, "ap-guangzhou", "ins-demo0001", stop_type="SOFT")


def test_a_reboot_for_which_there_were_no_keys_is_certainly_not_sent() -> None:
    def with_a_bug() -> Keys:
        raise KeyError("secret-4711")

    with serve() as server:
        with answering(http(b"med", more=9)) as (url, _), pytest.raises(Throttled, match="metadata service gives no"):
            reboot_with(MachineRole(url=f"{url}/").fetch, server.url)
        with pytest.raises(Throttled, match="no keys: KeyError") as raised:
            reboot_with(with_a_bug, server.url)
        assert "4711" not in str(raised.value)
        assert server.log == []
