"""The mail sender against a real SMTP server: what arrives, which failures are final, and when a password is sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from activities.clients.mail import MailSender
from remediation.errors import ConfigError, NoticeFailed

TO = "oncall@example.com"
PASSWORD = "p4ss-very-secret"
CERTIFICATE = Path(__file__).with_name("loopback.pem")


class Box:
    """Keeps what came; `replies` are given instead of acceptance, by command."""

    def __init__(self, **replies: str) -> None:
        self.replies = replies
        self.received: list[tuple[list[str], EmailMessage]] = []
        self.logins: list[LoginPassword] = []

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, sender: str, options: Any) -> str:
        envelope.mail_from = sender
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: Any) -> str:
        envelope.rcpt_tos.append(to)
        return self.replies.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(cast(bytes, envelope.content), policy=policy.default)
        self.received.append((envelope.rcpt_tos, message))
        return self.replies.get("DATA", "250 OK")

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self.replies.get("QUIT", "221 Bye")

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        self.logins.append(data)
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


@asynccontextmanager
async def smtp_server(box: Box, **options: Any) -> AsyncIterator[int]:
    """The port of a server that puts its mails into `box`."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(box, loop=loop, hostname="test", authenticator=box.authenticate, **options), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def send(port: int, *, to: str = TO, subject: str = "s", text: str = "t", login: str = "", **more: Any) -> int:
    sender = MailSender(f"smtp://{login}127.0.0.1:{port}", "cvm-medic@example.org", timeout_seconds=more.get("wait", 5))
    return await asyncio.to_thread(sender.send, to, subject, text, notice_id="run-1-end", thread=more.get("thread", ""))


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_a_mail_arrives_in_the_readers_language() -> None:
    box = Box()
    async with smtp_server(box) as port:
        assert await send(port, subject="[HELD] 磁盘只读", text="第一行\n第二行") == 250
    ((to, message),) = box.received
    assert to == [TO]
    assert message["To"] == TO
    assert message["From"] == "cvm-medic@example.org"
    assert message["Subject"] == "[HELD] 磁盘只读"
    assert message.get_content().replace("\r\n", "\n") == "第一行\n第二行\n"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]


async def test_every_attempt_has_the_same_message_id() -> None:
    box = Box()
    async with smtp_server(box) as port:
        await send(port)
        await send(port)
    first, second = (message["Message-ID"] for _, message in box.received)
    assert first == second
    assert first.endswith("@example.org>")


async def test_mails_that_belong_together_are_one_conversation() -> None:
    box = Box()
    async with smtp_server(box) as port:
        for thread in ("one", "one", "other"):
            await send(port, thread=thread)
    first, second, other = (message["References"] for _, message in box.received)
    assert first == second != other
    assert first == box.received[0][1]["In-Reply-To"]


async def test_a_subject_from_outside_cannot_add_a_header() -> None:
    box = Box()
    async with smtp_server(box) as port:
        await send(port, subject="x\r\nBcc: thief@example.com\n\nbody")
    ((to, message),) = box.received
    assert to == [TO]
    assert "Bcc" not in message
    assert message["Subject"] == "x Bcc: thief@example.com body"


@pytest.mark.parametrize("to", ["a@x.org, b@x.org", "a@x.org\nBcc: b@x.org", "Name <a@x.org>", "@", ""])
async def test_what_is_not_one_address_is_final_and_nothing_is_sent(to: str) -> None:
    box = Box()
    async with smtp_server(box) as port:
        with pytest.raises(NoticeFailed) as failed:
            await send(port, to=to)
    assert failed.value.permanent
    assert box.received == []


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("reply", "permanent"), [("451 later", False), ("550 never", True)])
async def test_a_refusal_says_whether_to_try_again_and_never_to_whom(command: str, reply: str, permanent: bool) -> None:
    async with smtp_server(Box(**{command: f"{reply} {TO}"})) as port:
        with pytest.raises(NoticeFailed, match=reply[:3]) as failed:
            await send(port)
    assert failed.value.permanent is permanent
    assert TO not in str(failed.value)


