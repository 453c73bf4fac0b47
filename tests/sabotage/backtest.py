"""P4: what the backtest says a page would do is what it does."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_BACKTEST = "remediation/backtest.py"
_PURE = "tests/remediation/test_backtest.py"
_ALIKE = "tests/workflows/test_backtest_agrees.py::test_the_running_system_and_the_backtest_decide_alike"

REPLAYED = (
    Bug(
        "a-recovery-never-ends-an-assumed-run",
        "P4",
        _BACKTEST,
        "if repair.run.reboot_at is None:",
        "if repair.run.outcome is not None:",
        (f"{_PURE}::test_the_assumed_run_and_the_clock_make_the_decisions", _ALIKE),
    ),
    Bug(
        "an-assumed-run-keeps-its-permit",
        "P4",
        "remediation/simulated_fleets.py",
        "fleet.ended(self._states[region], key, True, self._time.now)",
        "fleet.sent(self._states[region], key, key, self._time.now)",
        (f"{_PURE}::test_what_waits_has_its_turn_when_the_run_before_it_ends", _ALIKE),
    ),
)
