"""The wiring: settings → clients → activities → workers. Imported by `cli` and by tests alone."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import logging
import os
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import PollerBehaviorAutoscaling, Worker, WorkerDeploymentConfig, WorkerDeploymentVersion
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy as Policy

from activities.carrying import Carrier, Mail, Webhook
from activities.clients.anything import MISSING, Anything, missing
from activities.clients.credentials import Credentials
from activities.clients.dingtalk import DingTalk
from activities.clients.feishu import Feishu
from activities.clients.mail import MailSender
from activities.clients.posting import Poster
from activities.clients.probing import NetworkProber
from activities.clients.role_credentials import MachineRole, Renewed
from activities.clients.sdk import sdk_profile
from activities.clients.tencent import TencentCloud
from activities.clients.webhook import WebhookSender
from activities.clients.wecom import WeCom
from activities.cloud import Cloud
from activities.commands import CommandActivities
from activities.decisions import DecisionActivities
from activities.fleet import FleetActivities, FreezeReader, Freezes, LiveFreezes
from activities.folding import NoticeDesk
from activities.guests import GuestActivities
from activities.instances import InstanceActivities
from activities.notifications import NotificationActivities
from activities.operations import OperationActivities
from activities.polling import Pace
from activities.probes import Prober
from activities.snapshots import SnapshotActivities
from remediation.config import Config, read_config
from remediation.contract import Queue
from remediation.decisions import Timing
from remediation.diagnosis import command_to_register, missing_attributes
from remediation.errors import ConfigError
from remediation.rates import RATES
from remediation.settings import Settings
from remediation.yaml_marks import load
from starter.connection import connect, reach
from workflows.fleet_guard import FleetGuard
from workflows.incident import Incident
from workflows.notice_fold import NoticeFold
from workflows.remediate_instance import RemediateInstance
from workflows.unreadable_event import UnreadableDigest, UnreadableEvent

WORKFLOWS = [Incident, RemediateInstance, UnreadableEvent, UnreadableDigest, FleetGuard, NoticeFold]

# A module that a workflow imports without saying so is named when the worker is built, and not in the middle of a run.
# The workflows' own modules are loaded once and not anew for every run, which would cost each waiting run some 200 KiB;
# that they are deterministic is held by tests/test_architecture.py and by replay (decision 8).
STRICT = SandboxRestrictions.default.with_passthrough_modules("workflows").with_import_notification_policy(
    Policy.WARN_ON_DYNAMIC_IMPORT | Policy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
)
_SLOTS = 50  # activities of one kind at a time in one worker; each holds its slot for one call only
_ASKS = 8  # a guard answers one after the other, and the server lets ten updates of a workflow wait
_CACHE = 2000  # above the number of runs that wait, or every step would replay its run from the beginning
# After a crash the server keeps a run's next task for the dead worker this long.
_STICKY = timedelta(seconds=2)

DEPLOYMENT = "cvm-medic"
_CODE = ("remediation", "workflows", "activities")  # what decides and acts, beside this file

log = logging.getLogger("medic.worker")


def build_workers(
    client: Client,
    settings: Settings,
    config: Config,
    cloud: Cloud,
    *,
    webhook: Webhook | None = None,
    mail: Mail | None = None,
    freezes: Freezes | None = None,
    prober: Prober | None = None,
) -> list[Worker]:
    """One worker for the workflows, and one for each queue of activities, all in this process and the running loop.

    Args:
        cloud: the real client, or whatever a test puts in its place.
        webhook, mail: how notices are sent; the real ones if left out.
        prober: how ports are knocked at; over the network if left out.
        freezes: where it is read whether a region is frozen; the guards themselves if left out.
    """
    pace = Pace(settings.poll_interval)
    reader = FreezeReader(client)
    freezes = freezes or LiveFreezes(reader, asyncio.get_running_loop())
    instances = InstanceActivities(cloud, pace, prober or NetworkProber())
    guests, operations = GuestActivities(cloud, pace), OperationActivities(cloud, pace, freezes)
    snapshots, commands = SnapshotActivities(cloud, pace, freezes), CommandActivities(cloud, pace, freezes)
    fleet = FleetActivities(client, reader, settings.task_queue)
    timing = Timing(
        patience_seconds=settings.cloud_patience,
        validity_seconds=settings.signature_validity,
        notice_seconds=settings.notice_patience,
    )
    notices = NotificationActivities(
        config,
        make_carrier(settings, client.namespace, webhook=webhook, mail=mail),
        NoticeDesk(client, settings.task_queue, settings.fold_after, asyncio.get_running_loop()),
    )
    hands: dict[Queue, list[Any]] = {
        Queue.NOTICES: [notices.send_notice],
        Queue.READINGS: [
            instances.inspect_instance,
            instances.read_instance,
            instances.wait_until_done,
            instances.verify_instance,
            operations.find_reboot,
            operations.find_stop,
            operations.find_start,
            snapshots.find_rollback,
        ],
        Queue.SNAPSHOTS: [snapshots.create_snapshot, snapshots.apply_snapshot],
        Queue.SNAPSHOT_WAITS: [
            snapshots.wait_until_ready,
            snapshots.wait_until_rolled_back,
            snapshots.find_snapshot,
            snapshots.read_snapshots,
            snapshots.find_good_snapshot,
        ],
        Queue.REBOOTS: [operations.reboot_instance, operations.stop_instance, operations.start_instance],
        Queue.COMMANDS: [commands.invoke_command, commands.find_invocation, guests.wait_for_report],
        Queue.FLEET: [fleet.ask_permit, fleet.read_freeze, fleet.find_ended],
    }
    grace = timedelta(seconds=settings.shutdown_grace)
    threads = ThreadPoolExecutor(_SLOTS * len(hands), thread_name_prefix="activity")
    # Only told, never used to route: who asks Temporal for a queue's workers sees which code they run.
    version = WorkerDeploymentConfig(WorkerDeploymentVersion(DEPLOYMENT, build_id()), use_worker_versioning=False)
    story = Worker(
        client,
        deployment_config=version,
        task_queue=Queue.WORKFLOWS.of(settings.task_queue),
        workflows=WORKFLOWS,
        activities=[DecisionActivities(config, timing).decide_event],
        activity_executor=threads,
        workflow_runner=SandboxedWorkflowRunner(restrictions=STRICT),
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        sticky_queue_schedule_to_start_timeout=_STICKY,
        max_cached_workflows=_CACHE,
        graceful_shutdown_timeout=grace,
        # This worker runs local activities only: what has to be limited is on a queue of its own.
        no_remote_activities=True,
    )
    limited = settings.rate_limits == "on"
    return [story] + [
        Worker(
            client,
            deployment_config=version,
            task_queue=queue.of(settings.task_queue),
            activities=activities,
            activity_executor=threads,
            max_concurrent_activities=_ASKS if queue is Queue.FLEET else _SLOTS,
            max_task_queue_activities_per_second=RATES.get(queue) if limited else None,
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
            graceful_shutdown_timeout=grace,
        )
        for queue, activities in hands.items()
    ]


def make_carrier(
    settings: Settings, namespace: str, *, webhook: Webhook | None = None, mail: Mail | None = None
) -> Carrier:
    """What reaches every kind of address; `webhook` and `mail` are the real ones if left out."""
    poster = Poster(settings.cloud_timeout)
    smtp = settings.smtp and MailSender(settings.smtp, settings.mail_from, settings.cloud_timeout)
    return Carrier(
        webhook or WebhookSender(poster),
        mail or smtp or None,
        {"wecom": WeCom(poster), "feishu": Feishu(poster), "dingtalk": DingTalk(poster)},
        Anything(),
        ui=settings.temporal_ui,
        namespace=namespace,
        console=settings.cloud_endpoint is None,
    )


def load_config(settings: Settings, environment: Mapping[str, str]) -> Config:
    """The operator's page.

    Raises:
        ConfigError: it is not there, has a mistake, or needs what is not installed.
    """
    try:
        text = Path(settings.config).read_text(encoding="utf-8")
    except OSError as error:
        hint = "write one, or set MEDIC_CONFIG to where it is"
        raise ConfigError(f"cannot be read: {error.strerror}; {hint}", settings.config) from None
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8", settings.config) from None
    config = read_config(text, settings.config, environment)
    for place in missing(config):
        raise load(text, settings.config).error(place, MISSING)
    return config


async def read_search_attributes(client: Client) -> dict[str, str]:
    """The namespace's own search attributes, each with its type as in `Keyword`.

    Raises:
        TemporalUnreachable: no answer, or a refusal.
    """
    asked = ListSearchAttributesRequest(namespace=client.namespace)
    known = await reach(client, client.operator_service.list_search_attributes(asked))
    prefix = "INDEXED_VALUE_TYPE_"
    kinds = {name: IndexedValueType.Name(kind) for name, kind in known.custom_attributes.items()}
    return {name: kind.removeprefix(prefix).capitalize() for name, kind in kinds.items()}


async def ensure_search_attributes(client: Client) -> None:
    """Register what is missing, before anything is polled: an unregistered one fails workflow tasks for ever.

    Raises:
        ConfigError: they are missing and may not be registered; names the exact command that does.
    """
    missing = missing_attributes(await read_search_attributes(client))
    if not missing:
        return
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=dict.fromkeys(missing, keyword))
        )
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:  # another worker was faster
            return
        raise ConfigError(
            f"Temporal lacks search attributes and does not let this worker register them ({error.message}). Run:\n"
            f"    {command_to_register(client.namespace, missing)}"
        ) from None
    log.info("registered search attributes: %s", ", ".join(missing))


@functools.cache
def build_id(root: Path = Path(__file__).parent) -> str:
    """Which code this is, by its content: two that differ are two versions, also within one release."""
    files = [root / "worker.py", *(one for room in _CODE for one in sorted((root / room).rglob("*.py")))]
    digest = hashlib.sha256()
    for one in files:
        digest.update(one.relative_to(root).as_posix().encode() + b"\0" + one.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


async def run_worker(settings: Settings, environment: Mapping[str, str] = os.environ) -> None:
    """Work until SIGTERM or SIGINT, then finish what is in hand, within `shutdown_grace`.

    Raises:
        ConfigError, NeedsPeople, TemporalUnreachable: it cannot start, and says why.
    """
    config = load_config(settings, environment)
    cloud = make_cloud(settings, environment)
    client = await connect()
    await ensure_search_attributes(client)
    await work(build_workers(client, settings, config, cloud), _told_to_stop())


def make_cloud(settings: Settings, environment: Mapping[str, str] = os.environ) -> TencentCloud:
    """The real client, or the simulator's, by the settings.

    Raises:
        ConfigError, NeedsPeople: there are no credentials.
    """
    credentials = Credentials(environment, machine=Renewed(MachineRole(settings.machine_role or "").fetch))
    if settings.assume_role:
        credentials.assume(settings.assume_role, sdk_profile(settings.cloud_endpoint, settings.cloud_timeout))
    credentials.get_credential_info()
    return TencentCloud(credentials, endpoint=settings.cloud_endpoint, timeout_seconds=settings.cloud_timeout)


async def work(workers: Sequence[Worker], stop: asyncio.Event) -> None:
    """Run all workers until `stop`; if one of them fails, all end and its error is raised."""
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(worker)
        queues = ", ".join(worker.task_queue for worker in workers)
        log.info("worker %d polls %s", os.getpid(), queues)
        await stop.wait()
        log.info("worker %d finishes what is in its hands", os.getpid())


def _told_to_stop() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
