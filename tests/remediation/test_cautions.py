"""Other events of the instance that make a reboot unwise, for as long as they stand."""

from __future__ import annotations

import pytest

from remediation.cautions import FSTAB, PLATFORM, Caution, caution_of
from remediation.decisions import Kind, decide, remembered
from remediation.incidents import IncidentState
from remediation.reasons import Code
from tests.remediation.facts import NOW, a_config, an_alarm


@pytest.mark.parametrize(
    ("fault", "is_recovery", "said"),
    [
        ("ErrorCfgFstab", False, Caution(what=FSTAB, begins=True)),
        ("ErrorCfgFstab", True, Caution(what=FSTAB, begins=False)),
        ("InstanceRestarting", False, Caution(what=PLATFORM, begins=True)),
        ("InstanceRestarted", False, Caution(what=PLATFORM, begins=False)),
        ("InstanceDiskErrorInquiring", False, Caution(what=PLATFORM, begins=True)),
        ("InstanceRunningRisksExecuting", False, Caution(what=PLATFORM, begins=True)),
        ("InstanceRunningRisksCanceled", False, Caution(what=PLATFORM, begins=False)),
        ("DiskReadonly", False, None),
        ("GuestReboot", False, None),
    ],
)
def test_what_an_event_says_about_caution(fault: str, is_recovery: bool, said: Caution | None) -> None:
    assert caution_of(fault, is_recovery=is_recovery) == said


def after(*faults: str) -> IncidentState:
    """What an incident knows after these events."""
    state, page = IncidentState(), a_config()
    for number, fault in enumerate(faults):
        alarm = an_alarm(id=f"before-{number}", type=f"cvm:ErrorEvent:{fault}")
        state = remembered(state, decide(alarm, page, state, NOW), alarm)
    return state


@pytest.mark.parametrize(
    ("before", "kind", "code"),
    [
        ((), Kind.REMEDIATE, Code.RULE_RUNS),
        (("ErrorCfgFstab",), Kind.NOTIFY, Code.FSTAB_SEEN),
        (("InstanceRestarting",), Kind.NOTIFY, Code.PLATFORM_REPAIRS),
        (("InstanceRestarting", "InstanceRestarted"), Kind.REMEDIATE, Code.RULE_RUNS),
        (("InstanceDiskErrorExecuting", "InstanceDiskErrorExecuted"), Kind.REMEDIATE, Code.RULE_RUNS),
    ],
)
def test_accident_a_broken_fstab_that_will_not_survive_a_reboot_or_a_repair_of_the_platform_is_left_to_people(
    before: tuple[str, ...], kind: Kind, code: Code
) -> None:
    decision = decide(an_alarm(), a_config(), after(*before), NOW)
    assert (decision.kind, decision.reason.code, decision.needs_people) == (kind, code, kind is Kind.NOTIFY)
