"""The house stays the house: who imports whom, what is registered where, and what must not be in a file."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from importlinter.api import read_configuration
from temporalio import activity, workflow
from temporalio.client import Client

import worker
from remediation import contract
from remediation.rates import RATES
from remediation.settings import Settings
from tests.clouds import StagedCloud
from tests.remediation.facts import a_config

ROOT = Path(__file__).parents[1]
ROOMS = ("remediation", "workflows", "activities", "starter", "cli", "simulator")
OURS = (*ROOMS, "worker", "tests")
LINT = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
LINTED: dict[str, Any] = read_configuration(str(ROOT / "pyproject.toml"))


def our_files() -> Iterator[Path]:
    for room in (*ROOMS, "tests", "bench"):
        yield from sorted((ROOT / room).rglob("*.py"))
    yield ROOT / "worker.py"


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout  # noqa: S607  # the git of whoever runs the tests
    # Outside a checkout, as in an unpacked archive, our own files have to do.
    files = [ROOT / name for name in listed.split("\0") if name] or list(our_files())
    return [file for file in files if file.is_file()]


# --- who imports whom: import-linter's contracts, and a planted violation of each ---


def lint_imports(where: Path) -> str:
    done = subprocess.run(LINT, cwd=where, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


def broken(report: str) -> set[str]:
    return {line.removesuffix(" BROKEN") for line in report.splitlines() if line.endswith(" BROKEN")}


PLANTED = [
    ("remediation/decisions.py", "import temporalio.client", "remediation imports none of the other rooms"),
    ("remediation/events.py", "import os", "remediation imports none of the other rooms"),
    ("remediation/health.py", "from starter import start", "remediation imports none of the other rooms"),
    ("activities/polling.py", "import workflows.journal", "activities import remediation only"),
    ("activities/instances.py", "import activities.clients.tencent", "activities are handed their clients"),
    ("starter/start.py", "import activities.clients.tencent", "activities are handed their clients"),
    ("activities/clients/tencent.py", "from temporalio import activity", "clients import remediation only"),
    ("activities/clients/replies.py", "import activities.cloud", "clients import remediation only"),
    ("workflows/incident.py", "import starter.start", "workflows import remediation and"),
    (
        "workflows/calls.py",
        "import activities.clients.mail",
        "workflows import remediation and the activities' classes",
    ),
    ("starter/scf.py", "import workflows.incident", "the starter imports remediation only"),
    ("starter/webhook.py", "import tencentcloud.common", "the starter imports remediation only"),
    ("simulator/__init__.py", "import activities.cloud", "the simulator shares no code"),
]


def test_the_tree_keeps_every_import_contract() -> None:
    report = lint_imports(ROOT)
    assert not broken(report)
    assert f"Contracts: {len(LINTED['contracts_options'])} kept, 0 broken" in report


@pytest.fixture(scope="module")
def copied_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    house = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        shutil.copytree(ROOT / room, house / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", house)
    return house


@pytest.mark.parametrize(("file", "statement", "name"), PLANTED)
def test_a_planted_violation_of_a_contract_is_caught(copied_house: Path, file: str, statement: str, name: str) -> None:
    planted = copied_house / file
    before = planted.read_text(encoding="utf-8")
    planted.write_text(f"{before}\n{statement}\n", encoding="utf-8")
    try:
        assert any(one.startswith(name) for one in broken(lint_imports(copied_house)))
    finally:
        planted.write_text(before, encoding="utf-8")


def test_every_contract_has_a_planted_violation() -> None:
    names = [one["name"] for one in LINTED["contracts_options"]]
    for name in names:
        assert any(name.startswith(start) for _, _, start in PLANTED), f"plant a violation of: {name}"
    assert set(LINTED["session_options"]["root_packages"]) == set(ROOMS)


def test_the_clients_contract_names_every_module_of_the_activities() -> None:
    named = next(one for one in LINTED["contracts_options"] if one["name"].startswith("clients"))["forbidden_modules"]
    beside = {f"activities.{file.stem}" for file in (ROOT / "activities").glob("*.py") if file.stem != "__init__"}
    assert beside == {name for name in named if name.startswith("activities.")}


# --- what import-linter cannot see: rules about single statements ---


class Ban(NamedTuple):
    """In files whose path matches, these modules are not imported and these calls are not made."""

    name: str
    files: str
    modules: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


CLOCKS = ("now", "utcnow", "today")
HTTP = ("requests", "urllib3", "urllib.request", "httpx2", "http.client", "smtplib", "socket", "ssl", "tencentcloud")
BANS = [
    Ban("remediation has no I/O", r"remediation/.*", ("urllib.request", "ctypes"), ("open", "print")),
    Ban("remediation has no clock", r"remediation/.*", (), CLOCKS),
    Ban("workflows reach no server", r"workflows/.*", ("temporalio.client", "temporalio.worker", "temporalio.testing")),
    Ban("workflows have no I/O", r"workflows/.*", (*HTTP, "os", "pathlib", "subprocess", "threading"), ("open",)),
    Ban("workflows take time and chance from Temporal", r"workflows/.*", ("time", "random", "secrets", "uuid"), CLOCKS),
    Ban("activities reach the world through their clients", r"activities/\w+\.py", HTTP),
    Ban("clients alone import the SDK", r"(?!activities/clients/|tests/|simulator/|bench/).*", ("tencentcloud",)),
    Ban("worker.py is wired up by cli and tests alone", r"(?!cli/|tests/|bench/|worker\.py).*", ("worker",)),
    Ban("nothing is imported from the tests", r"(?!tests/|bench/).*", ("tests",)),
]  # fmt: skip  # a table, one rule a line


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported anywhere in the file, and each `module.name` of a from-import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def called(tree: ast.AST) -> Iterator[str]:
    """`open` of `open(...)`, `now` of `datetime.now(...)`; but nothing that Temporal's own `workflow` offers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if not name.startswith("workflow."):
                yield name.rpartition(".")[2]


