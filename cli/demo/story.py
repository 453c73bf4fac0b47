"""The demo's story: set the stage, send the seed's event, kill the worker, watch, and prove."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from temporalio.client import Client

from cli.demo.closing import Closing, show_closing, write_closing
from cli.demo.processes import Processes, find_temporal, free_ports, temporal_command
from cli.demo.proof import broken
from cli.follow import follow
from remediation import contract
from remediation.contract import Record
from remediation.errors import MedicError
from remediation.links import run_url
from remediation.notices import RunRef
from remediation.report import RemediationResult
from simulator.inbox import Inbox, inbox
from simulator.server import Server, serve
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY
from starter.connection import TemporalUnreachable, connect
from starter.start import start

REGION, INSTANCE, DISKS = "ap-guangzhou", "ins-demo0001", ("disk-demosys1", "disk-demodat1")
_SPEED = 10.0  # snapshots of 60 and 90 seconds take 6 and 9
_START_SECONDS = 20
_DEAD_SECONDS = 1.0  # how long nobody is there


@dataclass
class Stage:
    """What is running, and how to start the worker."""

    client: Client
    cloud: Server
    box: Inbox
    processes: Processes
    environment: dict[str, str]
    ui: str

    def start_worker(self) -> int:
        """A worker process of its own, as in production; returns its id."""
        return self.processes.start("worker", [sys.executable, "-m", "cli", "worker"], self.environment).pid

    def url(self, run_id: str) -> str:
        run = RunRef(workflow_id=contract.remediation_id(REGION, INSTANCE), run_id=run_id)
        return run_url(self.ui, self.client.namespace, run)


async def tell_story(folder: Path, environment: Mapping[str, str], *, keep: bool, kill: bool, output: str) -> int:
    """See `cli.demo.run`."""
    console = Console(stderr=True)
    began = time.monotonic()
    with ExitStack() as stack:
        stage = await _set_the_stage(stack, folder, environment, console)
        record, result = await _heal(stage, console, kill=kill)
        closing = Closing(
            result=result,
            log=stage.cloud.log,
            notices=tuple(stage.box.received),
            broken=tuple(broken(stage.cloud.log, INSTANCE, DISKS)),
            url=stage.url(record.run.run_id if record.run else ""),
            seconds=time.monotonic() - began,
        )
        if output == "json":
            write_closing(closing)
        else:
            show_closing(closing, Console())
        if keep:
            console.print("\n[bold]All of it is still running.[/] Look around, and end it with Ctrl-C.")
            console.print(_exports(stage), highlight=False, soft_wrap=True)
            await asyncio.Event().wait()
    return 0 if closing.proves_it else 3


async def _set_the_stage(stack: ExitStack, folder: Path, environment: Mapping[str, str], console: Console) -> Stage:
    cli = find_temporal(environment)
    processes = Processes(folder)
    stack.callback(processes.stop)
    cloud = stack.enter_context(serve(speed=_SPEED))
    box = stack.enter_context(inbox())
    port, ui_port = free_ports(2)
    namespace, ui = f"demo-{uuid.uuid4().hex[:8]}", f"http://127.0.0.1:{ui_port}"
    console.print(f"[dim]temporal[/]   127.0.0.1:{port}, UI {ui}", highlight=False)
    console.print(f"[dim]simulator[/]  {cloud.url} (a Tencent Cloud, {_SPEED:g} times as fast)", highlight=False)
    console.print(f"[dim]inbox[/]      {box.webhook_url} and {box.smtp_url}", highlight=False)
    # Only what a process needs to run at all: no setting or credential of the user's own gets into the demo.
    plain = {name: environment[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in environment}
    ours = {
        **plain,
        "TEMPORAL_ADDRESS": f"127.0.0.1:{port}",
        "TEMPORAL_NAMESPACE": namespace,
        "TEMPORAL_CONFIG_FILE": str(_empty(folder / "temporal.toml")),
        "TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID,
        "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY,
        "MEDIC_CLOUD_ENDPOINT": cloud.url,
        "MEDIC_CONFIG": str(Path(__file__).parent / "medic.yaml"),
        "MEDIC_TEMPORAL_UI": ui,
        "MEDIC_SMTP": box.smtp_url,
        "MEDIC_POLL_INTERVAL": "1s",
        "DEMO_WEBHOOK": f"{box.webhook_url}/robot",
        "NO_PROXY": "127.0.0.1",
    }
    processes.start("temporal", temporal_command(cli, port, ui_port, namespace), plain)
    client = await _connect(ours, folder)
    stage = Stage(client, cloud, box, processes, ours, ui)
    console.print(f"[dim]worker[/]     process {stage.start_worker()}", highlight=False)
    return stage


async def _connect(environment: Mapping[str, str], folder: Path) -> Client:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            return await connect(environment)
        except TemporalUnreachable as error:
            if time.monotonic() > end:
                said = (folder / "temporal.log").read_text(encoding="utf-8", errors="replace")[-500:]
                raise MedicError(f"the Temporal dev server did not start: {error.reason}; it said: {said}") from None
        await asyncio.sleep(0.1)


async def _heal(stage: Stage, console: Console, *, kill: bool) -> tuple[Record, RemediationResult]:
    event = _seed_event()
    console.print(f"\n[bold]event[/]      {event['type']} status {event['status']} for {INSTANCE} in {REGION}\n")
    await start(
        stage.client,
        event,
        received_at=datetime.now(timezone.utc),
        task_queue="medic",
    )
    record = await _decided(stage)
    if record.run is None:
        raise MedicError(f"the event was not acted on: {record.said}")
    killer = asyncio.create_task(_kill_the_worker(stage, console)) if kill else None
    try:
        workflow_id = contract.remediation_id(REGION, INSTANCE)
        result = await follow(stage.client, workflow_id, record.run.run_id, console=console)
    finally:
        if killer is not None and not killer.done():
            killer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await killer
    if killer is not None:
        await killer
    return record, result


async def _decided(stage: Stage) -> Record:
    incident = stage.client.get_workflow_handle(contract.incident_id(REGION, INSTANCE))
    records: list[Record] = []

    async def ask() -> bool:
        records[:] = await incident.query(contract.DECISIONS, result_type=list[Record])
        return bool(records)

    for _ in range(_START_SECONDS * 10):
        if await ask():
            return records[0]
        await asyncio.sleep(0.1)
    raise MedicError("no worker decided about the event: see its log")


async def _kill_the_worker(stage: Stage, console: Console) -> None:
    """SIGKILL in the middle of the snapshots, by the cloud's log: both begun, neither ready, and looked at twice."""
    while not _snapshots_are_being_made(stage.cloud):  # noqa: ASYNC110  # the log is another thread's, and has no event
        await asyncio.sleep(0.05)
    worker = stage.processes.kill_last()
    console.print(f"[bold red]kill -9[/]    worker process {worker}; nobody is there now", highlight=False)
    await asyncio.sleep(_DEAD_SECONDS)
    console.print(f"[bold green]restart[/]    worker process {stage.start_worker()}", highlight=False)


