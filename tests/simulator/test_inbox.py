"""The inbox against the real senders: what is kept, in which order, and how it fails on demand."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import httpx2
import pytest

from activities.clients.mail import MailSender
from activities.clients.posting import Poster
from activities.clients.webhook import WebhookSender
from remediation.errors import NoticeFailed
from simulator.inbox import Inbox, inbox


@pytest.fixture
def box() -> Iterator[Inbox]:
    with inbox() as running:
        yield running


@pytest.fixture
def webhook() -> Iterator[WebhookSender]:
    with Poster(timeout_seconds=5) as poster:
        yield WebhookSender(poster)


def test_webhooks_and_mails_are_kept_in_the_order_of_their_arrival(box: Inbox, webhook: WebhookSender) -> None:
    mail = MailSender(box.smtp_url, "medic@example.com", 5)
    webhook.send(f"{box.webhook_url}/oncall", {"text": "第一"}, idempotency_key="run-1-plan")
    mail.send("ops@example.com", "[ACTING] 磁盘只读", "第二\n", notice_id="run-1-plan")
    webhook.send(f"{box.webhook_url}/oncall", {"text": "third"}, idempotency_key="run-1-end")
    first, second, third = box.received
    assert (first.kind, first.to, first.body) == ("webhook", "/oncall", {"text": "第一"})
    assert first.headers == {"Idempotency-Key": "run-1-plan", "Content-Type": "application/json"}
    assert (second.kind, second.to, second.body) == ("mail", "ops@example.com", "第二\n")
    assert second.headers["Subject"] == "[ACTING] 磁盘只读"
    assert second.headers["Message-ID"].endswith("@example.com>")
    assert third.body == {"text": "third"}
    assert first.at <= second.at <= third.at


def test_what_was_received_can_be_read_over_http(box: Inbox, webhook: WebhookSender) -> None:
    webhook.send(f"{box.webhook_url}/desk", {"n": 1}, idempotency_key="k")
    (one,) = httpx2.get(f"{box.webhook_url}/_inbox").json()
    assert (one["kind"], one["to"], one["body"]) == ("webhook", "/desk", {"n": 1})


def test_it_fails_as_often_as_it_was_told_to_and_keeps_nothing_of_it(box: Inbox, webhook: WebhookSender) -> None:
    httpx2.post(f"{box.webhook_url}/_inbox/fail", json={"status": 503, "times": 1})
    with pytest.raises(NoticeFailed, match="503"):
        webhook.send(f"{box.webhook_url}/oncall", {}, idempotency_key="k")
    mail = MailSender(box.smtp_url, "medic@example.com", 5)
    with pytest.raises(NoticeFailed, match="451") as refused:
        mail.send("ops@example.com", "s", "t", notice_id="k")
    assert not refused.value.permanent
    assert box.received == []
    webhook.send(f"{box.webhook_url}/oncall", {}, idempotency_key="k")
    mail.send("ops@example.com", "s", "t", notice_id="k")
    assert [one.kind for one in box.received] == ["webhook", "mail"]


def test_what_is_not_json_is_refused(box: Inbox) -> None:
    assert httpx2.post(box.webhook_url, content=b"hello").status_code == 400
    assert box.received == []


def test_it_ends_with_connections_still_open_and_leaves_no_thread() -> None:
    with inbox() as box:
        idle = socket.create_connection((box.smtp_host, box.smtp_port), timeout=5)
        assert idle.recv(100).startswith(b"220")
        client = httpx2.Client()
        client.get(f"{box.webhook_url}/_inbox")
    idle.close()
    client.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "inbox"]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((box.smtp_host, box.smtp_port), timeout=1)