def violations(ban: Ban, file: str, source: str) -> list[str]:
    if not re.fullmatch(ban.files, file):
        return []
    tree = ast.parse(source)
    modules = [one for one in imported(tree) if any(one == bad or one.startswith(f"{bad}.") for bad in ban.modules)]
    return modules + [one for one in called(tree) if one in ban.calls]


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: ban.name)
def test_no_file_does_what_is_banned_in_its_room(ban: Ban) -> None:
    found = {
        file.relative_to(ROOT).as_posix(): wrong
        for file in our_files()
        if (wrong := violations(ban, file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("file", "statement", "name"),
    [
        ("remediation/config.py", "open('medic.yaml')", "remediation has no I/O"),
        ("remediation/config.py", "from urllib.request import urlopen", "remediation has no I/O"),
        ("remediation/decisions.py", "late = datetime.now(timezone.utc)", "remediation has no clock"),
        ("remediation/decisions.py", "def f():\n    return date.today()", "remediation has no clock"),
        ("workflows/incident.py", "from temporalio.client import Client", "workflows reach no server"),
        ("workflows/incident.py", "from temporalio import client", "workflows reach no server"),
        ("workflows/incident.py", "import requests", "workflows have no I/O"),
        ("workflows/calls.py", "import random", "workflows take time and chance from Temporal"),
        ("workflows/calls.py", "late = datetime.now()", "workflows take time and chance from Temporal"),
        ("workflows/calls.py", "def f():\n    from time import time", "workflows take time and chance from Temporal"),
        ("activities/snapshots.py", "import httpx2", "activities reach the world through their clients"),
        ("starter/start.py", "from tencentcloud.common import credential", "clients alone import the SDK"),
        ("starter/start.py", "import worker", "worker.py is wired up by cli and tests alone"),
        ("workflows/incident.py", "from worker import WORKFLOWS", "worker.py is wired up by cli and tests alone"),
        ("cli/demo.py", "from tests.clouds import StagedCloud", "nothing is imported from the tests"),
    ],
)
def test_a_planted_violation_of_a_ban_is_caught(file: str, statement: str, name: str) -> None:
    (ban,) = (one for one in BANS if one.name == name)
    assert violations(ban, file, statement)


def test_what_a_ban_allows_is_not_caught() -> None:
    allowed = "import worker\nfrom temporalio import workflow\nworkflow.now()\nimport workers\n"
    assert not any(violations(ban, "cli/demo.py", allowed) for ban in BANS)
    assert not any(violations(ban, "workflows/x.py", "workflow.now()\nworkflow.uuid4()\n") for ban in BANS)


# --- everything has its place in the wiring ---


def test_no_dependency_claims_our_top_level_names() -> None:
    owners = packages_distributions()
    assert {name: owners[name] for name in OURS if set(owners.get(name, [])) - {"cvm-medic"}} == {}


def defined(room: str, decorator: str) -> set[str]:
    """`Class` or `Class.method` of everything in the room that wears `@decorator`, with arguments or without."""
    found: set[str] = set()
    for file in (ROOT / room).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            wearers = [node, *(one for one in node.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)))]
            for wearer in wearers:
                worn = [ast.unparse(one).partition("(")[0] for one in wearer.decorator_list]
                if decorator in worn:
                    found.add(wearer.name if wearer is node else f"{node.name}.{wearer.name}")
    return found


