"""The simulator's parameters, fields and codes, held against the SDK's own models."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any, get_args

import pytest
from tencentcloud.cbs.v20170312 import errorcodes as cbs_codes
from tencentcloud.common.credential import Credential
from tencentcloud.cvm.v20170312 import errorcodes as cvm_codes
from tencentcloud.tat.v20201028 import errorcodes as tat_codes

import simulator
from simulator.parameters import Parameters
from simulator.products import PRODUCTS
from simulator.server import Server
from simulator.specs import InstanceState
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY
from tests.simulator.calling import INSTANCE, REGION, SYSTEM_DISK, Caller, profile, refusal

ACTIONS = [
    (service, action, model)
    for service, product in PRODUCTS.items()
    for action, (model, _) in product.actions.items()
    if service != "sts"  # its package is not installed for the sake of one call
]
CODES = {"cvm": cvm_codes, "cbs": cbs_codes, "tat": tat_codes}
# Tencent's common codes (1140/51177): those that a gateway answers with, which are in no product's own list.
COMMON = {
    "AuthFailure.InvalidAuthorization",
    "AuthFailure.SecretIdNotFound",
    "AuthFailure.SignatureExpire",
    "AuthFailure.SignatureFailure",
    "AuthFailure.TokenFailure",
    "InternalError",
    "InvalidAction",
    "InvalidParameter",
    "InvalidParameterValue",
    "MissingParameter",
    "NoSuchProduct",
    "NoSuchVersion",
    "RequestLimitExceeded",
    "UnauthorizedOperation",
    "UnknownParameter",
    "UnsupportedOperation",
    "UnsupportedRegion",
}


def _models(service: str) -> Any:
    version = PRODUCTS[service].version.replace("-", "")
    return importlib.import_module(f"tencentcloud.{service}.v{version}.models")


def _names(model: Any) -> set[str]:
    return {name.removeprefix("_") for name in vars(model)}


@pytest.mark.parametrize(("service", "action", "model"), ACTIONS)
def test_an_action_takes_exactly_the_sdks_parameters(service: str, action: str, model: type[Parameters]) -> None:
    assert set(model.model_fields) == _names(getattr(_models(service), f"{action}Request")())


@pytest.mark.parametrize(
    ("service", "action", "rows", "row"),
    [
        ("cvm", "DescribeInstances", "InstanceSet", "Instance"),
        ("cvm", "DescribeInstancesStatus", "InstanceStatusSet", "InstanceStatus"),
        ("cbs", "DescribeDisks", "DiskSet", "Disk"),
        ("cbs", "DescribeSnapshots", "SnapshotSet", "Snapshot"),
        ("tat", "DescribeAutomationAgentStatus", "AutomationAgentSet", "AutomationAgentInfo"),
    ],
)
def test_an_answer_has_only_fields_that_the_sdk_knows(
    still: Server, service: str, action: str, rows: str, row: str
) -> None:
    call = Caller(still)
    if not call.cbs("DescribeSnapshots")["SnapshotSet"]:
        call.snapshot()
    response = getattr(call, service)(action)
    assert set(response) <= _names(getattr(_models(service), f"{action}Response")())
    assert set(response[rows][0]) <= _names(getattr(_models(service), row)())


def test_the_sdks_typed_clients_understand_it(still: Server) -> None:
    module = importlib.import_module("tencentcloud.cvm.v20170312.cvm_client")
    client = module.CvmClient(Credential(DEMO_SECRET_ID, DEMO_SECRET_KEY), REGION, profile(still))
    request = _models("cvm").DescribeInstancesRequest()
    request.InstanceIds = [INSTANCE]
    [found] = client.DescribeInstances(request).InstanceSet
    assert (found.InstanceId, found.SystemDisk.DiskId, found.Tags[0].Key) == (INSTANCE, SYSTEM_DISK, "medic")


@pytest.mark.parametrize("service", CODES)
def test_a_product_answers_only_with_codes_that_the_sdk_lists(service: str) -> None:
    listed = {value for name, value in vars(CODES[service]).items() if name.isupper()} | COMMON
    used = _codes_in(service)
    if service == "cvm":
        used |= {f"UnsupportedOperation.InstanceState{_camel(state)}" for state in get_args(InstanceState)}
    assert used <= listed


def test_the_gateway_answers_only_with_common_codes() -> None:
    for module in ("api", "signature", "limits", "parameters"):
        assert _codes_in(module) <= COMMON | {value for value in vars(cvm_codes).values() if isinstance(value, str)}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"LientToken": "x"}, "UnknownParameter"),
        ({"Limit": "20"}, "InvalidParameter"),
        ({"InstanceIds": INSTANCE}, "InvalidParameter"),
        ({"Filters": [{"Name": "zone"}]}, "MissingParameter"),
        ({"Limit": 101}, "InvalidParameterValue"),
        ({"Offset": -1}, "InvalidParameterValue"),
        ({"InstanceIds": [f"ins-{number:08}" for number in range(101)]}, "InvalidParameterValue"),
    ],
)
def test_a_wrong_parameter_is_refused_by_its_kind(still: Server, params: dict[str, Any], code: str) -> None:
    assert refusal(lambda: Caller(still).cvm("DescribeInstances", **params)) == code


def test_an_operation_needs_its_parameters_and_takes_no_contradiction(still: Server) -> None:
    call = Caller(still)
    assert refusal(lambda: call.cvm("RebootInstances")) == "MissingParameter"
    assert refusal(lambda: call.reboot(stop_type="GENTLE")) == "InvalidParameterValue"
    both = {"InstanceIds": [INSTANCE], "ForceReboot": True, "StopType": "SOFT"}
    assert refusal(lambda: call.cvm("RebootInstances", **both)) == "InvalidParameterCombination"
    assert refusal(lambda: call.cbs("CreateSnapshot", SnapshotName="x")) == "MissingParameter"
    assert refusal(lambda: call.snapshot(SnapshotName="x" * 61)) == "InvalidParameterValue"


def _codes_in(module: str) -> set[str]:
    """The literal codes of the ApiErrors that a module of the simulator makes."""
    assert simulator.__file__ is not None
    tree = ast.parse((Path(simulator.__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ApiError"
    ]
    return {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}  # type: ignore[misc]


def _camel(state: str) -> str:
    return state.title().replace("_", "")
