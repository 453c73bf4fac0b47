"""Notifications: deliver one notice to one address, which is looked up here so that it never enters history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.carrying import Carrier
from remediation.config import Config
from remediation.decisions import Recipient, channel_recipients
from remediation.errors import NoticeFailed
from remediation.notices import OPERATORS, Delivery

FOLDED = "told with others of its rule"


class Desk(Protocol):
    """Says whether a notice is kept to be told with others of its rule, and not sent by itself."""

    def is_folded(self, delivery: Delivery) -> bool: ...


class NotificationActivities:
    """The hands that write to people."""

    def __init__(self, config: Config, carrier: Carrier, desk: Desk) -> None:
        self._config = config
        self._carrier = carrier
        self._desk = desk

    @activity.defn
    def send_notice(self, delivery: Delivery) -> str:
        """Deliver a notice, and return a receipt such as `webhook 200` that holds no address.

        One that is not sent by itself has the receipt FOLDED: its fold answers for it from here on.
        OPERATORS are all addresses of `operators`; an attempt writes only to those that no earlier one reached.

        Raises:
            ApplicationError: type NoticeFailed, if it did not reach every one; not retryable where that is of no use,
                and not before its time where another try is of no use sooner.
        """
        if self._desk.is_folded(delivery):
            return FOLDED
        recipients, misdirected = self._recipients(delivery.recipient)
        noted = activity.info().heartbeat_details
        reached: dict[str, str] = dict(noted[0]) if noted else {}
        failed: list[NoticeFailed] = []
        for one in recipients:
            if str(one) in reached:
                continue
            channel = self._config.channels[one.channel]
            try:
                reached[str(one)] = self._carrier.carry(delivery.notice, channel, one, misdirected)
                activity.heartbeat(dict(reached))
            except NoticeFailed as error:
                told = f"{one}: {error}"
                failed.append(NoticeFailed(told, permanent=error.permanent, wait_seconds=error.wait_seconds))
        if failed:
            raise _to_try_again(failed)
        return ", ".join(reached.values())

    def _recipients(self, recipient: Recipient) -> tuple[Sequence[Recipient], str]:
        """Where the notice goes, and the name of the address that it was meant for, if that has vanished."""
        operators = channel_recipients(self._config.operators, self._config)
        if recipient == OPERATORS:
            return operators, ""
        channel = self._config.channels.get(recipient.channel)
        if channel is None or not 0 <= recipient.place < len(channel.to):
            return operators, str(recipient)
        return (recipient,), ""


def _to_try_again(failed: Sequence[NoticeFailed]) -> ApplicationError:
    open_ones = [one for one in failed if not one.permanent]
    # Whoever may be tried soonest is not kept waiting by the others.
    wait = min((one.wait_seconds for one in open_ones), default=0)
    return ApplicationError(
        "; ".join(str(one) for one in failed),
        type=NoticeFailed.__name__,
        non_retryable=not open_ones,
        next_retry_delay=timedelta(seconds=wait) if wait else None,
    )
