"""P1: never a reboot without a ready snapshot of every disk."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_STORY = "tests/workflows/test_remediate_instance.py"
_GUARDS = "tests/remediation/test_guardrails.py"
_NO_REBOOT = f"{_GUARDS}::test_no_reboot_without_a_snapshot_that_is_ready_at_this_moment"
_BARE = f"{_GUARDS}::test_a_disk_that_can_have_no_snapshot_blocks_unless_that_is_allowed"

PROTECTED = (
    Bug(
        "the-wait-for-the-snapshots-is-dropped",
        "P1",
        "workflows/protecting.py",
        """\
    ready = await attempt.calls.wait(
        SnapshotActivities.wait_until_ready,
        wait,
        queue=Queue.SNAPSHOT_WAITS,
        within=(set_of.by - workflow.now()).total_seconds(),
        summary=f"wait until {made.snapshot_id} of {label} is ready",
    )
""",
        """\
    ready = ReadySnapshot(
        snapshot_id=made.snapshot_id,
        disk_id=made.disk_id,
        name=made.name,
        seen_ready_at=workflow.now(),
        expires_at=wait.expires_at,
    )
""",
        (f"{_STORY}::test_both_disks_are_ready_before_the_one_reboot_and_people_hear_of_both_ends",),
    ),
    Bug(
        "reboot-before-the-snapshots",
        "P1",
        "workflows/remediate_instance.py",
        """\
        ready = await protect(attempt, protectable(sighting.disks))
        return await climb(attempt, ready)
""",
        """\
        outcome, reason = await climb(attempt, ())
        await protect(attempt, protectable(sighting.disks))
        return outcome, reason
""",
        (f"{_STORY}::test_both_disks_are_ready_before_the_one_reboot_and_people_hear_of_both_ends",),
    ),
    Bug(
        "reboot-guard-lets-any-disk-go-without",
        "P1",
        "remediation/guardrails.py",
        "if mine is None or found is None or found.disk_id",
        "if mine is not None and found is not None and found.disk_id",
        (_NO_REBOOT,),
    ),
    Bug(
        "wrong-disk",
        "P1",
        "remediation/guardrails.py",
        "or found.disk_id != disk.disk_id or found.name != mine.name",
        "or found.name != mine.name",
        (_NO_REBOOT,),
    ),
    Bug(
        "wrong-disk-while-waiting",
        "P1",
        "activities/snapshots.py",
        "snapshot.is_lost or snapshot.disk_id != made.disk_id:",
        "snapshot.is_lost:",
        ("tests/activities/test_snapshots.py::test_a_snapshot_that_will_not_become_ready_ends_the_wait",),
    ),
    Bug(
        "stale-snapshot",
        "P1",
        "remediation/cloud.py",
        'return f"{OUR_PREFIX}{run_key}-"',
        "return OUR_PREFIX",
        ("tests/remediation/test_cloud.py::test_a_snapshots_name_is_short_and_differs_by_run_disk_and_purpose",),
    ),
    Bug(
        "stale-snapshot-of-the-incident",
        "P1",
        "workflows/protecting.py",
        "name=snapshot_name(attempt.wanted.run_key, disk.disk_id, set_of.purpose),",
        'name=snapshot_name(attempt.wanted.incident_id.rpartition("/")[2], disk.disk_id, set_of.purpose),',
        (
            "tests/workflows/test_incident.py"
            "::test_a_second_incident_makes_snapshots_of_its_own_while_the_first_ones_are_still_kept",
        ),
    ),
    Bug(
        "at-100-percent-but-CREATING",
        "P1",
        "remediation/cloud.py",
        'return self.state == "NORMAL" and self.percent == 100',
        "return self.percent == 100",
        ("tests/remediation/test_cloud.py::test_a_snapshot_is_ready_when_it_is_normal_and_whole",),
    ),
    Bug(
        "normal-but-not-whole",
        "P1",
        "remediation/cloud.py",
        'return self.state == "NORMAL" and self.percent == 100',
        'return self.state == "NORMAL"',
        ("tests/remediation/test_cloud.py::test_a_snapshot_is_ready_when_it_is_normal_and_whole",),
    ),
    Bug(
        "ready-once-is-ready-for-ever",
        "P1",
        "remediation/guardrails.py",
        "for one in seen if one.is_ready}",
        "for one in seen}",
        (_NO_REBOOT,),
    ),
    Bug(
        "missing-disk-overlooked",
        "P1",
        "remediation/guardrails.py",
        "bare += sorted(set(instance.disk_ids) - {disk.disk_id for disk in disks} - set(bare))",
        "bare += []",
        (_BARE,),
    ),
    Bug(
        "local-disks-overlooked",
        "P1",
        "remediation/guardrails.py",
        "bare = [*instance.local_disks, *(disk.disk_id",
        "bare = [*(disk.disk_id",
        (_BARE,),
    ),
    Bug(
        "local-disks-taken-for-cloud-disks",
        "P1",
        "remediation/cloud.py",
        "if kind.startswith(_LOCAL_DISKS)))",
        'if kind == "LOCAL_BASIC"))',
        ("tests/remediation/test_cloud.py::test_local_disks_are_those_of_the_host",),
    ),
    Bug(
        "shared-disks-overlooked",
        "P1",
        "remediation/guardrails.py",
        "for disk in disks if disk.shared or not disk.can_snapshot)]",
        "for disk in disks if not disk.shared and not disk.can_snapshot)]",
        (_BARE,),
    ),
    Bug(
        "no-disk-at-all-is-fine",
        "P1",
        "remediation/guardrails.py",
        "    if not disks:\n        return stop(Code.NO_DISKS)\n",
        "",
        (_BARE,),
    ),
    Bug(
        "allowing-some-skips-all",
        "P1",
        "remediation/guardrails.py",
        "if disk.shared or not disk.can_snapshot or disk.disk_id in bare:",
        'if order.runbook.unprotected == "allow":',
        (f"{_GUARDS}::test_allowing_unprotected_disks_gives_no_leave_to_skip_the_others",),
    ),
    Bug(
        "first-page-of-disks-only",
        "P1",
        "activities/clients/tencent.py",
        "if not page or (total is not None and offset >= total):",
        "if page or not page:",
        ("tests/activities/clients/test_tencent.py::test_accident_a_page_boundary_hides_no_disk",),
    ),
    Bug(
        "half-a-list-is-the-whole",
        "P1",
        "activities/clients/tencent.py",
        "if count < (total or 0):",
        "if count > (total or 0):",
        ("tests/activities/clients/test_replies.py::test_a_list_that_ends_before_its_total_is_no_list",),
    ),
    Bug(
        "what-cannot-be-understood-is-nothing-found",
        "P1",
        "activities/clients/replies.py",
        "rows = [] if reply.get(name) is None and total == 0 else reply.get(name)",
        "rows = reply.get(name) or []",
        (
            "tests/activities/clients/test_replies.py::"
            "test_a_list_that_cannot_be_understood_is_read_again_and_is_never_an_empty_one",
        ),
    ),
    Bug(
        "any-text-is-true",
        "P1",
        "activities/clients/replies.py",
        'can_snapshot=_flag(raw, "SnapshotAbility")',
        'can_snapshot=bool(raw.get("SnapshotAbility"))',
        ("tests/activities/clients/test_replies.py::test_a_row_of_other_types_than_we_know_is_read_again",),
    ),
)
