"""What is tried on a run: one fault, the world in which it comes about, and the endings that it allows."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from remediation.report import Outcome
from simulator.world import World

REGION, SYSTEM, DATA = f"ap-test-{uuid.uuid4().hex[:8]}", "disk-trialsys", "disk-trialdat"
PATIENT = "ins-patient0"  # as the table of faults writes it; each run has an id of its own
LOOK, DISKS, SNAPSHOTS = "DescribeInstances", "DescribeDisks", "DescribeSnapshots"
AGENT, CREATE, REBOOT = "DescribeAutomationAgentStatus", "CreateSnapshot", "RebootInstances"
ACT_WITHIN_SECONDS = 3600
MINUTE = 60  # of the cloud's time, which is a second here

# What ends in time and leaves the state readable; how many of them go to people is counted over all of them.
CURED = frozenset({Outcome.RECOVERED, Outcome.HANDED_OVER})
PEOPLE, REFUSED = frozenset({Outcome.HANDED_OVER}), frozenset({Outcome.REFUSED})
UNTOUCHED = PEOPLE | REFUSED
WELL_BY_ITSELF = frozenset({Outcome.RECOVERED_BY_ITSELF})
SICK = frozenset({Outcome.NOT_RECOVERED})
HONEST = frozenset(Outcome) - {Outcome.FAILED}
NONE, ONE = frozenset({0}), frozenset({1})

Rule = Mapping[str, Any]
# Not done, and nobody can know.
NEVER_DONE: Mapping[str, Rule] = {
    "dropped": {"kind": "drop_before"},
    "reset": {"kind": "reset"},
    "silence": {"kind": "silence"},
    "http_500": {"kind": "http_500"},
    "InternalError": {"kind": "error"},
}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong in one run, and how that run may end.

    Attributes:
        name: what goes wrong, where and when.
        allowed: every ending that keeps the promises.
        rules: fault rules of the simulator, as a world file writes them.
        runbook: `patient`, `insistent` (sends a lost reboot once more) or `hasty` (for what never ends).
        durations, instance, disk, account: what is different in the world, its system disk being the `disk`.
        reboots: how many may have been accepted by the cloud in the end.
        knock: somebody else calls the cloud first, so that the first call of the run finds the rule at work.
        age: of the alarm, in seconds, when it comes in.
        recovers_at: the symptom is gone, and its recovery comes in, once this action took effect.
    """

    name: str
    allowed: frozenset[Outcome]
    rules: tuple[Mapping[str, Any], ...] = ()
    runbook: str = "patient"
    durations: Mapping[str, float] = field(default_factory=dict)
    instance: Mapping[str, Any] = field(default_factory=dict)
    disk: Mapping[str, Any] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    reboots: frozenset[int] = frozenset({0, 1})
    knock: bool = False
    age: float = 0
    recovers_at: str = ""

    def world(self, instance_id: str) -> World:
        """A machine with two disks, to which this will happen."""
        machine = {
            "instance_id": PATIENT,
            "tags": {"medic": "on"},
            "symptom": "disk_readonly",
            "system_disk": {"disk_id": SYSTEM, **self.disk},
            "data_disks": [{"disk_id": DATA, "size_gib": 200}],
            **self.instance,
        }
        written = {
            "durations": dict(self.durations),
            "faults": list(self.rules),
            **self.account,
            "regions": {REGION: {"instances": [machine], **self.account.get("regions", {})}},
        }
        return World.model_validate_json(json.dumps(written).replace(PATIENT, instance_id))
