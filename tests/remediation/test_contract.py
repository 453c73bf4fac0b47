"""What crosses Temporal: ids, queues and their rates, and facts that an older or newer worker can read."""

from __future__ import annotations

import inspect
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from remediation import acts, contract, errors
from remediation.approvals import Approval
from remediation.contract import Queue
from remediation.decisions import Decision, Kind, Order, Recipient
from remediation.folding import Asked
from remediation.incidents import IncidentState, Run
from remediation.models import Fact
from remediation.notices import OPERATORS, FoldedNotice, Headline, RunRef
from remediation.rates import CALLS, PUBLISHED_RATES, RATES
from remediation.reasons import Code, because
from remediation.report import Outcome, RolledBack
from tests.remediation.facts import BASELINE, NOW, RUN_KEY, SYSTEM, a_freeze, an_alarm, an_order, ready

TARGET = acts.Target(region="ap-guangzhou", instance_id="ins-0abc1234")
RUN = Run(run_key=RUN_KEY, rule="r", started_at=NOW, watch_seconds=60, outcome=Outcome.RECOVERED, ended_at=NOW)
RECORD = contract.Record(event_id="e", kind="notify", said="so", decided_at=NOW, run=RUN)
STATE = IncidentState(seen={"e": "hash"}, runs=(RUN,), running=True)
MADE = acts.SnapshotMade(snapshot_id="snap-1", disk_id="disk-sys", name="n", request_id="r", adopted=True)
ROLLED_BACK = RolledBack(disk_id="disk-sys", snapshot_id="snap-1")
APPROVAL = Approval(by="ada", at=NOW, disks={"disk-sys": "snap-1"})

EXAMPLES: list[Fact] = [
    TARGET,
    MADE,
    RECORD,
    contract.TakenEvent(alarm=an_alarm()),
    contract.IncidentMemory(state=STATE, decisions=(RECORD,), folded=3, last_event_at=NOW),
    contract.DecideInput(alarm=an_alarm(), incident=STATE, now=NOW),
    contract.RemediateInput(
        run_key=RUN_KEY,
        alarm=an_alarm(),
        order=an_order(),
        recipients=(Recipient(channel="oncall", place=0, kind="mail"),),
        incident_id="cvm/ap-guangzhou/ins-0abc1234",
    ),
    contract.RebootBegun(run_key=RUN_KEY, at=NOW),
    contract.RemediationEnded(run_key=RUN_KEY, outcome="recovered", ended_at=NOW),
    acts.CreateSnapshotInput(
        target=TARGET, order=an_order(), run_key=RUN_KEY, disk=SYSTEM, name="n", expires_at=NOW + timedelta(days=14)
    ),
    contract.WaitForSnapshotInput(target=TARGET, snapshot=MADE, expires_at=NOW),
    acts.RebootInput(
        target=TARGET,
        order=an_order(runbook={"snapshot": "none", "unprotected": "allow"}),
        run_key=RUN_KEY,
        baseline=BASELINE,
        ready=(ready(SYSTEM),),
        alarmed_at=NOW,
    ),
    acts.Lost[acts.ActInput](
        wanted=acts.ActInput(target=TARGET, order=an_order(), run_key=RUN_KEY), since=NOW, settled_at=NOW
    ),
    acts.StopInput(
        target=TARGET, order=an_order(), run_key=RUN_KEY, baseline=BASELINE, ready=(ready(SYSTEM),), alarmed_at=NOW
    ),
    ROLLED_BACK,
    acts.StartInput(
        target=TARGET,
        order=an_order(),
        run_key=RUN_KEY,
        baseline=BASELINE,
        approval=APPROVAL,
        rolled_back=(ROLLED_BACK,),
    ),
    acts.ApplySnapshotInput(
        target=TARGET,
        order=an_order(),
        run_key=RUN_KEY,
        baseline=BASELINE,
        snapshot=ready(SYSTEM),
        approval=APPROVAL,
    ),
    acts.InvokeCommandInput(target=TARGET, order=an_order(), run_key=RUN_KEY, command_id="cmd-1"),
    acts.CommandSent(invocation_id="inv-2", adopted=True),
    acts.OperationSent(request_id="r", sent_at=NOW),
    contract.WaitForOperationInput(target=TARGET, request_id="r"),
    contract.WaitForReportInput(target=TARGET, invocation_id="inv-1"),
    contract.WaitForRollbackInput(target=TARGET, disk_id="disk-sys", snapshot_id="snap-1"),
    contract.SnapshotsRead(target=TARGET, snapshot_ids=("snap-1",)),
    contract.GoodSnapshotAsked(target=TARGET, disk_id="disk-sys", before=NOW, run_key="k"),
    contract.VerifyInput(target=TARGET, request_id="r", back_at=NOW, recovered_at=NOW, last_look=True),
    contract.NoticesAsked(
        limit=5,
        notices=(
            Asked(
                notice=FoldedNotice(
                    id="n-1",
                    headline=Headline.NEEDS_YOU,
                    instance_id="ins-0abc1234",
                    outcome=Outcome.HANDED_OVER,
                    reason=because(Code.NO_PROOF, timeout="1 min"),
                    run=RunRef(workflow_id="w"),
                ),
                recipient=OPERATORS,
            ),
        ),
    ),
    contract.UnreadableInput(body="{}", reason="no", received_at=NOW),
    contract.PermitAsked(
        key=RUN_KEY,
        instance_id="ins-0abc1234",
        region="ap-guangzhou",
        rule="disk-read-only",
        incident_id="cvm/ap-guangzhou/ins-0abc1234",
        max_acting=3,
        max_actions_per_hour=10,
        everywhere=a_freeze("all", now=NOW),
    ),
    contract.PermitAnswer(granted=False, reason=because(Code.HOUR_USED, count=10, limit=10), ask_again_seconds=300),
    contract.TurnCame(key=RUN_KEY),
    contract.PermitUsed(key=RUN_KEY, run_id="r"),
    contract.PermitEnded(key=RUN_KEY),
    contract.PermitWithdrawn(key=RUN_KEY),
    contract.HoldersAsked(
        holders=(contract.Holder(key=RUN_KEY, remediation_id="cvm/r/i/remediation", incident_id="cvm/r/i"),)
    ),
    contract.Holder(key=RUN_KEY, remediation_id="cvm/r/i/remediation", incident_id="cvm/r/i"),
]


