"""Carrying: one notice, put into the words of a channel, to one of its addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from activities.lanes import Lanes
from remediation.channels import Address, Channel
from remediation.decisions import Recipient
from remediation.errors import NoticeFailed
from remediation.links import console_url, run_url
from remediation.notices import Notice
from remediation.pacing import Letter
from remediation.robots import any_message, dingtalk_message, feishu_message, wecom_message
from remediation.telling import Told, tell, tell_misdirected
from remediation.wording import NAME_LENGTH, clean
from remediation.zones import zone_named


class Webhook(Protocol):
    """Sends a JSON object to a URL and returns the status; raises NoticeFailed."""

    def send(self, url: str, payload: dict[str, Any], *, idempotency_key: str) -> int: ...


class Mail(Protocol):
    """Sends a mail and returns the server's status; raises NoticeFailed."""

    def send(self, to: str, subject: str, text: str, *, notice_id: str, thread: str) -> int: ...


class Robot(Protocol):
    """Sends a message to a robot's URL, signed if `secret` is not empty; raises NoticeFailed."""

    def send(self, url: str, secret: str, message: dict[str, Any]) -> None: ...


class Anything(Protocol):
    """Sends a text to whatever its URL says; raises NoticeFailed."""

    def send(self, url: str, title: str, text: str) -> None: ...


_MESSAGES: Mapping[str, Callable[[Told, Sequence[Told]], dict[str, Any]]] = {
    "wecom": wecom_message,
    "feishu": feishu_message,
    "dingtalk": dingtalk_message,
}


class Carrier:
    """Knows how each kind of address is reached."""

    def __init__(
        self,
        webhook: Webhook,
        mail: Mail | None,
        robots: Mapping[str, Robot],
        anything: Anything,
        *,
        ui: str,
        namespace: str,
        console: bool = True,
        lanes: Lanes | None = None,
    ) -> None:
        """
        Args:
            mail: None if no mail server is set.
            robots: by the kind of address; anything: for every kind that has no hands of its own.
            ui: where the Temporal UI is, for links; namespace: Temporal's.
            console: whether the instances are in Tencent's console, for links.
            lanes: where robots are waited for; ones of its own if left out.
        """
        self._webhook = webhook
        self._mail = mail
        self._robots = robots
        self._anything = anything
        self._lanes = lanes or Lanes()
        self._ui = ui
        self._namespace = namespace
        self._console = console

    def carry(self, notice: Notice, channel: Channel, to: Recipient, misdirected: str = "") -> str:
        """Deliver it once, and return a receipt such as `webhook 200`.

        Args:
            channel, to: of the one, by its place, the address.
            misdirected: the address that it was meant for, if that has vanished from medic.yaml.

        Raises:
            NoticeFailed: it did not arrive.
        """
        address = channel.to[to.place]
        told = self._told(notice, channel, misdirected)
        if address.mail is not None:
            if self._mail is None:
                hint = "no mail server is set: export MEDIC_SMTP=smtp://host:port where the worker starts"
                raise NoticeFailed(hint, permanent=True)
            sent = self._mail.send(address.mail, told.subject, told.text, notice_id=notice.id, thread=notice.thread)
            return f"mail {sent}"
        if address.kind in _MESSAGES:
            return self._to_robot(address, Letter(key=f"{to}/{notice.id}", told=told))
        if address.kind == "apprise":
            self._anything.send(address.url, *any_message(told))
            return "apprise ok"
        payload = self._payload(notice, told, channel.locale)
        return f"webhook {self._webhook.send(address.url, payload, idempotency_key=notice.id)}"

    def _to_robot(self, address: Address, letter: Letter) -> str:
        """Send it, along with what else waits for this robot, or say that it was; or let it wait."""
        with self._lanes.turn(address.kind, address.url, letter) as letters:
            if letters:
                first, *others = (one.told for one in letters)
                secret = address.secret.get_secret_value() if address.secret is not None else ""
                self._robots[address.kind].send(address.url, secret, _MESSAGES[address.kind](first, others))
        return f"{address.kind} ok" if len(letters) == 1 else f"{address.kind} ok, with others"

    def _told(self, notice: Notice, channel: Channel, misdirected: str) -> Told:
        zone = zone_named(channel.zone)
        console = self._console_url(notice)
        told = tell(notice, channel.locale, run_url=self._run_url(notice), console_url=console, zone=zone)
        if not misdirected:
            return told
        return told.model_copy(update={"blocks": (*told.blocks, tell_misdirected(misdirected, channel.locale))})

    def _run_url(self, notice: Notice) -> str:
        return run_url(self._ui, self._namespace, notice.run) if notice.run is not None else ""

    def _console_url(self, notice: Notice) -> str:
        return console_url(notice.region, notice.instance_id) if self._console and notice.instance_id else ""

    def _payload(self, notice: Notice, told: Told, locale: str) -> dict[str, Any]:
        """What a webhook receives: the words, the facts that a receiver sorts by, and all facts as they are."""
        run, url = notice.run, self._run_url(notice)
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
            "console": self._console_url(notice),
            "folded": [one.model_dump(mode="json") for one in notice.folded],
            "notice": notice.model_dump(mode="json", exclude={"folded"}),
        }