def _snapshots_are_being_made(cloud: Server) -> bool:
    calls = [entry.name for entry in cloud.log if entry.kind == "call" and entry.error is None]
    if calls.count("CreateSnapshot") < len(DISKS):
        return False
    return len(calls) - 1 - max(i for i, name in enumerate(calls) if name == "CreateSnapshot") >= 4


def _seed_event() -> dict[str, object]:
    """The official template of the event, with an id and a time of now."""
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "cvm.cloud.tencent",
        "type": "cvm:ErrorEvent:DiskReadonly",
        "subject": INSTANCE,
        "time": int(time.time() * 1000),
        "region": REGION,
        "datacontenttype": "application/json;charset=utf-8",
        "tags": {"medic": "on"},
        "status": "1",
        "data": {"appId": 1250000000, "eventId": 39, "uin": "100000000001", "subAccountUin": "100000000001"},
    }


def _exports(stage: Stage) -> str:
    names = ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "MEDIC_CLOUD_ENDPOINT", "MEDIC_TEMPORAL_UI")
    lines = [f"export {name}={stage.environment[name]}" for name in names]
    return "\n".join([*lines, f"medic show {contract.incident_id(REGION, INSTANCE)}"])


def _empty(path: Path) -> Path:
    """Temporal's profile of this user must not lead the demo to a real server."""
    path.write_text("", encoding="utf-8")
    return path