def test_there_is_an_example_of_every_fact_in_the_contract() -> None:
    ours = {
        one
        for module in (contract, acts)
        for _, one in inspect.getmembers(module, inspect.isclass)
        if one.__module__ == module.__name__ and issubclass(one, Fact)
    }
    examples = {type(one) for one in EXAMPLES}
    assert {one for one in ours if not any(issubclass(example, one) for example in examples)} == set()


@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: type(fact).__name__)
def test_a_fact_survives_its_journey_as_json(fact: Fact) -> None:
    assert type(fact).model_validate_json(fact.model_dump_json()) == fact
    assert type(fact).model_validate(fact.model_dump(mode="json")) == fact


@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: type(fact).__name__)
def test_an_older_worker_reads_what_a_newer_one_sends(fact: Fact) -> None:
    sent: Any = fact.model_dump(mode="json")
    newer = {**sent, "of_a_later_version": {"a": [1]}}
    for name, value in sent.items():
        if isinstance(value, dict) and isinstance(getattr(fact, name), Fact):
            newer[name] = {**value, "of_a_later_version": 1}
    assert type(fact).model_validate(newer) == fact


def test_an_order_with_a_word_that_this_worker_does_not_know_is_not_half_obeyed() -> None:
    # A later version's `approval: required` must wait for a worker that knows it.
    sent = an_order().model_dump(mode="json")
    sent["runbook"]["approval"] = "required"
    with pytest.raises(ValidationError, match="approval"):
        Order.model_validate(sent)


def test_facts_do_not_change_after_they_were_made() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        TARGET.region = "elsewhere"  # type: ignore[misc]  # the point of the test


def test_a_decision_survives_its_journey() -> None:
    decision = Decision(
        kind=Kind.REMEDIATE, event_id="e", reason=because(Code.RULE_RUNS, rule="r"), order=an_order(), decided_at=NOW
    )
    assert Decision.model_validate_json(decision.model_dump_json()) == decision


@pytest.mark.parametrize("suffix", ["", "/remediation"])
def test_an_incidents_id_reads_both_ways(suffix: str) -> None:
    workflow_id = contract.incident_id("ap-guangzhou", "ins-0abc1234")
    assert workflow_id == "cvm/ap-guangzhou/ins-0abc1234"
    assert contract.parse_incident_id(workflow_id + suffix) == ("ap-guangzhou", "ins-0abc1234")
    assert contract.remediation_id("ap-guangzhou", "ins-0abc1234") == f"{workflow_id}/remediation"


def test_a_remediation_has_one_id_for_each_instance() -> None:
    ids = [contract.remediation_id(*at) for at in (("gz", "ins-a"), ("gz", "ins-b"), ("sh", "ins-a"), ("gz", "ins-a"))]
    assert len(set(ids)) == 3
    assert ids[0] == ids[3]


def test_the_same_unreadable_body_has_the_same_id() -> None:
    assert contract.unreadable_id("abc") == "unreadable/abc"
    assert contract.unreadable_id("abc") != contract.unreadable_digest_id("abc")


def test_each_queue_has_a_name_of_its_own() -> None:
    names = [queue.of("medic") for queue in Queue]
    assert Queue.WORKFLOWS.of("medic") == "medic"
    assert len(set(names)) == len(Queue)
    assert all(name.startswith("medic") for name in names)


def test_every_rate_is_accounted_for() -> None:
    assert set(RATES) == set(CALLS)
    assert {action for calls in CALLS.values() for action in calls} == set(PUBLISHED_RATES)
    # Only these send no call to the cloud.
    assert set(Queue) - set(RATES) == {Queue.WORKFLOWS, Queue.NOTICES, Queue.FLEET}


@pytest.mark.parametrize("action", PUBLISHED_RATES)
def test_all_queues_together_stay_below_the_published_rate_in_one_region(action: str) -> None:
    asked: Counter[str] = Counter()
    for queue, calls in CALLS.items():
        for name, count in calls.items():
            asked[name] += int(count * RATES[queue])
    assert 0 < asked[action] < PUBLISHED_RATES[action]


@pytest.mark.parametrize("kind", contract.FINAL)
def test_a_failure_that_is_final_is_a_class_of_the_error_tree(kind: str) -> None:
    assert issubclass(getattr(errors, kind), errors.CloudError)
    assert set(contract.FINAL).isdisjoint({"Throttled", "NotYet"})
    assert set(contract.FINAL) < set(contract.FINAL_WHEN_MUTATING)


def test_search_attributes_are_those_that_the_design_names() -> None:
    assert [one.value for one in contract.SearchAttribute] == [
        "MedicInstance",
        "MedicRegion",
        "MedicRule",
        "MedicPhase",
        "MedicOutcome",
    ]
