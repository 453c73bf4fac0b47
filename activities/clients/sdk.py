"""The SDK's clients as we use them: a call is sent once, to nobody else, and its answer awaited for a bounded time."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from activities.clients.bounded import BoundedAdapter

_LONGEST_ANSWER = 32 * 1024 * 1024


def sdk_profile(endpoint: str | None, timeout_seconds: float) -> ClientProfile:
    """The SDK's settings for every client: en-US, time-outs, no retryer, no region breaker."""
    address = urlsplit(endpoint) if endpoint else None
    http = HttpProfile(
        protocol=address.scheme if address else None,
        endpoint=address.netloc if address else None,
        reqTimeout=(min(timeout_seconds, 5), timeout_seconds),
    )
    return ClientProfile(httpProfile=http, language="en-US", disable_region_breaker=True)


def hardened(client: Any) -> Any:
    """A client of `sdk_profile`, for one thread, which sends nothing twice and nothing elsewhere."""
    http = client.profile.httpProfile
    if _is_loopback(http.endpoint):
        client.request.conn.proxy = {"no_proxy": "*"}  # else the environment's proxy would be asked for it
    session = client.request.conn._session  # the SDK gives no other way to it
    session.max_redirects = 0  # else the library sends a call again, and its second failure hides the first
    session.auth = _as_signed
    for scheme in ("http://", "https://"):
        session.mount(scheme, BoundedAdapter(http.reqTimeout[1], _LONGEST_ANSWER))
    return client


def _as_signed(request: Any) -> Any:
    """Without this the library puts what a .netrc says in the place of our signature."""
    return request


def _is_loopback(endpoint: str | None) -> bool:
    host = urlsplit(f"//{endpoint or ''}").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
