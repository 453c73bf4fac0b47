"""The story as lines for logs and pipes: each change once."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from cli.follow import _Plain
from cli.timeline import Line

BEGAN = datetime(2026, 11, 24, 4, 0, tzinfo=timezone.utc)


def test_a_step_that_shows_late_before_others_does_not_tell_these_again() -> None:
    out = io.StringIO()
    screen = _Plain(Console(file=out, width=200))
    told = Line("NEEDS YOU to oncall", "send_notice", "done", 1, BEGAN + timedelta(milliseconds=5), 0.1)
    asked = Line("an answer about: SOFT reboot", "", "running", 1, BEGAN, 1.0)
    run: Any = SimpleNamespace()
    screen.show([told], run)
    screen.show([asked, told], run)
    assert out.getvalue().count("NEEDS YOU") == 1
    assert out.getvalue().count("an answer about") == 1


def test_two_steps_of_one_name_and_moment_are_both_told() -> None:
    out = io.StringIO()
    one = Line("ACTING to oncall (webhook)", "send_notice", "done", 1, BEGAN, 0.1)
    _Plain(Console(file=out, width=200)).show([one, one], SimpleNamespace())  # type: ignore[arg-type]
    assert out.getvalue().count("ACTING") == 2
