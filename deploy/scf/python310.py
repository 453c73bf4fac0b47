"""Finds a Python 3.10, the newest that cloud functions run; as a script it prints its path, or nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_PROOF = "import sys, venv, ensurepip, ssl; sys.exit(sys.version_info[:2] != (3, 10))"


def find_python310() -> str | None:
    """This interpreter if it is one, else python3.10 on the PATH, else one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    installed = sorted(map(str, pyenv.glob("versions/3.10*/bin/python")))
    for candidate in (sys.executable, shutil.which("python3.10"), *installed):
        # A pyenv shim exists for versions that are not active too, and fails then: only a run proves one.
        if candidate and subprocess.run([candidate, "-c", _PROOF], capture_output=True, check=False).returncode == 0:  # noqa: S603  # no input of others
            return candidate
    return None


if __name__ == "__main__":
    sys.stdout.write(f"{find_python310() or ''}\n")
