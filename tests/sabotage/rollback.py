"""P13: a rollback goes to this disk's own ready snapshot, as approved, with the instance stopped; all disks or none."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_RULES = "tests/remediation/test_rollback_guardrails.py"
_HANDS = "tests/activities/test_rollback.py"
_FILE = "remediation/rollback_guardrails.py"
_STOPS = f"{_RULES}::test_anything_else_stops_a_rollback"
_ALL_OR_NONE = f"{_RULES}::test_an_instance_is_started_with_all_of_its_disks_rolled_back_or_none"
_ROLLING = f"{_RULES}::test_a_disk_that_is_being_rolled_back_is_waited_for"
_SEEN = "(seen.disk_id, seen.snapshot_id) != (disk_id, snapshot.snapshot_id):"

ROLLED_BACK = (
    Bug("another-disks-snapshot", "P13", _FILE, f" or {_SEEN}", ":", (_STOPS,)),
    Bug("a-snapshot-that-is-not-ready", "P13", _FILE, "or not seen.is_ready or", "or", (_STOPS,)),
    Bug(
        "without-an-approval",
        "P13",
        _FILE,
        "if approval.disks.get(disk_id) != snapshot.snapshot_id:",
        "if approval is None:",
        (_STOPS,),
    ),
    Bug(
        "an-approval-of-another-snapshot",
        "P13",
        _FILE,
        "if approval.disks.get(disk_id) != snapshot.snapshot_id:",
        "if disk_id not in approval.disks:",
        (_STOPS,),
    ),
    Bug(
        "a-running-instance-is-rolled-back",
        "P13",
        _FILE,
        'return may_touch(instance, order, "STOPPED")',
        "return may_touch(instance, order, instance.state)",
        (_STOPS,),
    ),
    Bug(
        "somebody-else-has-acted-since",
        "P13",
        _FILE,
        "if instance.operation.request_id != baseline.request_id:",
        'if instance.operation.request_id == "":',
        (_STOPS,),
    ),
    Bug("a-disk-is-rolled-back-twice-at-once", "P13", _FILE, "if disk.rolling_back:", "if False:", (_ROLLING,)),
    Bug("started-while-a-disk-rolls-back", "P13", _FILE, "    if busy:\n", "    if False:\n", (_ROLLING,)),
    Bug(
        "partly-rolled-back-and-started",
        "P13",
        _FILE,
        "if rolled_back and (approval is None or rolled_back != approval.disks):",
        "if rolled_back and approval is None:",
        (_ALL_OR_NONE,),
    ),
    Bug(
        "the-start-does-not-ask-what-was-rolled-back",
        "P13",
        "activities/operations.py",
        "rolled_back={one.disk_id: one.snapshot_id for one in wanted.rolled_back},",
        "rolled_back={},",
        (f"{_HANDS}::test_a_partly_rolled_back_instance_is_not_started",),
    ),
    Bug(
        "the-rollback-trusts-what-was-seen-ready-once",
        "P13",
        "activities/snapshots.py",
        "            seen=next((one for one in seen if one.snapshot_id == snapshot_id), None),\n",
        "            seen=type(seen[0]).model_validate("
        '{**wanted.snapshot.model_dump(), "state": "NORMAL", "percent": 100}),\n',
        (f"{_HANDS}::test_a_rollback_is_not_sent",),
    ),
    Bug(
        "a-rollback-is-resent",
        "P13",
        "workflows/acting.py",
        "    SnapshotActivities.find_rollback,\n    Queue.SNAPSHOTS,\n    Queue.READINGS,\n    resend=False,\n",
        "    SnapshotActivities.find_rollback,\n    Queue.SNAPSHOTS,\n    Queue.READINGS,\n    resend=True,\n",
        (f"{_HANDS}::test_what_takes_data_or_service_away_is_never_sent_again_by_its_kind",),
    ),
    Bug(
        "the-client-takes-any-id-for-a-snapshot",
        "P13",
        "activities/clients/targets.py",
        '_OTHER_IDS = {"SnapshotId": re.compile(r"snap-[0-9a-z]{1,32}"), ',
        "_OTHER_IDS = {",
        (
            "tests/activities/clients/test_mutating_calls.py::test_accident_a_rollback_to_what_is_no_snapshot_reaches_no_cloud",
        ),
    ),
)
