"""The bare pair's workers: set up as ours are, and importing nothing of ours, so that their memory is really bare."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import PollerBehaviorAutoscaling, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy as Policy

from bench.bare import FOR_EVER, NOTHING, QUEUES, TELL, BareChild, BareParent
from bench.notes import Notes

# As in worker.py, which is not imported here.
_SLOTS, _CACHE, _STICKY = 50, 2000, timedelta(seconds=2)
_STRICT = SandboxRestrictions.default.with_passthrough_modules("bench").with_import_notification_policy(
    Policy.WARN_ON_DYNAMIC_IMPORT | Policy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
)


class Nothing:
    """The one activity; what it is told it notes, as ours does."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    @activity.defn(name=NOTHING)
    def nothing(self, name: str) -> str:
        """Returns what it was given; what is for ever is never ready."""
        if name.endswith(FOR_EVER):
            raise ApplicationError(
                "not yet",
                type="NotYet",
                category=ApplicationErrorCategory.BENIGN,
                next_retry_delay=timedelta(hours=1),
            )
        if name == TELL:
            self._notes.add((activity.info().workflow_id or "").split("/")[1], TELL)
        return name


def bare_workers(kind: str, client: Client, queue: str, notes: Notes) -> list[Worker]:
    """Of this kind: `bare`; `bare-plain`, with the SDK's own sandbox settings; `bare-one`, all of it in one worker."""
    does = Nothing(notes).nothing
    alone = kind == "bare-one"
    threads = ThreadPoolExecutor(_SLOTS * len(QUEUES), thread_name_prefix="activity")
    story = Worker(
        client,
        task_queue=queue,
        workflows=[BareParent, BareChild],
        activities=[does],
        activity_executor=threads,
        workflow_runner=SandboxedWorkflowRunner() if kind == "bare-plain" else SandboxedWorkflowRunner(_STRICT),
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        max_concurrent_activities=_SLOTS * len(QUEUES),
        sticky_queue_schedule_to_start_timeout=_STICKY,
        max_cached_workflows=_CACHE,
        no_remote_activities=not alone,
    )
    if alone:
        return [story]
    return [story] + [
        Worker(
            client,
            task_queue=queue + suffix,
            activities=[does],
            activity_executor=threads,
            max_concurrent_activities=_SLOTS,
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        )
        for suffix in QUEUES
    ]
