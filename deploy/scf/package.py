"""Builds the cloud function's package: `make scf-zip` → `dist/medic-scf.zip`, the same bytes from the same sources.

At its root lie `index.py`, `starter/`, `remediation/` and what these import, from a lock of its own and built for the
platform (Linux x86-64, glibc 2.17, CPython 3.10). There is no worker and no SDK of the cloud in it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from deploy.scf.python310 import find_python310

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "function.txt"
ROOMS = ("starter", "remediation")
MIB = 1024 * 1024
# The platform's limits: a zip that is uploaded directly, and code with its layers unpacked.
MAX_ZIPPED, MAX_UNPACKED = 50 * MIB, 500 * MIB
_CODE = "/var/user"
_BEGINNING = (1980, 1, 1, 0, 0, 0)  # of the zip format's time
# Stubs for type checkers: nobody imports them, and they are a sixteenth of the package.
_LEFT_OUT = ("__pycache__", "*.pyc", "*.pyi", "*-stubs", "bin")


def main() -> None:
    """Build it, and say how large it is; ends with status 1 and one line where something is missing."""
    parser = argparse.ArgumentParser(prog="make scf-zip", description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "dist" / "medic-scf.zip")
    target: Path = parser.parse_args().to
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="medic-scf-") as name:
        stage = Path(name) / "package"
        _gather(stage, Path(name) / "fetched")
        python310 = find_python310()
        if python310 is not None:
            _compile(stage, python310)
        unpacked = _zip(stage, target)
    _say(f"{target}: {target.stat().st_size / MIB:.1f} MiB zipped, {unpacked / MIB:.1f} MiB unpacked")
    if python310 is None:
        _say("no Python 3.10 at hand: it holds sources only, which every cold instance compiles anew (see the docs)")
    if target.stat().st_size > MAX_ZIPPED or unpacked > MAX_UNPACKED:
        raise SystemExit(f"the platform takes {MAX_ZIPPED // MIB} MiB zipped and {MAX_UNPACKED // MIB} MiB unpacked")


def _gather(stage: Path, fetched: Path) -> None:
    _fetch(fetched)
    left_out = shutil.ignore_patterns(*_LEFT_OUT)
    shutil.copytree(fetched, stage, ignore=left_out)
    for room in ROOMS:
        shutil.copytree(ROOT / room, stage / room, ignore=left_out)
    shutil.copy(Path(__file__).with_name("index.py"), stage)


def _fetch(to: Path) -> None:
    """The locked wheels for the platform, whatever runs here; from the registry that pip is configured with."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-compile",
        "--no-deps",
    ]
    platform = ["--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64", "--python-version", "3.10"]
    chosen = ["--only-binary", ":all:", "--implementation", "cp", "--require-hashes", "-r", str(LOCK)]
    try:
        done = subprocess.run(  # noqa: S603  # no input of others
            [*pip, "--target", str(to), *platform, *chosen], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise SystemExit(f"pip cannot be run: {error}. Run `make setup`") from None
    if done.returncode != 0:
        why = [line for line in done.stderr.splitlines() if line.strip()] or ["pip said nothing"]
        raise SystemExit(
            f"the function's dependencies cannot be fetched: {why[-1]}\n"
            "pip gets them from the registry that it is configured with (`pip config list`), "
            f"by {LOCK.relative_to(ROOT)}"
        )


def _compile(stage: Path, python310: str) -> None:
    # The platform never writes byte code. Unchecked: it asks for no time stamps, which a zip would not carry exactly.
    how = ["-q", "-f", "--invalidation-mode", "unchecked-hash", "-s", str(stage), "-p", _CODE]
    done = subprocess.run(  # noqa: S603  # no input of others
        [python310, "-S", "-m", "compileall", *how, str(stage)],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"what does not compile on Python 3.10 would fail there:\n{done.stdout[-2000:]}")


def _zip(stage: Path, target: Path) -> int:
    """Sorted, and with fixed times and rights; returns how many bytes it has unpacked."""
    unpacked = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name in sorted(path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file()):
            content = (stage / name).read_bytes()
            entry = zipfile.ZipInfo(name, _BEGINNING)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it was built: the rights below are read as such
            entry.external_attr = 0o100644 << 16
            package.writestr(entry, content)
            unpacked += len(content)
    return unpacked


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
