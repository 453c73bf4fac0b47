"""Notifications: deliver one notice to one address, which is looked up here so that it never enters history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from remediation.config import Address, Config
from remediation.decisions import Recipient, channel_recipients
from remediation.errors import NoticeFailed
from remediation.notices import OPERATORS, Delivery, Notice
from remediation.telling import Told, run_url, tell, tell_misdirected
from remediation.wording import NAME_LENGTH, clean

FOLDED = "told with others of its rule"


class Webhook(Protocol):
    """Sends a JSON object to a URL and returns the status; raises NoticeFailed."""

    def send(self, url: str, payload: dict[str, Any], *, idempotency_key: str) -> int: ...


class Mail(Protocol):
    """Sends a mail and returns the server's status; raises NoticeFailed."""

    def send(self, to: str, subject: str, text: str, *, notice_id: str, thread: str) -> int: ...


class Desk(Protocol):
    """Says whether a notice is kept to be told with others of its rule, and not sent by itself."""

    def is_folded(self, delivery: Delivery) -> bool: ...


class _Stop(NamedTuple):
    """One address on the notice's way, and what of it may be told."""

    recipient: Recipient
    locale: str
    address: Address


class NotificationActivities:
    """The hands that write to people."""

    def __init__(
        self, config: Config, webhook: Webhook, mail: Mail | None, desk: Desk, *, ui: str, namespace: str
    ) -> None:
        """
        Args:
            mail: None if no mail server is set.
            ui: where the Temporal UI is, for links.
            namespace: Temporal's namespace, for links.
        """
        self._config = config
        self._webhook = webhook
        self._mail = mail
        self._desk = desk
        self._ui = ui
        self._namespace = namespace

    @activity.defn
    def send_notice(self, delivery: Delivery) -> str:
        """Deliver a notice, and return a receipt such as `webhook 200` that holds no address.

        One that is not sent by itself has the receipt FOLDED: its fold answers for it from here on.
        OPERATORS are all addresses of `operators`; an attempt writes only to those that no earlier one reached.

        Raises:
            ApplicationError: type NoticeFailed, if it did not reach every one; not retryable where that is of no use.
        """
        if self._desk.is_folded(delivery):
            return FOLDED
        stops, misdirected = self._stops(delivery.recipient)
        noted = activity.info().heartbeat_details
        reached: dict[str, str] = dict(noted[0]) if noted else {}
        failed: list[NoticeFailed] = []
        for stop in stops:
            if str(stop.recipient) in reached:
                continue
            try:
                reached[str(stop.recipient)] = self._deliver(delivery.notice, stop, misdirected)
                activity.heartbeat(dict(reached))
            except NoticeFailed as error:
                failed.append(NoticeFailed(f"{stop.recipient}: {error}", permanent=error.permanent))
        if failed:
            hopeless = all(one.permanent for one in failed)
            message = "; ".join(str(one) for one in failed)
            raise ApplicationError(message, type=NoticeFailed.__name__, non_retryable=hopeless)
        return ", ".join(reached.values())

    def _stops(self, recipient: Recipient) -> tuple[Sequence[_Stop], str]:
        """Where the notice goes, and the name of the address that it was meant for, if that has vanished."""
        operators = [self._stop(one) for one in channel_recipients(self._config.operators, self._config)]
        if recipient == OPERATORS:
            return operators, ""
        channel = self._config.channels.get(recipient.channel)
        if channel is None or not 0 <= recipient.place < len(channel.to):
            return operators, str(recipient)
        return [self._stop(recipient)], ""

    def _stop(self, recipient: Recipient) -> _Stop:
        channel = self._config.channels[recipient.channel]
        return _Stop(recipient, channel.locale, channel.to[recipient.place])

    def _deliver(self, notice: Notice, stop: _Stop, misdirected: str) -> str:
        url = run_url(self._ui, self._namespace, notice.run) if notice.run is not None else ""
        told = tell(notice, stop.locale, run_url=url)
        if misdirected:
            text = f"{told.text}\n\n{tell_misdirected(misdirected, stop.locale)}"
            told = told.model_copy(update={"text": text})
        if stop.address.webhook is not None:
            payload = _payload(notice, told, stop.locale, url)
            secret = stop.address.webhook.get_secret_value()
            return f"webhook {self._webhook.send(secret, payload, idempotency_key=notice.id)}"
        if self._mail is None:
            hint = "no mail server is set: export MEDIC_SMTP=smtp://host:port where the worker starts"
            raise NoticeFailed(hint, permanent=True)
        to, thread = str(stop.address.mail), notice.thread
        return f"mail {self._mail.send(to, told.subject, told.text, notice_id=notice.id, thread=thread)}"


def _payload(notice: Notice, told: Told, locale: str, url: str) -> dict[str, Any]:
    """What a webhook receives: the words, the facts that a receiver sorts by, and all facts as they are."""
    run = notice.run
    return {
        "id": notice.id,
        "thread": notice.thread,
        "headline": notice.headline.value,
        "subject": told.subject,
        "text": told.text,
        "locale": locale,
        "instance_id": notice.instance_id,
        "region": notice.region,
        "name": clean(notice.name, NAME_LENGTH),
        "fault": notice.fault,
        "since": notice.since.isoformat() if notice.since is not None else None,
        "rule": notice.rule,
        "outcome": notice.result.outcome.value if notice.result is not None else None,
        "run": {"workflow_id": run.workflow_id, "run_id": run.run_id, "url": url} if run is not None else None,
        "folded": [one.model_dump(mode="json") for one in notice.folded],
        "notice": notice.model_dump(mode="json", exclude={"folded"}),
    }
