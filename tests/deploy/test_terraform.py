"""deploy/terraform: what it writes the provider takes, what its rules let through is wanted, and its policies allow
what the worker calls: no more, no fewer.

The calls are those that the simulator sees when every method of the one client that talks to the cloud is called once.
That is what the whole test run can ever send, since nothing else may import the SDK (tests/test_architecture.py); to
collect it from all tests instead would depend on which of them run, in which process and in which order.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hcl2.api import loads

from activities.clients.tencent import TencentCloud
from remediation.config import read_config
from remediation.errors import CloudError
from remediation.eventbridge import bus_rules
from remediation.patterns import compile_pattern
from remediation.runbooks import Mode
from remediation.settings import Settings
from simulator.products import PRODUCTS
from simulator.server import serve
from tests.activities.clients.test_mutating_calls import EVERY, a_permit
from tests.activities.clients.test_tencent import DISK, INSTANCE, REGION, client_of
from tests.remediation.facts import an_event

ROOT = Path(__file__).parents[2]
HERE = ROOT / "deploy" / "terraform"
FILES = sorted(HERE.glob("*.tf"))
PROVIDER: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "provider.yaml").read_text(encoding="utf-8"))
META = {"for_each", "count", "provider", "depends_on", "lifecycle"}
PAGE = read_config((ROOT / "medic.yaml").read_text(encoding="utf-8"), "medic.yaml", None)
POLICIES = {
    file.stem: json.loads(file.read_text(encoding="utf-8"))["statement"]
    for file in sorted((HERE / "policies").glob("*.json"))
}
CALLS_WITH_TAGS = {"RebootInstances", "StopInstances", "StartInstances"}
READS: dict[str, Callable[[TencentCloud], object]] = {
    "describe_caller": lambda it: it.describe_caller(REGION),
    "describe_instance": lambda it: it.describe_instance(REGION, INSTANCE),
    "describe_disks": lambda it: it.describe_disks(REGION, INSTANCE),
    "describe_agent": lambda it: it.describe_agent(REGION, INSTANCE),
    "find_snapshots": lambda it: it.find_snapshots(REGION, DISK, "n"),
    "all_snapshots": lambda it: it.all_snapshots(REGION),
    "count_disks": lambda it: it.count_disks(REGION),
    "list_snapshots": lambda it: it.list_snapshots(REGION, DISK),
    "describe_snapshots": lambda it: it.describe_snapshots(REGION, ("snap-1",)),
    "read_invocation": lambda it: it.read_invocation(REGION, INSTANCE, "inv-1"),
    "find_invocations": lambda it: it.find_invocations(REGION, INSTANCE, "cmd-1"),
}


def parsed() -> dict[str, list[Any]]:
    """All files as one: `resource`, `variable`, ... each with its blocks."""
    whole: dict[str, list[Any]] = {}
    for file in FILES:
        for kind, blocks in loads(file.read_text(encoding="utf-8")).items():
            whole.setdefault(kind, []).extend(blocks)
    return whole


WHOLE = parsed()
RESOURCES = {
    (kind, name): body for block in WHOLE["resource"] for kind, named in block.items() for name, body in named.items()
}
VARIABLES = {name: body for block in WHOLE["variable"] for name, body in block.items()}


def arguments(body: dict[str, Any], under: str = "") -> Iterator[str]:
    for name, value in body.items():
        if under or name not in META:
            yield under + name
            if isinstance(value, list) and value and isinstance(value[0], dict):
                yield from arguments(value[0], f"{under}{name}/")


@pytest.mark.parametrize(("kind", "name"), RESOURCES)
def test_a_resource_has_arguments_that_the_provider_takes_and_all_that_it_demands(kind: str, name: str) -> None:
    given = set(arguments(RESOURCES[kind, name]))

    assert given <= {one.rstrip("!") for one in PROVIDER[kind]}
    assert {one.rstrip("!") for one in PROVIDER[kind] if one.endswith("!")} <= given


def test_every_reference_leads_somewhere_and_every_variable_is_used() -> None:
    written = "\n".join(file.read_text(encoding="utf-8") for file in FILES)
    used = set(re.findall(r"\bvar\.(\w+)", written))

    assert used == set(VARIABLES)
    assert set(re.findall(r"\b(tencentcloud_\w+)\.(\w+)[.\[]", written)) <= set(RESOURCES)
    example = dict(re.findall(r'^(\w+) += "(.+)"$', (HERE / "terraform.tfvars.example").read_text(), re.M))
    assert {name for name, body in VARIABLES.items() if "default" not in body} - {"rules"} <= set(example)
    assert set(example) <= used


def test_the_files_are_formatted_as_terraform_fmt_does_it() -> None:
    for file in [*FILES, HERE / "terraform.tfvars.example"]:
        text = file.read_text(encoding="utf-8")
        assert unformatted(text) is None, f"{file.name}: {unformatted(text)}"


def unformatted(text: str) -> str | None:
    """The first line that is not: two spaces a level, `=` aligned in a run of lines, nothing at the end of a line."""
    if not text.endswith("\n") or text.endswith("\n\n"):
        return "the end of the file"
    depth = 0
    columns: set[int] = set()
    for line in text.splitlines():
        bare = re.sub(r'"(\\.|[^"\\])*"|#.*', '""', line)
        closing = len(re.match(r"[\s}\])]*", bare)[0].strip())  # type: ignore[index]  # it matches anything
        if line != line.rstrip() or (line and len(line) - len(line.lstrip()) != 2 * (depth - min(closing, 1))):
            return line
        assigned = re.match(r"\s*[\w\"]+( *)= \S", line)
        runs_on = bare.rstrip().endswith(("{", "[", "("))
        columns = {*columns, line.index("=")} if assigned and not runs_on else set()
        if len(columns) > 1:
            return line
        opened = sum(map(bare.count, "{[(")) - sum(map(bare.count, "}])"))
        depth += (opened > 0) - (opened < 0)
    return None


def test_what_is_not_formatted_is_seen() -> None:
    good = 'a "b" {\n  c   = 1\n  def = 2\n\n  g = {\n    h = [1]\n  }\n}\n'
    assert unformatted(good) is None
    for before, after in [
        ("  c   =", "  c ="),
        ("  def", "   def"),
        ("    h", "  h"),
        ("1\n", "1 \n"),
        ("}\n}\n", "}\n}"),
    ]:
        assert unformatted(good.replace(before, after)) is not None, before


def test_the_rules_are_those_that_the_repositorys_page_needs() -> None:
    written = json.loads((HERE / "rules.auto.tfvars.json").read_text(encoding="utf-8"))
    wanted = {one.name: {"description": one.description, "pattern": one.pattern_text} for one in bus_rules(PAGE)}

    assert written == {"rules": wanted}, (
        "run: medic eventbridge --output json > deploy/terraform/rules.auto.tfvars.json"
    )


@pytest.mark.parametrize(
    ("event", "comes_in"),
    [
        ({}, True),
        ({"status": "0"}, True),
        ({"type": "cvm:ErrorEvent:GuestReboot", "status": "-"}, True),
        ({"type": "cvm:ErrorEvent:ErrorCfgFstab", "status": "-"}, True),
        ({"type": "cvm:ErrorEvent:InstanceRestarting", "status": "-"}, True),
        ({"type": "cvm:ErrorEvent:InstanceDiskErrorInquiring"}, True),
        ({"type": "cvm:ErrorEvent:GuestOom"}, False),
        ({"type": "cvm:CloudEvent:ApiCall"}, False),
        ({"source": "cos.cloud.tencent"}, False),
    ],
)
def test_the_rules_let_through_what_is_wanted(event: dict[str, Any], comes_in: bool) -> None:
    rules = json.loads((HERE / "rules.auto.tfvars.json").read_text(encoding="utf-8"))["rules"].values()
    as_the_bus = [compile_pattern({"data": json.loads(one["pattern"])}) for one in rules]

    assert any(one.matches({"data": an_event(**event)}) for one in as_the_bus) is comes_in


def test_the_function_is_one_that_the_platform_takes_and_that_the_door_can_be() -> None:
    function = RESOURCES["tencentcloud_scf_function", "door"]
    environment = re.findall(r'"([A-Z_]+)": ', function["environment"])

    assert function["handler"] == "index.main_handler"
    assert function["runtime"] == "Python3.10"
    assert function["mem_size"] % 128 == 0
    assert 20 < function["timeout"] <= 300  # two times ten seconds of ours; EventBridge waits no longer
    ours = {f"MEDIC_{name.upper()}" for name in Settings.model_fields}
    assert environment
    assert all(name.startswith("TEMPORAL_") or name in ours for name in environment)


def test_targets_deliver_one_event_at_a_time_to_the_function() -> None:
    target = RESOURCES["tencentcloud_eb_event_target", "door"]
    described = target["target_description"][0]["resource_description"]

    assert target["type"] == "scf"
    assert re.sub(r"\$\{[^}]*\}", "x", described) == "qcs::scf:ap-guangzhou:uin/x:namespace/x/function/x/$LATEST"
    assert "enable_batch_delivery" not in target


def actions(*names: str) -> set[str]:
    return {action for name in names for one in POLICIES[name] for action in one["action"]}


def test_the_policies_allow_what_the_worker_calls_no_more_and_no_fewer() -> None:
    with serve(speed=1000) as server:
        client = client_of(server)
        for call in READS.values():
            call(client)
        for send in EVERY.values():
            try:
                send(client, a_permit(Mode.ACT))
            except CloudError:  # refused for its state: it was asked for, and that is what counts
                continue
        seen = {entry.name for entry in server.log if entry.kind == "call"}
    cam = {action: product.cam for product in PRODUCTS.values() for action in product.actions}
    granted = actions("read", "snapshot-and-reboot", "rollback", "guest-command")

    assert granted == {f"name/{cam[action]}:{action}" for action in seen}


def test_every_call_of_the_client_is_among_those() -> None:
    methods = {name for name, _ in inspect.getmembers(TencentCloud, inspect.isfunction) if not name.startswith("_")}

    assert len(methods) == len(READS) + len(EVERY)
    assert set(READS) <= methods


def test_besides_it_only_the_assuming_of_a_role_is_sent_and_that_the_role_itself_allows() -> None:
    senders = {
        file.name: re.findall(r'call_json\("?([\w.]+)', file.read_text(encoding="utf-8"))
        for file in (ROOT / "activities" / "clients").glob("*.py")
        if "call_json(" in file.read_text(encoding="utf-8")
    }

    assert senders == {"tencent.py": ["asked.action"], "role_credentials.py": ["AssumeRole"]}


def test_what_changes_anything_is_granted_apart_and_bound_to_this_account() -> None:
    assert not {one for one in actions("read") if not one.rpartition(":")[2].startswith(("Describe", "Get"))}
    assert actions("snapshot-and-reboot") == {"name/cvm:CreateSnapshot", "name/cvm:RebootInstances"}
    assert not actions("snapshot-and-reboot") & actions("rollback")
    for statement in (one for name in POLICIES if not name.startswith("trust") for one in POLICIES[name]):
        assert statement["effect"] == "allow"
        assert not [one for one in statement["action"] if "*" in one]
        named = {one.rpartition(":")[2] for one in statement["action"]}
        if statement["resource"] == ["*"]:  # no table of Tencent's knows a resource for these
            assert named == {"ApplySnapshot"} or all(one.startswith(("Describe", "Get")) for one in named)
        else:
            assert all(re.match(r"qcs::(cvm|tat)::uin/\$\{uin\}:\w+/\*$", one) for one in statement["resource"])


def test_an_instance_is_rebooted_stopped_started_and_entered_only_by_the_tag_of_the_page() -> None:
    bound = {"for_any_value:string_equal": {"qcs:resource_tag": ["${tag_key}&${tag_value}"]}}
    for statement in (one for statements in POLICIES.values() for one in statements):
        if any(":instance/" in resource for resource in statement.get("resource", [])):
            assert statement["condition"] == bound
        else:
            assert not CALLS_WITH_TAGS & {one.rpartition(":")[2] for one in statement["action"]}
    scopes = {rule.scope.tag for rule in PAGE.rules if rule.scope not in (None, "all")}  # type: ignore[union-attr]
    tag = VARIABLES["scope_tag"]["default"]
    assert scopes == {f"{tag['key']}={tag['value']}"}


def test_roles_are_assumed_by_the_services_that_need_them() -> None:
    trusted = RESOURCES["tencentcloud_cam_role", "worker"]["document"]

    assert '"service": ["cvm.qcloud.com"]' in trusted
    assert "name/sts:AssumeRole" in trusted
    assert [one["principal"] for one in POLICIES["trust-door"]] == [{"service": ["scf.qcloud.com"]}]
    attached = RESOURCES["tencentcloud_cam_role_policy_attachment", "worker"]
    assert attached["role_id"] == "${tencentcloud_cam_role.worker.id}"  # the door's role has no policy


def test_what_the_worker_may_names_the_policies_that_there_are_and_begins_with_reading() -> None:
    known = re.search(r"contains\(\[(.*?)\]", VARIABLES["worker_may"]["validation"][0]["condition"])

    assert known is not None
    assert set(known[1].split(", ")) == set(POLICIES) - {"trust-door"}
    assert VARIABLES["worker_may"]["default"] == ["read"]
