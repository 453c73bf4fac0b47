"""The webhook sender against a real receiver: what arrives, which failures are final, that the URL stays secret."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from activities.clients.posting import Poster
from activities.clients.webhook import WebhookSender
from remediation.errors import NoticeFailed

SECRET = "key=9f8e7d-secret"


class Receiver(ThreadingHTTPServer):
    """Answers every POST with `status`, and keeps what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.received: list[tuple[str, dict[str, str], Any]] = []
        self.silent = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/robot/send?{SECRET}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, dict(self.headers), json.loads(body)))
        if self.server.status == 0:
            self.server.silent.wait(10)
            return
        self.send_response(self.server.status)
        if 300 <= self.server.status < 400:
            self.send_header("Location", self.server.url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.silent.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def sender() -> Iterator[WebhookSender]:
    with Poster(timeout_seconds=5) as poster:
        yield WebhookSender(poster)


def test_a_notice_arrives_as_json_with_its_idempotency_key(receiver: Receiver, sender: WebhookSender) -> None:
    assert sender.send(receiver.url, {"subject": "磁盘只读"}, idempotency_key="run-1/end") == 200
    ((path, headers, body),) = receiver.received
    assert path.endswith(SECRET)
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == "run-1/end"
    assert body == {"subject": "磁盘只读"}


def test_an_id_from_outside_cannot_add_a_header(receiver: Receiver, sender: WebhookSender) -> None:
    sender.send(receiver.url, {}, idempotency_key="a\r\nX-Evil: 通知")
    ((_, headers, _),) = receiver.received
    assert "X-Evil" not in headers
    assert headers["Idempotency-Key"].isascii()


@pytest.mark.parametrize(
    ("status", "permanent"),
    [*[(status, False) for status in (500, 503, 408, 425, 429)], *[(status, True) for status in (302, 400, 401, 404)]],
)
def test_a_refusal_says_whether_to_try_again_and_never_the_url(
    receiver: Receiver, sender: WebhookSender, status: int, permanent: bool
) -> None:
    receiver.status = status
    with pytest.raises(NoticeFailed, match=f"webhook 127.0.0.1 answered {status}") as failed:
        sender.send(receiver.url, {}, idempotency_key="n")
    assert failed.value.permanent is permanent
    assert "robot" not in str(failed.value)
    assert "secret" not in str(failed.value)
    assert len(receiver.received) == 1


def test_a_receiver_that_says_nothing_is_given_up_and_may_be_tried_again(receiver: Receiver) -> None:
    receiver.status = 0
    with Poster(timeout_seconds=0.2) as poster, pytest.raises(NoticeFailed, match="ReadTimeout") as failed:
        WebhookSender(poster).send(receiver.url, {}, idempotency_key="n")
    assert failed.value.permanent is False


def test_a_receiver_that_is_down_may_be_tried_again(sender: WebhookSender) -> None:
    with Receiver() as closed:
        url = closed.url
    with pytest.raises(NoticeFailed, match=r"webhook 127\.0\.0\.1: ConnectError \(.*refused\)") as failed:
        sender.send(url, {}, idempotency_key="n")
    assert failed.value.permanent is False
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://x:y/robot?secret",
        "http:///robot?secret",
        "ftp://x/robot?secret",
        "https://a..b/secret",
        "http://x/\ud800secret",
    ],
)
def test_a_url_that_cannot_be_right_is_final_and_stays_secret(url: str, sender: WebhookSender) -> None:
    with pytest.raises(NoticeFailed) as failed:
        sender.send(url, {}, idempotency_key="n")
    assert failed.value.permanent is True
    assert "robot" not in str(failed.value)
    assert failed.value.__cause__ is None


def test_no_log_at_any_level_holds_the_url(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Poster(timeout_seconds=5) as poster:
        WebhookSender(poster).send(receiver.url, {}, idempotency_key="n")
    assert "secret" not in caplog.text
    assert "robot" not in caplog.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_receiver_on_this_machine_is_reached_whatever_proxy_the_environment_names(
    receiver: Receiver, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    with Poster(timeout_seconds=5) as poster:
        sender = WebhookSender(poster)
        assert sender.send(receiver.url.replace("127.0.0.1", host), {}, idempotency_key="k") == 200
        with pytest.raises(NoticeFailed, match="ConnectError"):  # any other is asked through it, and it is not there
            sender.send("http://robot.invalid/", {}, idempotency_key="k")
