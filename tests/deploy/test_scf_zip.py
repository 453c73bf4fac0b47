"""`make scf-zip`: what the package holds, and that it answers where the platform would run it.

The dependencies come from the registry that pip is configured with, as `make setup` gets them: without one, these tests
fail and say so. The package is built twice, side by side, once for each test process.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deploy.scf.python310 import find_python310
from tests.starter.deliveries import envelope
from tests.temporal_server import Server

ROOT = Path(__file__).parents[2]
BUILD = [sys.executable, "-m", "deploy.scf.package", "--to"]
PYTHON310 = find_python310()
CONTEXT = {
    "memory_limit_in_mb": 128,
    "time_limit_in_ms": 30000,
    "request_id": "request-of-the-platform",
    "environment": "{}",
    "function_name": "medic-door",
    "namespace": "default",
    "tencentcloud_region": "ap-guangzhou",
}
DRIVER = """
import json, sys, sysconfig
import index
event, context = json.load(sys.stdin)
receipts = [index.main_handler(event, context), index.main_handler(event, context)]
files = [getattr(one, "__file__", None) for one in sys.modules.values()]
print(json.dumps({"receipts": receipts, "files": files, "own": sysconfig.get_path("stdlib")}))
"""
pytestmark = pytest.mark.xdist_group("deploy")  # built by one process of `pytest -n 2` alone


class Built(NamedTuple):
    """The package, another build of the same sources, and what the build printed."""

    package: Path
    again: Path
    printed: str


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("scf")
    targets = [folder / "package.zip", folder / "again.zip"]
    building = [
        subprocess.Popen([*BUILD, str(to)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
        for to in targets
    ]
    printed = [process.communicate(timeout=150)[0] for process in building]
    if any(process.returncode for process in building):
        pytest.fail(f"the package cannot be built:\n{printed[0]}")
    return Built(targets[0], targets[1], printed[0])


@pytest.fixture(scope="module")
def unpacked(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somewhere else, as the platform has it below /var/user."""
    code = tmp_path_factory.mktemp("var") / "user"
    with zipfile.ZipFile(built.package) as package:
        package.extractall(code)  # our own
    return code


def files_of(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def names(package: Path) -> list[str]:
    with zipfile.ZipFile(package) as opened:
        return opened.namelist()


def test_it_holds_the_door_and_neither_worker_nor_sdk_nor_tests(built: Built) -> None:
    top = {name.partition("/")[0] for name in names(built.package)}
    assert {"index.py", "starter", "remediation", "temporalio", "pydantic"} <= top
    others = {file.name for file in ROOT.iterdir()} - {"starter", "remediation", "LICENSE", "__pycache__"}
    assert top & (others | {"worker.py", "tencentcloud", "requests", "pytest"}) == set()
    assert [name for name in names(built.package) if name.endswith((".pyi", ".exe"))] == []


def test_the_same_sources_make_the_same_bytes(built: Built) -> None:
    assert built.package.read_bytes() == built.again.read_bytes()
    assert names(built.package) == sorted(names(built.package))


def test_its_size_is_printed_and_far_below_the_limits_of_the_platform(built: Built) -> None:
    found = re.search(r"([\d.]+) MiB zipped, ([\d.]+) MiB unpacked", built.printed)
    assert found
    assert float(found[1]) < 25
    assert float(found[2]) < 100


@pytest.mark.skipif(PYTHON310 is None, reason="byte code needs a Python 3.10, and none is at hand")
def test_each_module_has_byte_code_that_is_taken_without_asking_for_time_stamps(unpacked: Path) -> None:
    for source in unpacked.rglob("*.py"):
        code = source.parent / "__pycache__" / f"{source.stem}.cpython-310.pyc"
        assert code.read_bytes()[4] == 1, f"{source} is compiled anew by every cold instance"  # hashed, unchecked


@pytest.mark.processes
async def test_it_answers_where_the_platform_would_run_it_and_exits_cleanly(
    server: Server, unpacked: Path, unique: str
) -> None:
    path = [str(unpacked)]
    if PYTHON310 is None:  # its compiled parts are for 3.10: ours stand in for them, and only our rooms are its own
        path.insert(0, sysconfig.get_path("purelib"))
    environment = {
        **server.environment,
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONDONTWRITEBYTECODE": "x",
        "PYTHONWARNINGS": "error",
        "USER_CODE_ROOT": f"{unpacked}/",
        "SCF_RUNTIME": "Python3.10",
        "SCF_FUNCTIONNAME": "medic-door",
        "SCF_FUNCTIONVERSION": "$LATEST",
        "TENCENTCLOUD_RUNENV": "SCF",
        "TENCENTCLOUD_REGION": "ap-guangzhou",
        "TENCENTCLOUD_APPID": "1250000000",
        "TENCENTCLOUD_UIN": "100000000001",
        "TENCENTCLOUD_TZ": "UTC",
        "TENCENTCLOUD_SECRETID": "made-up-id",
        "TENCENTCLOUD_SECRETKEY": "made-up-key",
        "TENCENTCLOUD_SESSIONTOKEN": "made-up-token",
    }
    before = files_of(unpacked)
    # Several times: an interpreter that exits with a client alive aborts once in a while.
    for _ in range(3):
        # -S leaves what else is installed, and this checkout, out of reach.
        ended = await asyncio.to_thread(
            subprocess.run,
            [PYTHON310 or sys.executable, "-S", "-c", DRIVER],
            input=json.dumps([envelope(f"ins-{unique}"), CONTEXT]),
            env=environment,
            cwd=unpacked,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        (logged,) = [json.loads(line) for line in ended.stderr.splitlines()]
        assert logged["status"] == "no worker"
        printed: dict[str, Any] = json.loads(ended.stdout)
        for receipt in printed["receipts"]:
            assert [event["status"] for event in receipt["events"]] == ["accepted"]
            assert receipt["worker"] == "none polls"
        assert "made-up" not in ended.stdout + ended.stderr
    assert files_of(unpacked) == before  # the platform's disk is read-only
    if PYTHON310 is not None:
        foreign = [file for file in printed["files"] if file and not file.startswith((str(unpacked), printed["own"]))]
        assert foreign == []


def test_without_a_registry_it_says_in_one_line_what_is_missing(tmp_path: Path) -> None:
    away = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [*BUILD, str(tmp_path / "package.zip")],
        env=away,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "dependencies cannot be fetched" in done.stderr
    assert "requirements/function.txt" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "package.zip").exists()
