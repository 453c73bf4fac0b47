"""How large the Python packages of the image are: `make payload` installs the runtime lock afresh and measures it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MIB = 1024 * 1024


def main() -> None:
    """Print each package's top-level folder above 1 MiB, and the sum, byte code included as in the image."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
    with tempfile.TemporaryDirectory(prefix="medic-payload-") as folder:
        to = Path(folder)
        done = subprocess.run([*pip, "--target", folder, "-r", str(ROOT / "requirements" / "runtime.txt")], check=False)  # noqa: S603  # no input of others
        if done.returncode != 0:
            raise SystemExit("pip cannot install requirements/runtime.txt: see above")
        sizes = {top.name: _size(top) for top in to.iterdir()}
    for name, size in sorted(sizes.items(), key=lambda one: -one[1]):
        if size > MIB:
            sys.stdout.write(f"{size / MIB:8.1f} MiB  {name}\n")
    python = ".".join(map(str, sys.version_info[:2]))
    sys.stdout.write(f"{sum(sizes.values()) / MIB:8.1f} MiB  in all, for Python {python}\n")


def _size(top: Path) -> int:
    return sum(file.stat().st_size for file in [top, *top.rglob("*")] if file.is_file())


if __name__ == "__main__":
    main()
