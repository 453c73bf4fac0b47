"""Delivers a notice as a mail, by SMTP; encrypted whenever the server can, and always where a password is sent."""

from __future__ import annotations

import hashlib
import smtplib
import socket
import ssl
from datetime import datetime, timezone
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from remediation.errors import ConfigError, NoticeFailed

_ACCEPTED = 250
_PORTS = {"smtp": 25, "smtps": 465}
# What the server refused, and which setting is to blame; the server's own text may hold addresses and is left out.
_REFUSED: dict[type[smtplib.SMTPException], str] = {
    smtplib.SMTPAuthenticationError: "refused user or password: check MEDIC_SMTP",
    smtplib.SMTPSenderRefused: "refused the sender: check MEDIC_MAIL_FROM",
    smtplib.SMTPRecipientsRefused: "refused the recipient: check `mail` in medic.yaml",
}


class MailSender:
    """A sender for one mail server; opens a connection for each mail, so it is safe to share between threads."""

    def __init__(self, smtp_url: str, sender: str, timeout_seconds: float) -> None:
        """
        Args:
            smtp_url: `smtp://[user:password@]host[:port]` or `smtps://…`.
            sender: the address in From.

        Raises:
            ConfigError: one of them cannot be right; the message holds no password.
        """
        try:
            url = urlsplit(smtp_url)
            self._port = url.port or _PORTS[url.scheme]
        except (ValueError, KeyError):
            raise ConfigError("MEDIC_SMTP: write smtp://[user:password@]host:port, or smtps://") from None
        if url.path.strip("/") or url.query or url.fragment:
            # A password with one of these in it ends there, and what follows its @ would be taken for the host.
            raise ConfigError("MEDIC_SMTP: write / ? # @ : and % in a user or a password as %2F %3F %23 %40 %3A %25")
        address = _address(sender)
        if address is None:
            raise ConfigError(f"MEDIC_MAIL_FROM={sender!r}: write NAME@HOST")
        self._from = address
        self._tls = url.scheme == "smtps"
        self._host = url.hostname or "localhost"
        self._user, self._password = unquote(url.username or ""), unquote(url.password or "")
        self._timeout = timeout_seconds

    def send(self, to: str, subject: str, text: str, *, notice_id: str, thread: str = "") -> int:
        """Hand one mail to the server and return its status, 250.

        Args:
            notice_id: makes the Message-ID, the same for every attempt: a mailbox can drop a second copy.
            thread: the same in all mails that belong together: a mailbox shows them as one conversation.

        Raises:
            NoticeFailed: not accepted; permanent for a 5xx. The message holds neither address nor password.
        """
        message = self._message(to, subject, text, notice_id, thread)
        server = f"mail server {self._host}:{self._port}"
        is_taken = False
        try:
            with self._connect() as smtp:
                self._log_in(smtp)
                smtp.send_message(message, self._from.addr_spec, [to])
                is_taken = True
        except UnicodeError:
            raise NoticeFailed(f"{server}: user, password and host must be plain ASCII", permanent=True) from None
        except (smtplib.SMTPException, OSError) as error:
            if not is_taken:  # whatever the server says to our farewell, it has the mail
                raise _failure(server, error) from None
        return _ACCEPTED

    def _message(self, to: str, subject: str, text: str, notice_id: str, thread: str) -> EmailMessage:
        address = _address(to)
        if address is None:
            raise NoticeFailed("the recipient is not one address: write NAME@HOST in medic.yaml", permanent=True)
        message = EmailMessage()
        message["To"] = address
        message["From"] = self._from
        message["Subject"] = " ".join(subject.split())  # a header is one line, whatever came in
        message["Date"] = format_datetime(datetime.now(timezone.utc))
        message["Message-ID"] = self._id(notice_id)
        if thread:
            message["In-Reply-To"] = message["References"] = self._id(f"thread {thread}")
        message["Auto-Submitted"] = "auto-generated"  # so that nobody's out-of-office answers it (RFC 3834)
        message.set_content(text)
        return message

    def _id(self, name: str) -> str:
        return f"<{hashlib.sha256(name.encode()).hexdigest()[:32]}@{self._from.domain}>"

    def _connect(self) -> smtplib.SMTP:
        # Our own name is given: smtplib would ask DNS for it, which may take long where there is none.
        me = socket.gethostname()
        if self._tls:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self._host, self._port, me, timeout=self._timeout, context=context)
        return smtplib.SMTP(self._host, self._port, me, timeout=self._timeout)

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if not self._tls and smtp.has_extn("starttls"):
            # Without a password, encryption to whoever answers is better than none; a password goes to the right one.
            smtp.starttls(context=ssl.create_default_context() if self._user else None)
            smtp.ehlo()
        elif not self._tls and self._user:
            said = "offers no STARTTLS, and the password is not sent in the clear: use smtps://, or no password"
            raise NoticeFailed(f"mail server {self._host}:{self._port} {said}", permanent=True)
        if self._user:
            smtp.login(self._user, self._password)


def _failure(server: str, error: smtplib.SMTPException | OSError) -> NoticeFailed:
    if isinstance(error, (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused)):
        code = _code(error)
        said = next((words for kind, words in _REFUSED.items() if isinstance(error, kind)), "refused the mail")
        return NoticeFailed(f"{server} {said} ({code})", permanent=code >= 500)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return NoticeFailed(f"{server} lacks what this mail or login needs", permanent=True)
    return NoticeFailed(f"{server}: {type(error).__name__}", permanent=False)


def _address(spec: str) -> Address | None:
    """The one address that `spec` is, or None: a list, a line break or a display name is not one."""
    try:
        return Address(addr_spec=spec)
    except (ValueError, IndexError, MessageError):
        return None


def _code(error: smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused) -> int:
    if isinstance(error, smtplib.SMTPResponseException):
        return int(error.smtp_code)
    return max(code for code, _ in error.recipients.values())