def test_every_workflow_is_registered_and_has_its_name_in_the_contract() -> None:
    assert {one.__name__ for one in worker.WORKFLOWS} == defined("workflows", "workflow.defn")
    names = [workflow._Definition.must_from_class(one).name for one in worker.WORKFLOWS]
    assert sorted(map(str, names)) == sorted(
        [
            contract.FLEET_GUARD,
            contract.INCIDENT,
            contract.REMEDIATE_INSTANCE,
            contract.UNREADABLE_EVENT,
            contract.UNREADABLE_DIGEST,
            contract.NOTICE_FOLD,
        ]
    )


@pytest.mark.temporal
async def test_every_activity_is_registered_on_exactly_one_queue(client: Client, unique: str) -> None:
    workers = worker.build_workers(client, Settings(task_queue=unique), a_config(), StagedCloud())
    registered = Counter(one.__qualname__ for built in workers for one in built.config()["activities"])
    assert registered == dict.fromkeys(defined("activities", "activity.defn"), 1)
    assert all(activity._Definition.from_callable(one) for built in workers for one in built.config()["activities"])


@pytest.mark.temporal
async def test_every_queue_of_the_contract_has_its_worker_and_its_rate(client: Client, unique: str) -> None:
    workers = worker.build_workers(client, Settings(task_queue=unique), a_config(), StagedCloud())
    built = {one.task_queue: one for one in workers}
    assert set(built) == {queue.of(unique) for queue in contract.Queue}
    rates = {name: one.config()["max_task_queue_activities_per_second"] for name, one in built.items()}
    assert rates == {queue.of(unique): RATES.get(queue) for queue in contract.Queue}


# --- files ---


VAGUE = {"utils", "util", "helpers", "common", "manager", "base"}


def test_a_file_is_short_and_its_name_says_what_is_in_it() -> None:
    lengths = {file.relative_to(ROOT): len(file.read_text(encoding="utf-8").splitlines()) for file in our_files()}
    assert {file.as_posix(): length for file, length in lengths.items() if length > 400} == {}
    assert [file.as_posix() for file in lengths if VAGUE & {*file.with_suffix("").parts}] == []


# A home or root directory of somebody's machine, and any option by which an index of packages is named.
MACHINE = re.compile(r"(?<![\w.$~-])/(?:root|home/\w+|Users/\w+|work)/[\w.]|(?:extra-)?index-url\b|--find-links\b")


def test_nothing_that_is_tracked_names_a_machine_or_an_index_of_packages() -> None:
    found: dict[str, list[str]] = {}
    for file in tracked_files():
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        # This pattern and the Makefile's option that leaves the index out are meant.
        named = MACHINE.findall(text.replace("--no-emit-index-url", ""))
        if named and file != Path(__file__):
            found[file.relative_to(ROOT).as_posix()] = named
    assert found == {}


@pytest.mark.parametrize(
    "text", ["cd /ro" + "ot/x", "'/home/me/x'", "(/Users/me/x)", "pip --extra-index-url x", "index-url=x"]
)
def test_a_planted_machine_path_is_caught(text: str) -> None:
    assert MACHINE.search(text)


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda lock: lock.name)
def test_a_lock_is_hashed_and_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    requirements = [line for line in text.splitlines() if re.match(r"[A-Za-z]", line)]
    assert requirements
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) >= len(requirements)
