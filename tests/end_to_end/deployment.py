"""A whole deployment on this machine: dev server, simulator and inbox, and our own commands as real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml
from temporalio.client import WorkflowHandle

from remediation import contract
from remediation.report import RemediationResult
from simulator.inbox import Inbox, inbox
from simulator.server import Server as Simulator
from simulator.server import serve
from simulator.world import DEMO_WORLD, World
from starter.start import start
from tests import canaries
from tests.temporal_server import Server
from tests.waiting import until
from tests.workflows.staging import region_of

DISKS = ("disk-demosys1", "disk-demodat1")
SPEED = 20.0

PAGE = """
channels:
  oncall:
    to: [{webhook: "${ONCALL_WEBHOOK}"}, {mail: oncall@example.com}]
rules:
  - name: disk-read-only
    when: {type: "cvm:ErrorEvent:DiskReadonly", status: "1"}
    notify: [oncall]
    run: snapshot-and-reboot
    scope: {tag: "medic=on"}
    mode: act
runbooks:
  snapshot-and-reboot:
    snapshot: {timeout: 1h}
    ladder: [reboot: {timeout: 2m}]
    verify: {settle: 1s, timeout: 2m}
operators: [oncall]
"""


def world(durations: Mapping[str, float] | None = None, *, deny: tuple[str, ...] = ()) -> World:
    """The demo world whose region and instances are its own: the tests of one process share a Temporal server.

    Args:
        durations: changed ones, in seconds at speed 1.
        deny: the actions that the credentials do not allow.
    """
    unique = uuid.uuid4().hex
    own = DEMO_WORLD.read_text(encoding="utf-8").replace("ins-demo000", f"ins-{unique[:7]}")
    demo = World.model_validate(yaml.safe_load(own.replace("ap-guangzhou", region_of(unique[:8]))))
    [credential] = demo.credentials
    return demo.model_copy(
        update={
            "durations": demo.durations.model_copy(update=dict(durations or {})),
            "credentials": (credential.model_copy(update={"deny": deny}),),
        }
    )


@dataclass
class Deployment:
    """The pieces, and the processes of ours that run."""

    temporal: Server
    cloud: Simulator
    box: Inbox
    folder: Path
    environment: dict[str, str]
    region: str
    instances: list[str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)

    def command(self, *words: str, **more: str) -> subprocess.Popen[bytes]:
        """Start `medic …`; its output goes to a file of its own."""
        with (self.folder / f"{words[0]}-{len(self.running)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "cli", *words], env={**self.environment, **more}, stdout=log, stderr=log
            )
        self.running.append(process)
        return process

    def once(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `medic …` to its end."""
        ended = subprocess.run(
            [sys.executable, "-m", "cli", *words],
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.printed.append(ended.stdout + ended.stderr)
        return ended

    def kill(self, process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        process.send_signal(number)
        return process.wait(60)

    @property
    def task_queue(self) -> str:
        return self.environment["MEDIC_TASK_QUEUE"]

    def event(self, number: int = 1) -> dict[str, Any]:
        """The official template of a disk that went read-only, now, on the world's instance of this number."""
        return {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": "cvm.cloud.tencent",
            "type": "cvm:ErrorEvent:DiskReadonly",
            "subject": self.instances[number - 1],
            "time": int(time.time() * 1000),
            "region": self.region,
            "tags": {"medic": "on"},
            "status": "1",
            "data": {"appId": 1250000000, "eventId": 39},
        }

    async def send(self, number: int = 1) -> None:
        """Send that event through the door."""
        await self.hand_over(self.event(number))

    async def hand_over(self, event: dict[str, Any]) -> None:
        received_at = datetime.now(timezone.utc)
        await start(self.temporal.client, event, received_at=received_at, task_queue=self.task_queue)

    def remediation(self, number: int = 1) -> WorkflowHandle[Any, RemediationResult]:
        workflow_id = contract.remediation_id(self.region, self.instances[number - 1])
        return self.temporal.client.get_workflow_handle(workflow_id, result_type=RemediationResult)

    async def ended(self, number: int = 1) -> RemediationResult:
        """The result of that instance's remediation, which may not have begun yet."""

        async def begun() -> bool:
            return await self.remediation(number).describe() is not None

        await until(begun)
        return await self.remediation(number).result()

    async def pending(self, activity: str, attempts: int = 1) -> bool:
        """Whether the remediation waits in this activity, and has tried it at least that often."""
        described = await self.remediation().describe()
        waiting = described.raw_description.pending_activities
        return any(one.activity_type.name == activity and one.attempt > attempts for one in waiting)

    def calls(self, action: str) -> int:
        """How many calls of this action took effect, by the cloud's own log."""
        return sum(e.kind == "call" and e.error is None and e.name == action for e in self.cloud.log)

    def mutating(self) -> list[str]:
        """Every mutating call that reached the cloud, also those that it refused."""
        return [e.name for e in self.cloud.log if e.kind == "call" and not e.name.startswith("Describe")]

    def logs(self) -> str:
        """All that our processes have printed."""
        return "".join(path.read_text(encoding="utf-8") for path in self.folder.glob("*.log"))

    def singing(self) -> list[str]:
        """Where a credential is among all that people read of it; histories are listened to at the session's end."""
        told = [f"{one.headers} {one.body}" for one in self.box.received]
        places = {"logs": self.logs(), "console": "".join(self.printed), "notices": "".join(told)}
        return [place for place, text in places.items() if canaries.sings(text)]

    def end(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait()


@contextmanager
def deployment(
    temporal: Server, folder: Path, simulated: World | None = None, *, page: str = PAGE, **settings: str
) -> Iterator[Deployment]:
    """Everything but the processes of ours, which the test starts; none of them survives it."""
    (folder / "medic.yaml").write_text(page, encoding="utf-8")
    with ExitStack() as stack:
        simulated = _with_canaries(simulated or world())
        cloud = stack.enter_context(serve(simulated, speed=SPEED))
        box = stack.enter_context(inbox())
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            **temporal.environment,
            **canaries.ENVIRONMENT,
            "MEDIC_CLOUD_ENDPOINT": cloud.url,
            "MEDIC_CONFIG": str(folder / "medic.yaml"),
            "MEDIC_TASK_QUEUE": f"medic-{uuid.uuid4().hex[:8]}",
            "MEDIC_POLL_INTERVAL": "1s",
            "MEDIC_SMTP": box.smtp_url,
            "ONCALL_WEBHOOK": f"{box.webhook_url}/{canaries.ROBOT}",
            "NO_PROXY": "127.0.0.1",
            **settings,
        }
        region, theirs = next(iter(simulated.regions.items()))
        instances = [one.instance_id for one in theirs.instances]
        running = Deployment(temporal, cloud, box, folder, environment, region, instances)
        stack.callback(running.end)
        yield running
        running.end()
        assert running.singing() == [], "P7: a credential is there"


def _with_canaries(simulated: World) -> World:
    [credential] = simulated.credentials
    keys = {"secret_id": canaries.SECRET_ID, "secret_key": canaries.SECRET_KEY, "token": canaries.CLOUD_TOKEN}
    return simulated.model_copy(update={"credentials": (credential.model_copy(update=keys),)})
