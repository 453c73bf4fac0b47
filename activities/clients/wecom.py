"""Posts to the robot of a WeCom group (developer.work.weixin.qq.com, "group robot")."""

from __future__ import annotations

from typing import Any

from activities.clients.posting import Poster
from activities.clients.robots import LONGEST_ANSWER, Codes, check, written

_GONE = "there is no such robot: copy its URL again from the group's settings"
_CODES = Codes(
    keys=("errcode",),
    waits={45009: 60, 45033: 10},  # 20 a minute; too many at once
    final={
        93000: _GONE,
        93004: "the robot was switched off in its group",
        93008: "the robot is no longer in its group",
        40008: "it takes no Markdown: is this the URL of a group's robot?",
        44004: "it found the message empty",
        40058: "it found the message too long or malformed: report this",
    },
)


class WeCom:
    """A sender for all WeCom robots; their URL has the key, and nothing is signed."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    def send(self, url: str, secret: str, message: dict[str, Any]) -> None:
        """Post `message` once.

        Raises:
            NoticeFailed: it was not taken.
        """
        check(self._poster.post("wecom", url, written(message), longest=LONGEST_ANSWER), _CODES)
