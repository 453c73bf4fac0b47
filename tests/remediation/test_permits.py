"""The right to send one mutating call: only in `act`, only on a fresh reading, only within the attempt's time."""

from __future__ import annotations

import pytest

from remediation.permits import MAX_READING_AGE_SECONDS, SendPermit
from remediation.runbooks import Mode


@pytest.mark.parametrize(
    ("mode", "now", "why"),
    [
        (Mode.ACT, 100.0, None),
        (Mode.ACT, 100.0 + MAX_READING_AGE_SECONDS, None),
        (Mode.ACT, 110.1, "the guard's reading is 10 s old; it is read again"),
        (Mode.ACT, 115.0, "the guard's reading is 15 s old; it is read again"),
        (Mode.ACT, 120.1, "this attempt's time is up; it is planned again on a fresh reading"),
        (Mode.OBSERVE, 100.0, "the rule's mode is observe: nothing is sent"),
        (Mode.OBSERVE, 999.0, "the rule's mode is observe: nothing is sent"),
    ],
)
def test_a_permit_refuses_with_its_reason(mode: Mode, now: float, why: str | None) -> None:
    assert SendPermit(mode=mode, read_at=100.0, deadline=120.0, clock=lambda: now).refusal() == why


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.ACT])
def test_no_other_mode_than_act_ever_sends(mode: Mode) -> None:
    assert SendPermit(mode=mode, read_at=0.0, deadline=1e9, clock=lambda: 0.0).refusal()
