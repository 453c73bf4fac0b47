"""Errors of the cloud and of its SDK as one of our six classes: the only place that translates them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from activities.clients.error_classes import classify, hint
from remediation.errors import CloudError, OutcomeUnknown, Throttled

_SIGNED = re.compile(r"((?:Credential|Signature|Token)\b\W{1,3})[^\s,;<>\"']+", re.IGNORECASE)


def checked(reply: Any, action: str, region: str, mutating: bool) -> Mapping[str, Any]:
    """The `Response` of a reply that is one, or its error as one of the six classes."""
    response = reply.get("Response") if isinstance(reply, Mapping) else None
    if not isinstance(response, Mapping):
        kind = OutcomeUnknown if mutating else Throttled
        raise kind("the answer has no Response", action=action, region=region, code="NoResponse")
    error = response.get("Error")
    if error:  # the SDK misses it when the content type is not exactly application/json
        code, message = str(error.get("Code") or ""), str(error.get("Message") or "")
        raise _answered(action, region, code, message, str(response.get("RequestId") or ""), mutating)
    return response


def _answered(action: str, region: str, code: str, message: str, request_id: str, mutating: bool) -> CloudError:
    mend = hint(action, code)
    text = f"{message}; {mend}" if mend else message
    kind = classify(action, code, mutating=mutating)
    return kind(text, action=action, code=code, request_id=request_id, region=region)


def translate(error: Exception, action: str, region: str, mutating: bool) -> CloudError:
    """Whatever the SDK raised, as one of the six classes."""
    code = str(error.get_code()) if isinstance(error, TencentCloudSDKException) else type(error).__name__
    if isinstance(error, TencentCloudSDKException) and code not in ("ClientNetworkError", "ServerNetworkError"):
        # Also without a request id it is the API's error; the SDK's own codes have no class, and go to people.
        return _answered(action, region, code, str(error.get_message()), str(error.get_request_id() or ""), mutating)
    never_sent = code == "ClientNetworkError" and _was_never_sent(error.__context__)
    kind = OutcomeUnknown if mutating and not never_sent else Throttled
    said = _plain(error)
    text = f"the cloud cannot be reached: {said}" if never_sent else f"no usable answer: {said}"
    return kind(text, action=action, code=code, region=region)


def _was_never_sent(caught: BaseException | None) -> bool:
    """Only a connection that was never made proves that nothing was sent.

    Args:
        caught: what the SDK itself caught; further down its chain of contexts stand older errors, of other calls.
    """
    reason = getattr(caught.args[0], "reason", None) if caught is not None and caught.args else None
    reason = getattr(reason, "original_error", reason)  # of a proxy
    return isinstance(caught, requests.exceptions.ConnectTimeout) or isinstance(
        reason, urllib3.exceptions.NewConnectionError
    )


def _plain(error: Exception) -> str:
    message = error.get_message() if isinstance(error, TencentCloudSDKException) else str(error)
    text = message.decode(errors="replace") if isinstance(message, bytes) else str(message)
    # A gateway's page may repeat what it was sent.
    return _SIGNED.sub(r"\1***", " ".join(text.split()))[:300]
