"""Posts to the robot of a DingTalk group (open.dingtalk.com, "custom robot")."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from activities.clients.posting import Poster
from activities.clients.robots import LONGEST_ANSWER, Codes, check, written

_GONE = "there is no such robot: copy its URL again from the group's settings"
_MUTED_SECONDS = 600
_CODES = Codes(
    keys=("errcode",),
    waits={130101: _MUTED_SECONDS, 410100: _MUTED_SECONDS, -1: 30},  # 20 a minute, then silence; busy
    final={
        310000: "its security settings say no: write its signing secret as `secret` and look at this machine's clock; "
        "or the robot wants a keyword that the message has not, or does not know this machine's address",
        300001: _GONE,
        300005: _GONE,
        400101: _GONE,
        400106: _GONE,
        400102: "the robot was switched off in its group",
        400013: "the robot's group is gone",
        40035: "its URL lacks the access_token: copy it again from the group's settings",
        400105: "it takes no Markdown: is this the URL of a group's robot?",
    },
)


class DingTalk:
    """A sender for all DingTalk robots."""

    def __init__(self, poster: Poster, now: Callable[[], float] = time.time) -> None:
        """
        Args:
            now: seconds since the epoch.
        """
        self._poster = poster
        self._now = now

    def send(self, url: str, secret: str, message: dict[str, Any]) -> None:
        """Post `message` once, signed if there is a secret.

        Raises:
            NoticeFailed: it was not taken.
        """
        signed = f"{url}{'&' if '?' in url else '?'}{sign(secret, int(self._now() * 1000))}" if secret else url
        check(self._poster.post("dingtalk", signed, written(message), longest=LONGEST_ANSWER), _CODES)


def sign(secret: str, milliseconds: int) -> str:
    """What is added to the URL's query, encoded once."""
    digest = hmac.new(secret.encode(), f"{milliseconds}\n{secret}".encode(), "sha256").digest()
    return urlencode({"timestamp": milliseconds, "sign": base64.b64encode(digest).decode()})