async def test_a_server_that_is_down_may_be_tried_again() -> None:
    async with smtp_server(Box()) as port:
        pass
    with pytest.raises(NoticeFailed, match=f"127.0.0.1:{port}: ConnectionRefusedError") as failed:
        await send(port)
    assert not failed.value.permanent


async def test_a_server_that_says_nothing_is_given_up_and_may_be_tried_again() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(NoticeFailed, match="SMTPServerDisconnected") as failed,
    ):
        await send(silent.getsockname()[1], wait=0.2)
    assert not failed.value.permanent


async def test_no_password_is_sent_in_the_clear() -> None:
    box = Box()
    async with smtp_server(box, auth_require_tls=False) as port:
        with pytest.raises(NoticeFailed, match="offers no STARTTLS") as failed:
            await send(port, login=f"medic:{PASSWORD}@")
    assert failed.value.permanent
    assert PASSWORD not in str(failed.value)
    assert box.logins == []
    assert box.received == []


@pytest.mark.parametrize("farewell", ["421 too busy", "502 no such command"])
async def test_a_mail_that_was_taken_has_arrived_whatever_the_server_says_to_the_farewell(farewell: str) -> None:
    box = Box(QUIT=farewell)
    async with smtp_server(box) as port:
        assert await send(port) == 250
    assert len(box.received) == 1


async def test_a_server_that_offers_starttls_gets_the_mail_encrypted() -> None:
    box = Box()
    async with smtp_server(box, tls_context=server_context(), require_starttls=True) as port:
        await send(port)
    assert len(box.received) == 1


async def test_a_password_is_not_sent_to_a_server_that_nobody_vouches_for() -> None:
    box = Box()
    async with smtp_server(box, tls_context=server_context()) as port:
        with pytest.raises(NoticeFailed, match="SSLCertVerificationError"):
            await send(port, login=f"medic:{PASSWORD}@")
    assert box.logins == []


async def test_a_login_over_a_trusted_connection_sends_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    box = Box()
    async with smtp_server(box, tls_context=server_context(), auth_required=True) as port:
        await send(port, login=f"medic:{PASSWORD}@")
        with pytest.raises(NoticeFailed, match="refused user or password: check MEDIC_SMTP") as failed:
            await send(port, login="medic:wr%40ng@")
    assert failed.value.permanent
    assert {login.password for login in box.logins} == {PASSWORD.encode(), b"wr@ng"}
    assert len(box.received) == 1


async def test_a_password_that_cannot_be_sent_is_final_and_stays_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    async with smtp_server(Box(), tls_context=server_context()) as port:
        with pytest.raises(NoticeFailed, match="plain ASCII") as failed:
            await send(port, login="medic:geheim-%C3%BC@")
    assert failed.value.permanent
    assert "geheim" not in str(failed.value)


@pytest.mark.parametrize(
    ("url", "sender", "named"),
    [
        ("http://u:p4ss@host", "a@b.c", "MEDIC_SMTP"),
        ("smtp://u:p4ss@host:x", "a@b.c", "MEDIC_SMTP"),
        ("smtp://u:a@p4ss/word@host:25", "a@b.c", "MEDIC_SMTP"),
        ("smtp://u:a@p4ss#word@host:25", "a@b.c", "MEDIC_SMTP"),
        ("smtp://u:a@p4ss?word@host:25", "a@b.c", "MEDIC_SMTP"),
        ("smtp://host", "nobody", "MEDIC_MAIL_FROM"),
    ],
)
def test_a_setting_that_cannot_be_right_is_named_without_its_password(url: str, sender: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named) as wrong:
        MailSender(url, sender, timeout_seconds=1)
    assert "p4ss" not in str(wrong.value)
