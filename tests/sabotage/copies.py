"""A copy of the tree to break, and the suite's own tests run in it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.sabotage.bug import Bug

ROOT = Path(__file__).parents[2]
# A test that waits for ever has failed too; unbroken, the slowest of them takes a few seconds. What does not even come
# to its own end after that is cut off.
HUNG_SECONDS = 25
_CUT_OFF_SECONDS = 60
_HUNG = -1
_FAILED = re.compile(r"^FAILED (\S+?::\w+)", re.M)


@dataclass(frozen=True)
class Trial:
    """What the tests made of one bug: `caught_by` is the first test that failed, "" if none did."""

    bug: Bug
    caught_by: str
    seconds: float
    said: str


class NotSound(Exception):
    """The tests cannot be run, or fail without any bug: then a failure would prove nothing."""


def copy_tree(to: Path) -> Path:
    """Every file that git tracks or would track, as it stands now: what is not committed counts too."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    files = [ROOT / name for name in listed.split("\0") if name] or _without_git()
    for file in files:
        if file.is_file():
            copied = to / file.relative_to(ROOT)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copied)
    # By hash and not by date: a file that changes twice within a second may keep its date and its size.
    compiling = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "."]
    subprocess.run(compiling, cwd=to, check=True)
    _assert_its_own_code_is_imported(to)
    return to


def _without_git() -> list[Path]:
    found = (file for file in ROOT.rglob("*") if file.is_file())
    return [file for file in found if not any(part.startswith(".") for part in file.relative_to(ROOT).parts)]


def _assert_its_own_code_is_imported(copy: Path) -> None:
    """Otherwise the installed tree would be tested, and no bug would ever be seen."""
    rooms = "remediation, activities, workflows, simulator, worker, tests.clouds"
    shown = f"import {rooms}, sys; print(*(sys.modules[m].__file__ for m in '{rooms}'.split(', ')), sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", shown], cwd=copy, env=_environment(copy), capture_output=True, text=True, check=False
    )
    strangers = [line for line in done.stdout.splitlines() if not Path(line).resolve().is_relative_to(copy.resolve())]
    if done.returncode or strangers or not done.stdout:
        raise NotSound(f"in the copy {copy} other code is imported: {strangers or done.stderr}")


def run_tests(copy: Path, tests: tuple[str, ...], *options: str) -> tuple[int, str]:
    """pytest's exit code and its words, in this copy; -1 if it had to be cut off."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *options, *tests]
    # Into a file: a server that a killed test left behind would hold a pipe open for ever.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as words:
        running = subprocess.Popen(
            command,
            cwd=copy,
            env=_environment(copy),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,  # to be ended with the servers that it has started
        )
        try:
            code = running.wait(timeout=_CUT_OFF_SECONDS if options else None)
        except subprocess.TimeoutExpired:
            code = _HUNG
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
        words.seek(0)
        return code, words.read()


def try_bug(copy: Path, bug: Bug) -> Trial:
    """Plant it, run its tests, and take it out again."""
    began = time.monotonic()
    before = bug.plant(copy)
    try:
        code, said = run_tests(copy, bug.caught_by, f"--timeout={HUNG_SECONDS}")
    finally:
        (copy / bug.file).write_text(before, encoding="utf-8")
    # With -x an error of the collection or of a fixture exits with 1 as well: only a test that failed counts.
    failed = _FAILED.search(said) if code == 1 else None
    caught_by = failed[1] if failed else bug.caught_by[0] if code == _HUNG else ""
    return Trial(bug, caught_by, time.monotonic() - began, said)


def see_them_pass(copy: Path, tests: tuple[str, ...]) -> None:
    """Raises:
    NotSound: one fails without any bug.
    """
    code, said = run_tests(copy, tests)
    if code:
        raise NotSound(f"without any bug these tests must pass, and do not (pytest exits with {code}):\n{said}")


def _environment(copy: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
