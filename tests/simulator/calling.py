"""The real SDK pointed at a simulator, and small worlds for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from simulator.server import Server
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY, World

REGION = "ap-guangzhou"
INSTANCE, SYSTEM_DISK, DATA_DISK = "ins-aaaaaaaa", "disk-aaaaasys", "disk-aaaaadat"
_VERSIONS = {"cvm": "2017-03-12", "cbs": "2017-03-12", "tat": "2020-10-28"}


def profile(server: Server, timeout_seconds: float = 5) -> ClientProfile:
    return ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=server.endpoint, reqTimeout=timeout_seconds))


class Caller:
    """Calls any action of any product; returns what stands under `Response`."""

    def __init__(
        self,
        server: Server,
        *,
        region: str = REGION,
        secret_id: str = DEMO_SECRET_ID,
        secret_key: str = DEMO_SECRET_KEY,
        token: str | None = None,
        timeout_seconds: float = 5,
    ) -> None:
        credential = Credential(secret_id, secret_key, token)
        self._clients = {
            service: CommonClient(service, version, credential, region, profile(server, timeout_seconds))
            for service, version in _VERSIONS.items()
        }

    def cvm(self, action: str, **params: Any) -> dict[str, Any]:
        return self._call("cvm", action, params)

    def cbs(self, action: str, **params: Any) -> dict[str, Any]:
        return self._call("cbs", action, params)

    def tat(self, action: str, **params: Any) -> dict[str, Any]:
        return self._call("tat", action, params)

    def instance(self, instance_id: str = INSTANCE) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.cvm("DescribeInstances", InstanceIds=[instance_id])["InstanceSet"]
        return found[0]

    def reboot(self, instance_id: str = INSTANCE, stop_type: str = "SOFT") -> str:
        """Returns the request's id."""
        request_id: str = self.cvm("RebootInstances", InstanceIds=[instance_id], StopType=stop_type)["RequestId"]
        return request_id

    def snapshot(self, disk_id: str = SYSTEM_DISK, **params: Any) -> str:
        """Begins one and returns its id."""
        snapshot_id: str = self.cbs("CreateSnapshot", DiskId=disk_id, **params)["SnapshotId"]
        return snapshot_id

    def look_at(self, snapshot_id: str) -> dict[str, Any] | None:
        found: list[dict[str, Any]] = self.cbs("DescribeSnapshots", SnapshotIds=[snapshot_id])["SnapshotSet"]
        return found[0] if found else None

    def agent(self, instance_id: str = INSTANCE) -> dict[str, Any] | None:
        rows = self.tat("DescribeAutomationAgentStatus", InstanceIds=[instance_id])["AutomationAgentSet"]
        return rows[0] if rows else None

    def _call(self, service: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        response: dict[str, Any] = self._clients[service].call_json(action, params)["Response"]
        return response


def refusal(call: Callable[[], Any]) -> str:
    """The code with which this call is refused; "" if it is not."""
    try:
        call()
    except TencentCloudSDKException as error:
        return str(error.code)
    return ""


def account(
    *,
    instance: dict[str, Any] | None = None,
    system_disk: dict[str, Any] | None = None,
    region: dict[str, Any] | None = None,
    more: list[dict[str, Any]] | None = None,
    **world: Any,
) -> World:
    """One running machine with two disks; each argument adds to, or changes, that part of the world file."""
    machine = {
        "instance_id": INSTANCE,
        "name": "web-1",
        "tags": {"medic": "on"},
        "system_disk": {"disk_id": SYSTEM_DISK, **(system_disk or {})},
        "data_disks": [{"disk_id": DATA_DISK, "size_gib": 200}],
        **(instance or {}),
    }
    regions = {REGION: {"instances": [machine, *(more or [])], **(region or {})}, "ap-shanghai": {}}
    return World.model_validate({"regions": regions, **world})


def machines(count: int) -> list[dict[str, Any]]:
    """That many more machines for `account`."""
    return [
        {"instance_id": f"ins-{number:08}", "system_disk": {"disk_id": f"disk-{number:08}"}} for number in range(count)
    ]
