"""Every other service, by apprise: an optional package, which is imported when there is something to send."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Iterator

from remediation.config import Config
from remediation.errors import NoticeFailed
from remediation.yaml_marks import Path

MISSING = (
    "`apprise` needs its package, which is not installed here: pip install --require-hashes -r requirements/apprise.txt"
)


class Anything:
    """A sender for any URL that apprise knows."""

    def send(self, url: str, title: str, text: str) -> None:
        """Hand one message over.

        Raises:
            NoticeFailed: it was not delivered; apprise does not say why. Permanent if it can never be.
        """
        if not is_installed():
            raise NoticeFailed(MISSING, permanent=True)
        apprise = importlib.import_module("apprise")
        for name in ("apprise", "urllib3"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # below that they tell parts of the URL
        scheme = url.partition("://")[0]
        service = apprise.Apprise()
        try:
            if not service.add(url):
                hint = "apprise knows no such URL: correct it in medic.yaml"
                raise NoticeFailed(f"apprise {scheme}: {hint}", permanent=True)
            for server in service:
                if server.overflow_mode == apprise.OverflowMode.UPSTREAM:  # unless the URL has another `overflow`
                    server.overflow_mode = apprise.OverflowMode.SPLIT  # what is longer than it takes is thrown away
            taken = service.notify(title=title, body=text, body_format="text")
        except NoticeFailed:
            raise
        except Exception as error:  # noqa: BLE001  # whichever of its many plugins it is; its text may hold the URL
            raise NoticeFailed(f"apprise {scheme}: {type(error).__name__}", permanent=False) from None
        if not taken:
            raise NoticeFailed(f"apprise {scheme}: not delivered, and apprise says no more", permanent=False)


def is_installed() -> bool:
    """Whether apprise is there."""
    return importlib.util.find_spec("apprise") is not None


def missing(config: Config) -> Iterator[Path]:
    """Where the page needs apprise, if it is not there."""
    if is_installed():
        return
    for name, channel in config.channels.items():
        for place, address in enumerate(channel.to):
            if address.kind == "apprise":
                yield ("channels", name, "to", place, "apprise")
