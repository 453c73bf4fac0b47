"""Who may hand events over: a bearer token, or a signature over the time and the body, judged on values alone."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from remediation.errors import MedicError
from remediation.settings import Settings

WINDOW_SECONDS = 300
"""How far a signature's time may be off, either way: a retry of a few minutes, and a clock that nobody tends."""

KEY, TIMESTAMP, SIGNATURE = b"x-medic-key", b"x-medic-timestamp", b"x-medic-signature"
_NAMES = "X-Medic-Key, X-Medic-Timestamp and X-Medic-Signature"
_SECONDS = re.compile(rb"[0-9]{1,12}")
_V1 = re.compile(rb"v1=([0-9a-f]{64})")

Headers = Sequence[tuple[bytes, bytes]]
"""As they came in, the names in lower case."""


class Unauthorised(MedicError):
    """The request is of nobody we know; its text says what to send, and nothing that was sent."""


@dataclass(frozen=True)
class Signed:
    """A signature that is fresh and names one of our keys; whether it is right, only the whole body tells."""

    secret: SecretStr
    timestamp: bytes
    digest: bytes

    def verify(self, body: bytes) -> None:
        """Raises Unauthorised unless exactly this body was signed."""
        if not hmac.compare_digest(digest_of(self.secret, self.timestamp, body), self.digest):
            raise Unauthorised(
                "the signature is not that of this body: sign the time, a full stop, and the bytes as they are sent"
            )


def digest_of(secret: SecretStr, timestamp: bytes, body: bytes) -> bytes:
    """HMAC-SHA256 over `timestamp + "." + body`; 32 bytes."""
    return hmac.digest(secret.get_secret_value().encode(), timestamp + b"." + body, hashlib.sha256)


def authorise(headers: Headers, settings: Settings, now: float) -> Signed | None:
    """What can be judged before the body is read, so that strangers' bodies are not.

    Args:
        now: seconds since the epoch, by our clock.

    Returns:
        None: it is let in. A signature: it is let in once that has verified the body.

    Raises:
        Unauthorised: neither, and why.
    """
    token, keys = settings.webhook_token, settings.webhook_keys
    if token is None and not keys:
        # Only this machine can reach us; a page in a browser on it must not (browsers name a page's origin).
        if _values(headers, b"origin"):
            raise Unauthorised("requests from web pages are refused while no MEDIC_WEBHOOK_TOKEN is set")
        return None
    if token is not None and _bears(headers, token):
        return None
    if keys and (token is None or any(_values(headers, name) for name in (KEY, TIMESTAMP, SIGNATURE))):
        return _signed(headers, keys, now)
    raise Unauthorised(
        "the bearer token is missing or wrong: send `Authorization: Bearer TOKEN` with MEDIC_WEBHOOK_TOKEN's value"
    )


def schemes(settings: Settings) -> str:
    """What a refusal offers, for `WWW-Authenticate`."""
    offered = {"Bearer": settings.webhook_token, "X-Medic-Signature": settings.webhook_keys}
    return ", ".join(scheme for scheme, secret in offered.items() if secret) or "Bearer"


def _bears(headers: Headers, token: SecretStr) -> bool:
    given = _values(headers, b"authorization")
    scheme, _, value = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
    return scheme.lower() == b"bearer" and hmac.compare_digest(value.strip(), token.get_secret_value().encode())


def _signed(headers: Headers, keys: dict[str, SecretStr], now: float) -> Signed:
    given = [_values(headers, name) for name in (KEY, TIMESTAMP, SIGNATURE)]
    if [len(values) for values in given] != [1, 1, 1]:
        raise Unauthorised(f"the signature is missing: send {_NAMES}, each once")
    (key,), (timestamp,), (signature,) = given
    secret, hexadecimal = keys.get(key.decode("latin-1")), _V1.fullmatch(signature)
    if secret is None:
        raise Unauthorised("X-Medic-Key names no key of MEDIC_WEBHOOK_KEYS")
    if hexadecimal is None:
        raise Unauthorised("write X-Medic-Signature: v1= and 64 hexadecimal digits in lower case")
    if not _SECONDS.fullmatch(timestamp):
        raise Unauthorised("write X-Medic-Timestamp in whole seconds since 1970, as `date +%s` does")
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        raise Unauthorised(
            f"X-Medic-Timestamp is more than {WINDOW_SECONDS} s off our clock, which says {now:.0f}: "
            "sign again for each attempt, and set the clocks"
        )
    return Signed(secret, timestamp, bytes.fromhex(hexadecimal[1].decode()))


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]
