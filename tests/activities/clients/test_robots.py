"""The three robots against servers that answer as their services do: HTTP 200 proves nothing, and no secret shows."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from activities.carrying import Robot
from activities.clients.dingtalk import DingTalk
from activities.clients.feishu import Feishu
from activities.clients.posting import Poster
from activities.clients.wecom import WeCom
from remediation.errors import NoticeFailed
from remediation.notices import Headline
from remediation.robots import dingtalk_message, feishu_message, wecom_message
from remediation.telling import Told
from tests.activities.clients.robot_server import KEY, SIGNING_SECRET, RobotServer, robot_server

MAKE: dict[str, Any] = {"wecom": WeCom, "feishu": Feishu, "dingtalk": DingTalk}
MESSAGE: dict[str, Any] = {"wecom": wecom_message, "feishu": feishu_message, "dingtalk": dingtalk_message}
SIGNING = ["feishu", "dingtalk"]
TOLD = Told(headline=Headline.NEEDS_YOU, subject="[NEEDS YOU] 磁盘只读", todo="需要。")
each_kind = pytest.mark.parametrize("kind", list(MAKE))


@pytest.fixture
def poster() -> Iterator[Poster]:
    with Poster(timeout_seconds=5) as one:
        yield one


def robot_of(kind: str, poster: Poster, **options: Any) -> Robot:
    made: Robot = MAKE[kind](poster, **options)
    return made


def refusal(kind: str, poster: Poster, server: RobotServer, secret: str = "", url: str = "") -> NoticeFailed:
    with pytest.raises(NoticeFailed) as failed:
        robot_of(kind, poster).send(url or server.url, secret, MESSAGE[kind](TOLD))
    told = f"{failed.value} {failed.value.__cause__!r}"
    assert KEY not in told
    assert SIGNING_SECRET not in told
    assert told.startswith(f"{kind} 127.0.0.1")
    return failed.value


@each_kind
def test_a_message_is_taken(kind: str, poster: Poster) -> None:
    with robot_server(kind) as server:
        robot_of(kind, poster).send(server.url, "", MESSAGE[kind](TOLD))
        (body,) = server.received
    assert "磁盘只读" in json.dumps(body, ensure_ascii=False)


@pytest.mark.parametrize("kind", SIGNING)
def test_a_signature_is_one_that_the_service_makes_too(kind: str, poster: Poster) -> None:
    with robot_server(kind, signed=True) as server:
        # of these moments some give signatures with + and /, which are encoded once and no more
        for second in range(1_790_000_000, 1_790_000_040):
            robot = robot_of(kind, poster, now=lambda second=second: float(second))
            robot.send(server.url, SIGNING_SECRET, MESSAGE[kind](TOLD))
        assert len(server.received) == 40


@pytest.mark.parametrize("kind", SIGNING)
@pytest.mark.parametrize("secret", ["", "SECwrong"])
def test_a_wrong_signature_is_final_and_says_what_to_write(kind: str, secret: str, poster: Poster) -> None:
    with robot_server(kind, signed=True) as server:
        failed = refusal(kind, poster, server, secret)
    assert failed.permanent
    assert "`secret`" in str(failed)
    assert "clock" in str(failed)


@each_kind
def test_a_wrong_key_is_final_although_it_came_with_200(kind: str, poster: Poster) -> None:
    with robot_server(kind) as server:
        failed = refusal(kind, poster, server, url=server.url.replace(KEY, "wrong"))
    assert failed.permanent
    assert "copy its URL again" in str(failed)
    assert "wrong" not in str(failed)


TOO_MANY = [
    ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, 60),
    ("feishu", {"code": 11232, "data": {}, "msg": "frequency limited psm[lark.oapi.app_platform_runtime]"}, 60),
    ("feishu", {"StatusCode": 11232}, 60),
    ("dingtalk", {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}, 600),
]


@pytest.mark.parametrize(("kind", "said", "seconds"), TOO_MANY)
def test_too_many_messages_are_tried_again_after_the_time_that_the_service_takes(
    kind: str, said: dict[str, Any], seconds: float, poster: Poster
) -> None:
    with robot_server(kind) as server:
        server.says = (200, json.dumps(said).encode())
        failed = refusal(kind, poster, server)
    assert (failed.permanent, failed.wait_seconds) == (False, seconds)


# what a service, or what stands in front of it, answers → what is made of it
ODD = [
    (200, b"", False, "not as a robot does"),
    (200, b"<html>login</html>", False, "not as a robot does"),
    (200, b"[]", False, "not as a robot does"),
    (200, b"{}", False, "not as a robot does"),
    (200, b'{"errcode": "0", "code": "0"}', False, "not as a robot does"),
    (200, b'{"errcode": true, "code": false}', False, "not as a robot does"),
    (200, b"[" * 60_000, False, "not as a robot does"),
    (200, b'{"errcode": 0, "code": 0}'.ljust(70_000), False, "not as a robot does"),
    (200, b'{"errcode": 77777, "code": 77777, "errmsg": "9f8e7d-the-key"}', False, "refused it, code 77777"),
    (502, b"bad gateway", False, "answered 502"),
    (500, b'{"errcode": 0, "code": 0}', False, "answered 500"),
    (404, b"", True, "answered 404"),
    (302, b"", True, "redirect is not followed"),
]


@each_kind
@pytest.mark.parametrize(("status", "said", "permanent", "words"), ODD)
def test_what_is_no_plain_yes_is_a_failure(
    kind: str, status: int, said: bytes, permanent: bool, words: str, poster: Poster
) -> None:
    with robot_server(kind) as server:
        server.says = (status, said)
        if len(said) == 70_000:
            said_in_time = said[:65_536].strip()
            assert json.loads(said_in_time)["code"] == 0
            robot_of(kind, poster).send(server.url, "", MESSAGE[kind](TOLD))  # blanks change nothing
            return
        failed = refusal(kind, poster, server)
    assert failed.permanent is permanent
    assert words in str(failed)


@each_kind
def test_a_code_of_feishu_counts_although_it_came_with_400(kind: str, poster: Poster) -> None:
    with robot_server(kind) as server:
        server.says = (400, b'{"code": 19021, "errcode": 310000}')
        final = kind != "wecom"
        failed = refusal(kind, poster, server)
    assert failed.permanent is final


@each_kind
@pytest.mark.parametrize("drips", [False, True])
def test_an_answer_that_does_not_come_in_time_is_given_up_and_may_be_tried_again(kind: str, drips: bool) -> None:
    with robot_server(kind) as server, Poster(timeout_seconds=0.3) as hasty:
        server.drips = drips
        server.says = (200 if drips else 0, b'{"errcode": 0, "code": 0}'.rjust(100))
        failed = refusal(kind, hasty, server)
    assert not failed.permanent


@each_kind
def test_no_log_at_any_level_holds_what_is_secret(kind: str, poster: Poster, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Poster(timeout_seconds=5) as quiet, robot_server(kind) as server:
        robot_of(kind, quiet).send(server.url, "" if kind == "wecom" else SIGNING_SECRET, MESSAGE[kind](TOLD))
    assert KEY not in caplog.text
    assert SIGNING_SECRET not in caplog.text
