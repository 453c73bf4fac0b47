"""What a planted bug is, and how it is put into a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class DoesNotFit(Exception):
    """The text that a bug replaces is not there exactly once: the code has moved on, and the bug has to follow."""


@dataclass(frozen=True)
class Bug:
    """One mistake that somebody could make, and the tests that must not let it pass.

    Attributes:
        name: for `--only`; says what the broken code does.
        promise: the one that it would break (docs/explanation/safety.md).
        file: where it is planted, from the root of the tree.
        old: a text that stands in the file exactly once.
        new: what a careless hand would have written.
        caught_by: `path::test_name`, the cheapest that catch it; one that fails is enough.
    """

    name: str
    promise: str
    file: str
    old: str
    new: str
    caught_by: tuple[str, ...]

    def planted_in(self, text: str) -> str:
        """The file's text with the bug in it.

        Raises:
            DoesNotFit
        """
        times = text.count(self.old)
        if times != 1:
            raise DoesNotFit(f"{self.name}: its `old` text stands {times} times in {self.file}, not once: adapt it")
        return text.replace(self.old, self.new)

    def plant(self, tree: Path) -> str:
        """Plant it under `tree`; returns the file's text of before."""
        file = tree / self.file
        before = file.read_text(encoding="utf-8")
        file.write_text(self.planted_in(before), encoding="utf-8")
        return before
