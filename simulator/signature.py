"""Who calls: verifies a request's TC3-HMAC-SHA256 signature, its age and its token, as Tencent's gateway does."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timezone

from simulator.errors import ApiError
from simulator.world import Credential

_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/,]+)/(?P<date>\d{4}-\d\d-\d\d)/(?P<service>[a-z]+)/tc3_request, ?"
    r"SignedHeaders=(?P<signed>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_MAX_SKEW_SECONDS = 300


def verify(
    headers: Mapping[str, str], body: bytes, *, credentials: Mapping[str, Credential], now: float
) -> tuple[Credential, str]:
    """Who signed this POST to `/`, and for which service; the names in `headers` are in lower case.

    The service stands in the signature's scope: it does what the host's name does at Tencent, where each has its own.

    Raises:
        ApiError: one of the AuthFailure codes.
    """
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None or not {"content-type", "host"} <= set(found["signed"].split(";")):
        raise ApiError("AuthFailure.InvalidAuthorization", "The request header `Authorization` is invalid.")
    timestamp = headers.get("x-tc-timestamp", "")
    if not timestamp.isascii() or not timestamp.isdigit():
        raise ApiError("InvalidParameter", "The request header `X-TC-Timestamp` is not a number.")
    if abs(now - int(timestamp)) > _MAX_SKEW_SECONDS:
        raise ApiError("AuthFailure.SignatureExpire", "The difference to the server's time exceeds 5 minutes.")
    credential = credentials.get(found["id"])
    if credential is None:
        raise ApiError("AuthFailure.SecretIdNotFound", "The SecretId is not found, please ensure that it is correct.")
    date = datetime.fromtimestamp(int(timestamp), timezone.utc).strftime("%Y-%m-%d")
    expected = _sign(
        credential.secret_key, date, found["service"], timestamp, _canonical(headers, body, found["signed"])
    )
    if found["date"] != date or not hmac.compare_digest(expected, found["signature"]):
        raise ApiError("AuthFailure.SignatureFailure", "The provided credentials could not be validated.")
    # The signature does not cover the token, so it is compared by itself.
    if credential.token is not None and headers.get("x-tc-token") != credential.token:
        raise ApiError("AuthFailure.TokenFailure", "The token is missing, wrong or expired.")
    return credential, found["service"]


def _canonical(headers: Mapping[str, str], body: bytes, signed: str) -> str:
    lines = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in signed.split(";"))
    unsigned = headers.get("x-tc-content-sha256") == "UNSIGNED-PAYLOAD"
    payload = hashlib.sha256(b"UNSIGNED-PAYLOAD" if unsigned else body).hexdigest()
    return f"POST\n/\n\n{lines}\n{signed}\n{payload}"


def _sign(secret_key: str, date: str, service: str, timestamp: str, canonical: str) -> str:
    scope = f"{date}/{service}/tc3_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"TC3{secret_key}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}".encode(), hashlib.sha256).hexdigest()
