"""The one place that makes Tencent Cloud clients, sends calls, and translates their errors.

The SDK's retryer and region breaker stay off: the first sends a call again after it succeeded, the second swallows the
error. `call_json` is used, and not the typed models: these turn an error body with an unexpected content type into a
reply full of None.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from tencentcloud.cbs.v20170312.cbs_client import CbsClient
from tencentcloud.common.common_client import CommonClient
from tencentcloud.cvm.v20170312.cvm_client import CvmClient
from tencentcloud.tat.v20201028.tat_client import TatClient

from activities.clients import replies
from activities.clients.brake import Brake
from activities.clients.credentials import Credentials
from activities.clients.error_table import MUTATING
from activities.clients.failures import Asked, check_answer, seconds_ahead, translate
from activities.clients.sdk import hardened, sdk_profile
from activities.clients.signing import Signing
from activities.clients.targets import check_target, instance
from remediation.cloud import (
    APPLY_SNAPSHOT,
    INVOKE_COMMAND,
    REBOOT,
    START,
    STOP,
    Agent,
    Caller,
    Disk,
    Instance,
    Invocation,
    Snapshot,
)
from remediation.errors import CloudError, OutcomeUnknown, Throttled
from remediation.permits import SendPermit

# At DEBUG the SDK logs whole requests, with the signature and the token in them.
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.INFO)

_STS = partial(CommonClient, "sts", "2018-08-13")
_CLIENTS = {"cvm": CvmClient, "cbs": CbsClient, "tat": TatClient, "sts": _STS}
_PAGE = 100


class TencentCloud:
    """The calls that we use, in our words; every failure is a CloudError of one of its six classes."""

    def __init__(self, credentials: Credentials, *, endpoint: str | None = None, timeout_seconds: float = 10) -> None:
        """`endpoint` takes every product's API at one address, for example `http://127.0.0.1:8080`."""
        self._credentials = credentials
        self._signing = Signing(credentials)
        self._profile = sdk_profile(endpoint, timeout_seconds)
        # The SDK promises nothing about threads; a client of its own for each costs 0.12 ms.
        self._local = threading.local()
        self._brake = Brake(time.monotonic)

    @property
    def clock_ahead(self) -> float | None:
        """Seconds by which this machine's clock was ahead at the last answer to this thread; None if it had no time."""
        ahead: float | None = getattr(self._local, "clock_ahead", None)
        return ahead

    @replies.understood("GetCallerIdentity")
    def describe_caller(self, region: str) -> Caller:
        """Whose the credentials are."""
        return replies.read_caller(self._call("sts", "GetCallerIdentity", region, {}))

    @replies.understood("DescribeInstances")
    def describe_instance(self, region: str, instance_id: str) -> Instance | None:
        """The instance, or None if this account knows none of that id in that region."""
        params = {"InstanceIds": [instance(instance_id)]}
        rows = self._rows("cvm", "DescribeInstances", region, params, "InstanceSet")
        found = [row for row in rows if replies.is_about(row, instance_id)]
        return replies.read_instance(found[0], region) if found else None

    @replies.understood("DescribeDisks")
    def describe_disks(self, region: str, instance_id: str) -> tuple[Disk, ...]:
        """Every CBS disk that is attached to the instance, all pages."""
        filters = [{"Name": "instance-id", "Values": [instance(instance_id)]}]
        rows = self._pages("cbs", "DescribeDisks", region, {"Filters": filters}, "DiskSet")
        return tuple(replies.read_disk(row) for row in rows if replies.is_attached(row, instance_id))

    @replies.understood("DescribeAutomationAgentStatus")
    def describe_agent(self, region: str, instance_id: str) -> Agent | None:
        """The guest's TAT agent, or None if it never reported."""
        params = {"InstanceIds": [instance(instance_id)]}
        rows = self._rows("tat", "DescribeAutomationAgentStatus", region, params, "AutomationAgentSet")
        found = [row for row in rows if replies.is_about(row, instance_id)]
        return self._on_our_clock(replies.read_agent(found[0])) if found else None

    @replies.understood("DescribeSnapshots")
    def find_snapshots(self, region: str, disk_id: str, name: str) -> tuple[Snapshot, ...]:
        """This disk's snapshots of exactly this name; whether the API's own filter is exact is not documented."""
        filters = [{"Name": "disk-id", "Values": [disk_id]}, {"Name": "snapshot-name", "Values": [name]}]
        rows = self._pages("cbs", "DescribeSnapshots", region, {"Filters": filters}, "SnapshotSet")
        found = (replies.read_named_snapshot(row) for row in rows)
        return tuple(one for one in found if one.name == name and one.disk_id == disk_id)

    @replies.understood("DescribeSnapshots")
    def list_snapshots(self, region: str, disk_id: str) -> tuple[Snapshot, ...]:
        """Every snapshot of this disk, all pages."""
        filters = [{"Name": "disk-id", "Values": [disk_id]}]
        rows = self._pages("cbs", "DescribeSnapshots", region, {"Filters": filters}, "SnapshotSet")
        return tuple(one for one in map(replies.read_snapshot, rows) if one.disk_id == disk_id)

    @replies.understood("DescribeSnapshots")
    def all_snapshots(self, region: str) -> tuple[Snapshot, ...]:
        """Every snapshot of a region, whoever made it, all pages."""
        rows = self._pages("cbs", "DescribeSnapshots", region, {}, "SnapshotSet")
        return tuple(replies.read_snapshot(row) for row in rows)

    @replies.understood("DescribeDisks")
    def count_disks(self, region: str) -> int:
        """How many disks there are in a region: its quota of snapshots depends on it."""
        return sum(1 for _ in self._pages("cbs", "DescribeDisks", region, {}, "DiskSet"))

    @replies.understood("DescribeSnapshots")
    def describe_snapshots(self, region: str, snapshot_ids: tuple[str, ...]) -> tuple[Snapshot, ...]:
        """These snapshots, as far as they exist; at most 100 ids, and never an empty list."""
        params = {"SnapshotIds": list(snapshot_ids), "Limit": _PAGE}
        rows = self._rows("cbs", "DescribeSnapshots", region, params, "SnapshotSet")
        return tuple(replies.read_snapshot(row) for row in rows)

    @replies.understood("DescribeInvocationTasks")
    def find_invocations(self, region: str, instance_id: str, command_id: str) -> tuple[Invocation, ...]:
        """The runs of this command in this guest, the newest first."""
        filters = [{"Name": "instance-id", "Values": [instance(instance_id)]}]
        filters.append({"Name": "command-id", "Values": [command_id]})
        rows = self._pages("tat", "DescribeInvocationTasks", region, {"Filters": filters}, "InvocationTaskSet")
        found = (replies.read_invocation(row) for row in rows if replies.is_about(row, instance_id))
        return tuple(self._as_of_here(one) for one in found if one.command_id == command_id)

    @replies.understood("DescribeInvocationTasks")
    def read_invocation(self, region: str, instance_id: str, invocation_id: str) -> Invocation | None:
        """One run of a command in this guest with its output, or None if it is not listed (yet)."""
        filters = [{"Name": "instance-id", "Values": [instance(instance_id)]}]
        filters.append({"Name": "invocation-id", "Values": [invocation_id]})
        params = {"Filters": filters, "HideOutput": False}  # it is hidden unless one asks
        rows = self._rows("tat", "DescribeInvocationTasks", region, params, "InvocationTaskSet")
        found = (replies.read_invocation(row) for row in rows if replies.is_about(row, instance_id))
        return next((one for one in found if one.invocation_id == invocation_id), None)

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
        params = {"InstanceIds": [instance(instance_id)], "StopType": stop_type}
        return self._begin("cvm", REBOOT, region, params, permit)

    def stop_instance(self, permit: SendPermit, region: str, instance_id: str, *, stop_type: str) -> str:
        """Begin to stop one instance → the request's id."""
        params = {"InstanceIds": [instance(instance_id)], "StopType": stop_type}
        return self._begin("cvm", STOP, region, params, permit)

    def start_instance(self, permit: SendPermit, region: str, instance_id: str) -> str:
        """Begin to start one instance → the request's id."""
        return self._begin("cvm", START, region, {"InstanceIds": [instance(instance_id)]}, permit)

    def apply_snapshot(self, permit: SendPermit, region: str, disk_id: str, *, snapshot_id: str) -> str:
        """Begin to roll one disk back → the request's id. Nothing is stopped or started along with it."""
        return self._begin("cbs", APPLY_SNAPSHOT, region, {"DiskId": disk_id, "SnapshotId": snapshot_id}, permit)

    def invoke_command(self, permit: SendPermit, region: str, instance_id: str, *, command_id: str) -> str:
        """Run one registered command, without parameters, in one guest → the invocation's id."""
        params = {"CommandId": command_id, "InstanceIds": [instance(instance_id)]}
        return self._begin("tat", INVOKE_COMMAND, region, params, permit, answer="InvocationId")

    def _begin(
        self,
        product: str,
        action: str,
        region: str,
        params: dict[str, Any],
        permit: SendPermit,
        answer: str = "RequestId",
    ) -> str:
        found = self._call(product, action, region, params, permit).get(answer)
        if not isinstance(found, str) or not found:
            raise OutcomeUnknown(f"the answer has no {answer}", action=action, region=region)
        return found

    def _pages(self, product: str, action: str, region: str, params: dict[str, Any], name: str) -> Iterator[Any]:
        offset = 0
        while True:
            reply = self._call(product, action, region, {**params, "Limit": _PAGE, "Offset": offset})
            page, total = replies.read_rows(reply, name)
            yield from page
            offset += len(page)
            if not page:
                _must_be_whole(offset, total, action, region)
            if not page or (total is not None and offset >= total):
                return

    def _rows(self, product: str, action: str, region: str, params: dict[str, Any], name: str) -> list[Any]:
        """All rows about what is named by its id: these fit a page."""
        rows, total = replies.read_rows(self._call(product, action, region, params), name)
        _must_be_whole(len(rows), total, action, region)
        return rows

    def _call(
        self, product: str, action: str, region: str, params: dict[str, Any], permit: SendPermit | None = None
    ) -> Mapping[str, Any]:
        asked = Asked(action, region, params, mutating=action in MUTATING)
        check_target(action, region, params, asked.mutating)
        client = self._client(product, region)
        self._signing.begin(asked, permit)
        left = self._brake.seconds_left(region, action)
        if left:
            told = f"not sent: the cloud had too many requests, the next is in {left:.0f} s"
            raise Throttled(told, action=action, region=region, code="HeldBack")
        try:
            reply = self._send(client, asked)
        except Throttled as error:
            if error.code.startswith("RequestLimitExceeded"):
                self._brake.refused(region, action)
            if error.code == "AuthFailure.TokenFailure":
                self._credentials.refused()
            raise
        self._brake.answered(region, action)
        return reply

    def _send(self, client: Any, asked: Asked) -> Mapping[str, Any]:
        self._local.clock_ahead = None
        try:
            reply = client.call_json(asked.action, asked.params)
        except CloudError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever the SDK raises is translated, and never guessed at
            raise translate(error, asked, self._local.clock_ahead) from None
        return check_answer(reply, asked, self._local.clock_ahead)

    def _client(self, product: str, region: str) -> Any:
        clients: dict[tuple[str, str], Any] = self._local.__dict__.setdefault("clients", {})
        if (product, region) not in clients:
            client = hardened(_CLIENTS[product](self._signing, region, self._profile))
            client.request.conn._session.hooks["response"].append(self._compare_clocks)
            clients[product, region] = client
        return clients[product, region]

    def _on_our_clock(self, agent: Agent) -> Agent:
        """To a clock that is behind the cloud's, a heartbeat of before the reboot would be newer than it (P10)."""
        behind = min(self._local.clock_ahead or 0.0, 0.0)
        if agent.last_heartbeat is None or not behind:
            return agent
        return agent.model_copy(update={"last_heartbeat": agent.last_heartbeat + timedelta(seconds=behind)})

    def _as_of_here(self, run: Invocation) -> Invocation:
        """When it was created, on this machine's clock."""
        ahead = timedelta(seconds=self._local.clock_ahead or 0.0)
        return run if run.created_at is None else run.model_copy(update={"created_at": run.created_at + ahead})

    def _compare_clocks(self, response: Any, **_: object) -> None:
        self._local.clock_ahead = seconds_ahead(response.headers.get("Date"), time.time())


def _must_be_whole(count: int, total: int | None, action: str, region: str) -> None:
    """Half a list read as the whole would leave disks unprotected."""
    if count < (total or 0):
        raise Throttled(f"{count} of {total} rows came", action=action, region=region, code="Incomplete")
