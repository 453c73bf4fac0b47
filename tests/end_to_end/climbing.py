"""An instance that only a rollback cures, the page that climbs as far, and what its promises are judged by."""

from __future__ import annotations

from typing import Any

from remediation.approvals import Question
from remediation.contract import QUESTION
from simulator.checker import Facts
from simulator.specs import SnapshotSpec
from simulator.world import World
from tests.end_to_end.deployment import PAGE, SPEED, Deployment, world

APPROVER = "ada"
GOOD = ("snap-goodsyst", "snap-gooddata")


def climbing(region: str, timeout: str = "12s") -> str:
    """The page of the deployment with the whole ladder, a look inside, and somebody who may approve."""
    reboots = f"reboot: {{timeout: {timeout}}}, reboot: {{stop_type: HARD, timeout: {timeout}}}"
    page = PAGE.replace("[reboot: {timeout: 2m}]", f"[{reboots}, rollback: {{timeout: 2m}}]")
    return f"{page}approvers: [{APPROVER}]\nguest: {{commands: {{{region}: cmd-guestpr0}}}}\n"


def sick(durations: dict[str, float] | None = None, **manners: Any) -> World:
    """The demo's instance, which only a rollback cures, with a snapshot of each disk from yesterday."""
    one = world({"system_snapshot": 20, "data_snapshot": 20, "rollback": 200, "stop": 60, **(durations or {})})
    region, theirs = next(iter(one.regions.items()))
    instance = theirs.instances[0].model_copy(update={"cured_by": "rollback", **manners})
    disks = (instance.system_disk.disk_id, instance.data_disks[0].disk_id)
    kept = tuple(SnapshotSpec(snapshot_id=name, disk_id=disk) for name, disk in zip(GOOD, disks, strict=True))
    theirs = theirs.model_copy(update={"instances": (instance, *theirs.instances[1:]), "snapshots": kept})
    return one.model_copy(update={"regions": {region: theirs}})


async def open_question(on: Deployment) -> Question | None:
    question: Question | None = await on.remediation().query(QUESTION, result_type=Question)
    return question


def facts(on: Deployment, approved_at: float | None, **known: Any) -> Facts:
    """What the checker has to know of a climb whose rollback was approved at that moment, if it was."""
    simulated = on.cloud.cloud.world
    instance = simulated.regions[on.region].instances[0]
    disks = (instance.system_disk.disk_id, instance.data_disks[0].disk_id)
    return Facts.of(
        simulated,
        on.region,
        on.instances[0],
        speed=SPEED,
        rungs=("SOFT", "HARD", "rollback"),
        approved=dict(zip(disks, GOOD, strict=True)),
        rollback_approved_at=approved_at,
        **known,
    )
