"""Posts to the robot of a Feishu or Lark group (open.feishu.cn, "custom bot")."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable
from typing import Any

from activities.clients.posting import Poster
from activities.clients.robots import LONGEST_ANSWER, Codes, check, written

_CODES = Codes(
    keys=("code", "StatusCode"),
    waits={11232: 60, 9499: 10},  # 100 a minute and 5 a second, fewer at full and half hours; too many requests
    final={
        19001: "there is no such robot: copy its URL again from the group's settings",
        19002: "it found the message malformed: report this",
        19007: "the robot was switched off",
        19021: "the signature is wrong: write the robot's signing secret as `secret`, and look at this machine's clock",
        19022: "this machine's address is not on the robot's list",
        19024: "the robot wants a keyword that this message has not: take the keyword away, or use `secret`",
    },
)


class Feishu:
    """A sender for all Feishu robots."""

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
        signed = {**sign(secret, int(self._now())), **message} if secret else message
        check(self._poster.post("feishu", url, written(signed), longest=LONGEST_ANSWER), _CODES)


def sign(secret: str, seconds: int) -> dict[str, str]:
    """What goes into the body: the secret is a part of the key, and nothing is what is signed."""
    digest = hmac.new(f"{seconds}\n{secret}".encode(), b"", "sha256").digest()
    return {"timestamp": str(seconds), "sign": base64.b64encode(digest).decode()}
