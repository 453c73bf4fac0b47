"""The one place that makes Tencent Cloud clients, sends calls, and translates their errors.

The SDK's retryer and region breaker stay off: the first sends a call again after it succeeded, the second swallows the
error. `call_json` is used, and not the typed models: these turn an error body with an unexpected content type into a
reply full of None.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from tencentcloud.cbs.v20170312.cbs_client import CbsClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312.cvm_client import CvmClient
from tencentcloud.tat.v20201028.tat_client import TatClient

from activities.clients import replies
from activities.clients.credentials import Credentials
from activities.clients.error_classes import classify, hint
from remediation.cloud import Agent, Disk, Instance, Snapshot
from remediation.errors import CloudError, NotYet, OutcomeUnknown, Refused, Throttled
from remediation.events import INSTANCE_ID
from remediation.permits import SendPermit

# At DEBUG the SDK logs whole requests, with the signature and the token in them.
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.INFO)

_CLIENTS = {"cvm": CvmClient, "cbs": CbsClient, "tat": TatClient}
_MUTATING = {"CreateSnapshot", "RebootInstances"}
_DISK_ID = re.compile(r"disk-[0-9a-z]{1,32}")
_SIGNED = re.compile(r"((?:Credential|Signature|Token)\b\W{1,3})[^\s,;<>\"']+", re.IGNORECASE)
_PAGE = 100


class TencentCloud:
    """The calls that we use, in our words; every failure is a CloudError of one of its six classes."""

    def __init__(self, credentials: Credentials, *, endpoint: str | None = None, timeout_seconds: float = 10) -> None:
        """`endpoint` takes every product's API at one address, for example `http://127.0.0.1:8080`."""
        self._credentials = credentials
        self._profile = _profile(endpoint, timeout_seconds)
        self._is_local = _is_loopback(endpoint)
        # The SDK promises nothing about threads; a client of its own for each costs 0.12 ms.
        self._local = threading.local()

    def describe_instance(self, region: str, instance_id: str) -> Instance | None:
        """The instance, or None if this account knows none of that id in that region."""
        reply = self._call("cvm", "DescribeInstances", region, {"InstanceIds": [_instance(instance_id)]})
        found = [one for one in reply.get("InstanceSet") or [] if one.get("InstanceId") == instance_id]
        return replies.read_instance(found[0], region) if found else None

    def describe_disks(self, region: str, instance_id: str) -> tuple[Disk, ...]:
        """Every CBS disk that is attached to the instance, all pages."""
        filters = [{"Name": "instance-id", "Values": [_instance(instance_id)]}]
        rows = self._pages("cbs", "DescribeDisks", region, {"Filters": filters}, "DiskSet")
        return tuple(replies.read_disk(row) for row in rows if replies.is_attached(row, instance_id))

    def describe_agent(self, region: str, instance_id: str) -> Agent | None:
        """The guest's TAT agent, or None if it never reported."""
        reply = self._call("tat", "DescribeAutomationAgentStatus", region, {"InstanceIds": [_instance(instance_id)]})
        rows = [one for one in reply.get("AutomationAgentSet") or [] if one.get("InstanceId") == instance_id]
        return replies.read_agent(rows[0]) if rows else None

    def find_snapshots(self, region: str, disk_id: str, name: str) -> tuple[Snapshot, ...]:
        """This disk's snapshots of exactly this name; whether the API's own filter is exact is not documented."""
        filters = [{"Name": "disk-id", "Values": [disk_id]}, {"Name": "snapshot-name", "Values": [name]}]
        rows = self._pages("cbs", "DescribeSnapshots", region, {"Filters": filters}, "SnapshotSet")
        found = (replies.read_snapshot(row) for row in rows)
        return tuple(one for one in found if one.name == name and one.disk_id == disk_id)

    def describe_snapshots(self, region: str, snapshot_ids: tuple[str, ...]) -> tuple[Snapshot, ...]:
        """These snapshots, as far as they exist; at most 100 ids, and never an empty list."""
        params = {"SnapshotIds": list(snapshot_ids), "Limit": _PAGE}
        reply = self._call("cbs", "DescribeSnapshots", region, params)
        return tuple(replies.read_snapshot(row) for row in reply.get("SnapshotSet") or [])

    def create_snapshot(
        self, permit: SendPermit, region: str, disk_id: str, *, name: str, expires_at: datetime, tags: Mapping[str, str]
    ) -> tuple[str, str]:
        """Begin one snapshot of one disk → (snapshot id, request id)."""
        params = {
            "DiskId": disk_id,
            "SnapshotName": name,
            "Deadline": expires_at.astimezone(timezone.utc).isoformat(timespec="seconds"),
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        reply = self._call("cbs", "CreateSnapshot", region, params, permit)
        snapshot_id = reply.get("SnapshotId")
        if not isinstance(snapshot_id, str) or not snapshot_id.startswith("snap-"):
            raise OutcomeUnknown("the answer has no snapshot id", action="CreateSnapshot", region=region)
        return snapshot_id, str(reply.get("RequestId") or "")

    def reboot_instance(self, permit: SendPermit, region: str, instance_id: str, *, stop_type: str) -> str:
        """Begin the reboot of one instance → the request's id, by which its end is recognised."""
        params = {"InstanceIds": [_instance(instance_id)], "StopType": stop_type}
        reply = self._call("cvm", "RebootInstances", region, params, permit)
        request_id = reply.get("RequestId")
        if not isinstance(request_id, str) or not request_id:
            raise OutcomeUnknown("the answer has no request id", action="RebootInstances", region=region)
        return request_id

    def _pages(self, product: str, action: str, region: str, params: dict[str, Any], rows: str) -> Iterator[Any]:
        offset = 0
        while True:
            reply = self._call(product, action, region, {**params, "Limit": _PAGE, "Offset": offset})
            page = reply.get(rows) or []
            yield from page
            offset += len(page)
            total = reply.get("TotalCount")
            if not page and offset < (total or 0):  # half a list read as the whole would leave disks unprotected
                raise Throttled(f"{offset} of {total} rows came", action=action, region=region, code="Incomplete")
            if not page or (total is not None and offset >= total):
                return

    def _call(
        self, product: str, action: str, region: str, params: dict[str, Any], permit: SendPermit | None = None
    ) -> Mapping[str, Any]:
        mutating = action in _MUTATING
        _check_target(action, region, params, mutating)
        client = self._client(product, region)
        refusal = permit.refusal() if permit else "it has no permit"
        if mutating and refusal:
            kind = NotYet if permit and permit.mode.value == "act" else Refused
            raise kind(f"not sent: {refusal}", action=action, region=region, code="NotSent")
        try:
            reply = client.call_json(action, params)
        except CloudError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever the SDK raises is translated, and never guessed at
            raise _translate(error, action, region, mutating) from None
        return _checked(reply, action, region, mutating)

    def _client(self, product: str, region: str) -> Any:
        clients: dict[tuple[str, str], Any] = self._local.__dict__.setdefault("clients", {})
        if (product, region) not in clients:
            client = _CLIENTS[product](self._credentials, region, self._profile)
            if self._is_local:
                client.request.conn.proxy = {"no_proxy": "*"}  # else the environment's proxy would be asked for it
            clients[product, region] = client
        return clients[product, region]


def _profile(endpoint: str | None, timeout_seconds: float) -> ClientProfile:
    address = urlsplit(endpoint) if endpoint else None
    http = HttpProfile(
        protocol=address.scheme if address else None,
        endpoint=address.netloc if address else None,
        reqTimeout=(min(timeout_seconds, 5), timeout_seconds),
    )
    return ClientProfile(httpProfile=http, language="en-US", disable_region_breaker=True)


def _is_loopback(endpoint: str | None) -> bool:
    host = urlsplit(endpoint or "").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _instance(instance_id: str) -> str:
    if not isinstance(instance_id, str) or not INSTANCE_ID.fullmatch(instance_id):
        raise Refused(f"{instance_id!r} is not the id of an instance", code="NotSent")
    return instance_id


def _check_target(action: str, region: str, params: Mapping[str, Any], mutating: bool) -> None:
    """To this API an empty list means *everything* (P8)."""
    for name, value in params.items():
        if value in ([], None) and name != "Tags":
            raise Refused(f"not sent: {name} is empty, which means all", action=action, region=region, code="NotSent")
    if not mutating:
        return
    targets, kind = params.get("InstanceIds"), INSTANCE_ID
    if targets is None:
        targets, kind = [params.get("DiskId")], _DISK_ID
    if len(targets) != 1 or not kind.fullmatch(str(targets[0])):
        raise Refused(f"not sent: {targets!r} is not one well-formed id", action=action, region=region, code="NotSent")


def _checked(reply: Any, action: str, region: str, mutating: bool) -> Mapping[str, Any]:
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


def _translate(error: Exception, action: str, region: str, mutating: bool) -> CloudError:
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
