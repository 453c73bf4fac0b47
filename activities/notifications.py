"""Notifications: deliver one notice to one address, which is looked up here so that it never enters history."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from concurrent.futures import TimeoutError as TimeIsUp
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.carrying import Carrier
from remediation.config import Config
from remediation.decisions import Recipient, channel_recipients
from remediation.errors import NoticeFailed
from remediation.notices import OPERATORS, Delivery

FOLDED = "told with others of its rule"
ATTEMPT_SECONDS = 25.0
"""So long one attempt waits for its addresses: less than its workflow waits for the attempt."""


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
        failed: dict[str, NoticeFailed] = {}
        open_ones = [one for one in recipients if str(one) not in reached]
        for one, answer in self._carry_to(open_ones, delivery, misdirected):
            if isinstance(answer, NoticeFailed):
                told = f"{one}: {answer}"
                failed[str(one)] = NoticeFailed(told, permanent=answer.permanent, wait_seconds=answer.wait_seconds)
            else:
                reached[str(one)] = answer
                if len(open_ones) > 1:  # the only one is told of by the end of this attempt, at no cost of its own
                    activity.heartbeat(dict(reached))
        if failed:
            raise _to_try_again([failed[str(one)] for one in recipients if str(one) in failed])
        return ", ".join(reached[str(one)] for one in recipients)

    def _carry_to(
        self, recipients: Sequence[Recipient], delivery: Delivery, misdirected: str
    ) -> Iterator[tuple[Recipient, str | NoticeFailed]]:
        """To all of them at once, so that a slow one keeps it from no other; what became of it, as it is known."""
        threads = ThreadPoolExecutor(max(len(recipients), 1), thread_name_prefix="address")
        under_way = {threads.submit(self._carry, delivery, one, misdirected): one for one in recipients}
        threads.shutdown(wait=False)
        try:
            for answered in as_completed(list(under_way), timeout=ATTEMPT_SECONDS):
                yield under_way.pop(answered), answered.result()
        except TimeIsUp:
            for one in under_way.values():
                yield one, NoticeFailed(f"no answer within {ATTEMPT_SECONDS:g} s", permanent=False)

    def _carry(self, delivery: Delivery, to: Recipient, misdirected: str) -> str | NoticeFailed:
        try:
            return self._carrier.carry(delivery.notice, self._config.channels[to.channel], to, misdirected)
        except NoticeFailed as error:
            return error
        except Exception as error:  # noqa: BLE001  # a mistake of ours, whose text may hold the address
            *_, last = traceback.extract_tb(error.__traceback__)
            where = f"{Path(last.filename).name}:{last.lineno}"
            return NoticeFailed(f"unexpected {type(error).__name__} at {where}", permanent=False)

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
