"""What a call that did not succeed proves: each failure of it becomes a CloudError of one of the six classes.

The SDK mangles several of them: an error of an unexpected content type passes as a success, a body that is cut or is no
JSON comes as another library's exception, a gateway's page as bytes, and, with its region breaker, a lost connection as
an AttributeError.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from activities.clients.error_classes import classify, hint
from remediation.errors import CloudError, OutcomeUnknown, Throttled

_PASSWORD = re.compile(r"//[^/\s@]+@")  # of a proxy
_SIGNED = re.compile(r"((?:Credential|Signature|Token)\b\W{1,3})[^\s,;<>\"']+", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """One call: what it is about, and whether it changes anything."""

    action: str
    region: str
    params: Mapping[str, Any]
    mutating: bool

    @property
    def targets(self) -> tuple[str, ...]:
        """The ids that it names."""
        named = (value for name, value in self.params.items() if name.endswith(("Id", "Ids")))
        return tuple(str(one) for value in named for one in (value if isinstance(value, list) else [value]))


def check_answer(reply: Any, asked: Asked, clock_ahead: float | None) -> Mapping[str, Any]:
    """What stands under `Response`.

    Raises:
        CloudError: nothing does, or an error, which the SDK misses if the content type is not exactly its own.
    """
    response = reply.get("Response") if isinstance(reply, Mapping) else None
    if not isinstance(response, Mapping):
        kind = OutcomeUnknown if asked.mutating else Throttled
        raise kind("the answer has no Response", action=asked.action, region=asked.region, code="NoResponse")
    error = response.get("Error")
    if error:
        said = error if isinstance(error, Mapping) else {"Message": error}
        raise _answered(asked, said.get("Code"), said.get("Message"), response.get("RequestId"), clock_ahead)
    return response


def translate(error: Exception, asked: Asked, clock_ahead: float | None) -> CloudError:
    """Whatever the SDK raised, as one of the six classes."""
    code = type(error).__name__
    if isinstance(error, TencentCloudSDKException):
        code = str(error.get_code() or "")
        if code not in ("ClientNetworkError", "ServerNetworkError"):
            # Also without a request id it is the API's error; the SDK's own codes have no class, and go to people.
            return _answered(asked, code, error.get_message(), error.get_request_id(), clock_ahead)
    never_sent = code == "ClientNetworkError" and was_never_sent(error.__context__)
    kind = OutcomeUnknown if asked.mutating and not never_sent else Throttled
    said = _plain(error)
    text = f"the cloud cannot be reached: {said}" if never_sent else f"no usable answer: {said}"
    return kind(text, action=asked.action, code=code, region=asked.region)


def was_never_sent(caught: BaseException | None) -> bool:
    """Only a connection that was never made proves that nothing was sent.

    Args:
        caught: what the SDK itself caught; further down its chain of contexts stand older errors, of other calls.
    """
    reason = getattr(caught.args[0], "reason", None) if caught is not None and caught.args else None
    reason = getattr(reason, "original_error", reason)  # of a proxy
    return isinstance(caught, requests.exceptions.ConnectTimeout) or isinstance(
        reason, urllib3.exceptions.NewConnectionError
    )


def seconds_ahead(date: str | None, now: float) -> float | None:
    """By how many seconds `now` is ahead of an answer's `Date` (RFC 9110, whole seconds); None if it has none."""
    try:
        return now - parsedate_to_datetime(date or "").timestamp()
    except (ValueError, OverflowError):
        return None


def _answered(asked: Asked, code: object, message: object, request_id: object, clock_ahead: float | None) -> CloudError:
    code, text = str(code or ""), str(message or "")
    mend = hint(asked.action, code, region=asked.region, targets=asked.targets, clock_ahead=clock_ahead)
    kind = classify(asked.action, code, mutating=asked.mutating)
    said = f"{text}; {mend}" if mend else text
    return kind(said, action=asked.action, code=code, request_id=str(request_id or ""), region=asked.region)


def _plain(error: Exception) -> str:
    message = error.get_message() if isinstance(error, TencentCloudSDKException) else str(error)
    text = message.decode(errors="replace") if isinstance(message, bytes) else str(message)
    # A gateway's page may repeat what it was sent.
    return _SIGNED.sub(r"\1***", _PASSWORD.sub("//***@", " ".join(text.split())))[:300]
