"""What a call has to be before any product sees it: signed, in time, known, allowed, and not too often."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from simulator.clock import ManualClock
from simulator.limits import PER_SECOND
from simulator.products import PRODUCTS
from simulator.server import Server, serve
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY
from tests.simulator.calling import INSTANCE, REGION, SYSTEM_DISK, Caller, account, profile, refusal

DENIED = {"secret_id": "AKIDDENIED", "secret_key": "k", "deny": ["RebootInstances", "CreateSnapshot"]}
TEMPORARY = {"secret_id": "AKIDTEMPORARY", "secret_key": "k", "token": "t"}
LASTING = {"secret_id": DEMO_SECRET_ID, "secret_key": DEMO_SECRET_KEY}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Server]:
    """For calls that change nothing."""
    with serve(account(credentials=[LASTING, DENIED, TEMPORARY])) as running:
        yield running


def _foreign(server: Server, service: str, version: str, action: str) -> str:
    client = CommonClient(service, version, Credential(DEMO_SECRET_ID, DEMO_SECRET_KEY), REGION, profile(server))
    return refusal(lambda: client.call_json(action, {}))


def test_the_sdks_own_signature_is_accepted(gateway: Server) -> None:
    assert Caller(gateway).instance()["InstanceId"] == INSTANCE


def test_a_wrong_key_pair_is_refused_by_what_is_wrong_with_it(gateway: Server) -> None:
    assert refusal(Caller(gateway, secret_id="AKIDNOBODY").instance) == "AuthFailure.SecretIdNotFound"
    assert refusal(Caller(gateway, secret_key="another").instance) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(("token", "code"), [("t", ""), ("old", "AuthFailure.TokenFailure")])
def test_a_temporary_key_pair_needs_its_token(gateway: Server, token: str, code: str) -> None:
    assert refusal(Caller(gateway, secret_id="AKIDTEMPORARY", secret_key="k", token=token).instance) == code


def test_a_temporary_key_pair_without_its_token_is_refused(gateway: Server) -> None:
    assert refusal(Caller(gateway, secret_id="AKIDTEMPORARY", secret_key="k").instance) == "AuthFailure.TokenFailure"


@pytest.mark.parametrize(
    ("skew", "code"), [(290, ""), (310, "AuthFailure.SignatureExpire"), (-310, "AuthFailure.SignatureExpire")]
)
def test_a_clock_that_is_five_minutes_off_is_refused(skew: float, code: str) -> None:
    with serve(account(clock_skew_seconds=skew)) as server:
        assert refusal(Caller(server).instance) == code


def test_a_body_that_was_changed_on_the_way_is_refused(gateway: Server) -> None:
    signed = _signed_headers(gateway)
    answer = httpx2.post(gateway.url, headers=signed, content=b'{"InstanceIds": ["ins-bbbbbbbb"]}').json()
    assert answer["Response"]["Error"]["Code"] == "AuthFailure.SignatureFailure"
    unsigned = {name: value for name, value in signed.items() if name != "Authorization"}
    answer = httpx2.post(gateway.url, headers=unsigned, content=b"{}").json()
    assert answer["Response"]["Error"]["Code"] == "AuthFailure.InvalidAuthorization"


def test_an_answer_is_exactly_as_the_sdk_needs_it(gateway: Server) -> None:
    for answer in (
        httpx2.post(gateway.url, headers=_signed_headers(gateway), content=json.dumps({})),
        httpx2.post(gateway.url, content=b"{}"),
    ):
        assert (answer.status_code, answer.http_version) == (200, "HTTP/1.1")
        assert answer.headers["Content-Type"] == "application/json"
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        assert len(answer.json()["Response"]["RequestId"]) == 36


def test_what_does_not_exist_is_named(gateway: Server) -> None:
    assert _foreign(gateway, "cvm", "2017-03-12", "PolishInstances") == "InvalidAction"
    assert _foreign(gateway, "cvm", "2017-03-12", "DescribeDisks") == "InvalidAction"
    assert _foreign(gateway, "cvm", "2020-10-28", "DescribeInstances") == "NoSuchVersion"
    assert _foreign(gateway, "vpc", "2017-03-12", "DescribeInstances") == "NoSuchProduct"
    assert refusal(Caller(gateway, region="ap-atlantis").instance) == "UnsupportedRegion"
    assert refusal(Caller(gateway, region="").instance) == "MissingParameter"


def test_a_missing_permission_names_action_and_resource(gateway: Server) -> None:
    call = Caller(gateway, secret_id="AKIDDENIED", secret_key="k")
    assert call.instance()["InstanceId"] == INSTANCE
    with pytest.raises(TencentCloudSDKException) as denied:
        call.reboot()
    assert denied.value.code == "UnauthorizedOperation"
    assert "(cvm:RebootInstances)" in denied.value.message
    assert f"(qcs::cvm:ap-guangzhou:uin/100000000001:instance/{INSTANCE})" in denied.value.message
    with pytest.raises(TencentCloudSDKException) as denied:
        call.snapshot()
    assert f"volume/{SYSTEM_DISK}" in denied.value.message


def test_more_calls_a_second_than_published_are_refused_and_a_second_later_welcome(clock: ManualClock) -> None:
    with serve(account(), clock=clock) as server:
        call = Caller(server)
        codes = [refusal(lambda: call.cbs("DescribeSnapshots")) for _ in range(21)]
        assert codes == [""] * 20 + ["RequestLimitExceeded"]
        assert refusal(call.instance) == ""  # each action has a limit of its own
        shanghai = Caller(server, region="ap-shanghai")
        assert refusal(lambda: shanghai.cbs("DescribeSnapshots")) == ""  # and so has each region
        clock.advance(1.01)
        assert refusal(lambda: call.cbs("DescribeSnapshots")) == ""


def test_every_action_has_its_published_limit() -> None:
    assert set(PER_SECOND) == {action for product in PRODUCTS.values() for action in product.actions}


def _signed_headers(server: Server) -> dict[str, str]:
    """Those of a call with the body `{}`, by the SDK's own signer."""
    client = CommonClient("cvm", "2017-03-12", Credential(DEMO_SECRET_ID, DEMO_SECRET_KEY), REGION, profile(server))
    sent: dict[str, str] = {}

    original = client.request.send_request

    def spy(request: object) -> object:
        sent.update(request.header)  # type: ignore[attr-defined]  # the SDK has no types
        return original(request)

    client.request.send_request = spy
    client.call_json("DescribeInstances", {})
    return sent
