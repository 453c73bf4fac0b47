"""What the doctor makes of what was read: each fault is named, and nothing that was not seen is called well."""

from __future__ import annotations

import json
import re
import string
from typing import Any

import pytest

from remediation import diagnosis_words_en, diagnosis_words_zh
from remediation.cloud import APPLY_SNAPSHOT, CREATE_SNAPSHOT, INVOKE_COMMAND, REBOOT, START, STOP, Caller
from remediation.config import read_config
from remediation.contract import Queue, SearchAttribute
from remediation.diagnosis import (
    Check,
    Finding,
    Poller,
    Seen,
    Status,
    finding,
    is_well,
    judge_attributes,
    judge_quota,
    judge_retention,
    judge_workers,
    not_looked,
    regions_of,
    waits_for,
)
from remediation.diagnosis_cloud import (
    WHO_CALLS,
    Look,
    judge_clock,
    judge_credentials,
    judge_read,
    judge_room,
    judge_writes,
)
from remediation.diagnosis_page import GivenRule, bus_unread, judge_channels, judge_page, judge_rules, read_rules
from remediation.errors import ConfigError
from remediation.eventbridge import bus_rules
from remediation.kept_snapshots import Quota
from remediation.linting import Severity
from remediation.telling_findings import tell_finding
from tests.remediation.facts import ENVIRONMENT, PAGE, SECRET, a_config

KNOWN = {one.value: "Keyword" for one in SearchAttribute}
OURS = Poller(identity="1@here", build="abc")
QUEUES = [queue.of("medic") for queue in Queue]
DENIED = {"code": "UnauthorizedOperation", "error": "not authorized"}
EXPIRED = {"code": "AuthFailure.SignatureExpire", "error": "the clock"}
FORGED = {"code": "AuthFailure.SignatureFailure", "error": "the secret key does not belong to the secret id"}
LOST = {"code": "ClientNetworkError", "error": "no usable answer"}


def everywhere(*pollers: Poller) -> dict[str, list[Poller]]:
    return {queue: list(pollers) for queue in QUEUES}


def a_look(action: str = "DescribeDisks", **facts: Any) -> Look:
    return Look.model_validate({"action": action, "region": "ap-guangzhou", **facts})


def states(*findings: Finding) -> list[tuple[Status, Seen]]:
    return [(one.status, one.seen) for one in findings]


# --- Temporal ---


@pytest.mark.parametrize(
    ("hours", "status"),
    [(23, Status.PROBLEM), (24, Status.WARNING), (47, Status.WARNING), (48, Status.OK), (720, Status.OK)],
)
def test_a_retention_below_an_incidents_memory_is_a_problem(hours: float, status: Status) -> None:
    assert judge_retention(hours * 3600, "default").status is status


def test_search_attributes_that_are_missing_or_of_another_type_are_named_with_the_command() -> None:
    less = {name: kind for name, kind in KNOWN.items() if name != "MedicPhase"}
    missing = judge_attributes(less, "prod")
    assert states(missing) == [(Status.PROBLEM, Seen.ATTRIBUTES_MISSING)]
    assert missing.facts["names"] == "MedicPhase"
    assert missing.facts["command"].endswith("create --namespace prod --name MedicPhase --type Keyword")
    assert states(judge_attributes({**KNOWN, "MedicRule": "Text"}, "prod")) == [(Status.PROBLEM, Seen.ATTRIBUTES_ODD)]
    assert states(judge_attributes(KNOWN, "prod")) == [(Status.OK, Seen.ATTRIBUTES_THERE)]
    assert states(judge_attributes(KNOWN, "prod", added=("MedicPhase",))) == [(Status.OK, Seen.ATTRIBUTES_ADDED)]


@pytest.mark.parametrize(
    ("polled", "expected"),
    [
        ({}, [(Status.PROBLEM, Seen.WORKER_ABSENT), (Status.UNKNOWN, Seen.WAITS)]),
        (everywhere(OURS), [(Status.OK, Seen.WORKER_POLLS), (Status.OK, Seen.VERSION_SAME)]),
        (
            {**everywhere(OURS), "medic-fleet": []},
            [(Status.PROBLEM, Seen.WORKER_PARTLY), (Status.OK, Seen.VERSION_SAME)],
        ),
        (
            everywhere(OURS, Poller(identity="2@there", build="def")),
            [(Status.OK, Seen.WORKER_POLLS), (Status.WARNING, Seen.VERSION_OTHER)],
        ),
        (
            everywhere(Poller(identity="1@here")),
            [(Status.OK, Seen.WORKER_POLLS), (Status.WARNING, Seen.VERSION_UNSAID)],
        ),
    ],
    ids=["nobody", "all", "one queue without", "another build", "a build unsaid"],
)
def test_who_polls_which_queue_and_of_which_build(polled: dict[str, list[Poller]], expected: Any) -> None:
    assert states(*judge_workers({**everywhere(), **polled}, "medic", "default", "abc")) == expected


# --- the cloud ---


@pytest.mark.parametrize(
    ("looks", "caller", "expected"),
    [
        ([a_look(WHO_CALLS)], Caller(account="1", arn="qcs::cam:1:uin/1"), (Status.OK, Seen.CREDENTIALS_OF)),
        ([a_look(WHO_CALLS, **FORGED), a_look(**FORGED)], None, (Status.PROBLEM, Seen.CREDENTIALS_REFUSED)),
        ([a_look(WHO_CALLS, code="NoCredentials", error="none")], None, (Status.PROBLEM, Seen.CREDENTIALS_REFUSED)),
        ([a_look(WHO_CALLS, **DENIED), a_look(**DENIED)], None, (Status.WARNING, Seen.CREDENTIALS_TAKEN)),
        ([a_look(WHO_CALLS, **LOST), a_look()], None, (Status.WARNING, Seen.CREDENTIALS_TAKEN)),
        ([a_look(WHO_CALLS, **LOST), a_look(**LOST)], None, (Status.UNKNOWN, Seen.NOT_LOOKED)),
        ([a_look(WHO_CALLS, **EXPIRED), a_look(**EXPIRED)], None, (Status.UNKNOWN, Seen.WAITS)),
    ],
    ids=["whose", "forged", "none", "denied", "taken elsewhere", "no answer", "the clock"],
)
def test_credentials_are_well_only_if_the_cloud_took_them(
    looks: list[Look], caller: Caller | None, expected: tuple[Status, Seen]
) -> None:
    assert states(judge_credentials(looks, caller)) == [expected]


@pytest.mark.parametrize(
    ("looks", "expected", "seconds"),
    [
        ([a_look(clock_ahead=9.0), a_look(clock_ahead=0.4)], (Status.OK, Seen.CLOCK_RIGHT), "+0"),
        ([a_look(clock_ahead=-45.0)], (Status.WARNING, Seen.CLOCK_OFF), "-45"),
        ([a_look(clock_ahead=-600.0, **EXPIRED)], (Status.PROBLEM, Seen.CLOCK_OFF), "-600"),
        ([a_look(clock_ahead=301.0)], (Status.PROBLEM, Seen.CLOCK_OFF), "+301"),
        ([a_look(**EXPIRED)], (Status.PROBLEM, Seen.CLOCK_OFF), "> 300"),
        ([a_look(**LOST)], (Status.UNKNOWN, Seen.CLOCK_UNTOLD), None),
    ],
)
def test_a_clock_is_judged_by_the_nearest_answer_and_never_called_right_without_one(
    looks: list[Look], expected: tuple[Status, Seen], seconds: str | None
) -> None:
    found = judge_clock(looks)
    assert states(found) == [expected]
    assert found.facts.get("seconds") == seconds


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, (Status.OK, Seen.READ_ALLOWED)),
        ({"code": "InvalidInstanceId.NotFound", "error": "no such"}, (Status.OK, Seen.READ_ALLOWED)),
        ({"code": "InvalidParameterValue.InvalidInstanceId", "error": "no such"}, (Status.OK, Seen.READ_ALLOWED)),
        (DENIED, (Status.PROBLEM, Seen.READ_DENIED)),
        ({"code": "AuthFailure.UnauthorizedOperation", "error": "no"}, (Status.PROBLEM, Seen.READ_DENIED)),
        ({"code": "UnauthorizedOperation.InvalidToken", "error": "no"}, (Status.UNKNOWN, Seen.WAITS)),
        (FORGED, (Status.UNKNOWN, Seen.WAITS)),
        (EXPIRED, (Status.UNKNOWN, Seen.WAITS)),
        (LOST, (Status.UNKNOWN, Seen.NOT_LOOKED)),
        ({"error": "no answer within 60 s"}, (Status.UNKNOWN, Seen.NOT_LOOKED)),
    ],
)
def test_a_read_is_denied_only_if_the_cloud_says_so(facts: dict[str, str], expected: tuple[Status, Seen]) -> None:
    assert states(judge_read(a_look(**facts))) == [expected]


def test_a_permission_is_named_as_it_is_granted() -> None:
    assert judge_read(a_look(**DENIED)).about == "cvm:DescribeDisks, ap-guangzhou"
    commands = judge_read(a_look("DescribeInvocationTasks", **DENIED))
    assert (commands.about, commands.facts["policy"]) == ("tat:DescribeInvocationTasks, ap-guangzhou", "guest-command")


@pytest.mark.parametrize(
    ("facts", "first"),
    [(FORGED, Check.CREDENTIALS), (EXPIRED, Check.CLOCK), (DENIED, Check.READ), (LOST, None), ({}, None)],
    ids=["forged", "expired", "denied", "lost", "read"],
)
def test_a_quota_that_was_not_read_waits_for_what_kept_us_from_it(facts: dict[str, str], first: Check | None) -> None:
    for looks in ((a_look(**facts), a_look()), (a_look(), a_look(**facts))):
        found = judge_room(*looks, Quota(count=0, limit=64), "ap-guangzhou")
        assert found.facts.get("first") == (first.value if first is not None else None)
        assert (found.status is Status.OK) is (facts == {})


ALL_WRITES = {CREATE_SNAPSHOT, REBOOT, STOP, START, APPLY_SNAPSHOT, INVOKE_COMMAND}
ROLLS_BACK = PAGE.replace("5m}\n", "5m}\n      - rollback\n", 1) + "approvers: [somebody]\n"
INSIDE = "guest: {commands: {ap-guangzhou: cmd-1}}\n"


@pytest.mark.parametrize(
    ("page", "needed"),
    [
        (PAGE, {CREATE_SNAPSHOT, REBOOT}),
        (PAGE + INSIDE, {CREATE_SNAPSHOT, REBOOT, INVOKE_COMMAND}),
        (PAGE.replace("mode: act", "mode: observe") + INSIDE, set()),
        (PAGE.replace("snapshot: {disks: all", "unprotected: allow\n    snapshot: none #"), {REBOOT}),
        (ROLLS_BACK + INSIDE, ALL_WRITES),
        (None, ALL_WRITES),
    ],
    ids=["acts", "looks inside", "observes", "unprotected", "rolls back", "no page"],
)
def test_what_a_rule_may_come_to_can_only_be_looked_at_by_hand_and_the_rest_is_not_needed(
    page: str | None, needed: set[str]
) -> None:
    found = judge_writes(None if page is None else a_config(page))
    by_hand = {one.about.partition(":")[2] for one in found if one.status is Status.BY_HAND}
    assert by_hand == needed
    assert len(found) == len(ALL_WRITES)
    assert is_well(found)


@pytest.mark.parametrize(("count", "status"), [(63, Status.OK), (103, Status.WARNING), (128, Status.PROBLEM)])
def test_a_quota_that_is_near_is_told_before_it_is_used_up(count: int, status: Status) -> None:
    assert judge_quota(Quota(count=count, limit=128), "ap-guangzhou").status is status


# --- the page ---


def test_a_mistake_of_the_page_is_a_problem_with_its_place_and_a_doubt_is_a_warning() -> None:
    mistake = ConfigError("no runbook is named `x`", "medic.yaml", 3, 5, "rules[0].run")
    found = judge_page([(Severity.ERROR, mistake), (Severity.WARNING, mistake)], "medic.yaml")
    assert states(*found) == [(Status.PROBLEM, Seen.PAGE_WRONG), (Status.WARNING, Seen.PAGE_DOUBTFUL)]
    assert found[0].about == "medic.yaml:3:5"
    assert "rules[0].run: no runbook" in found[0].facts["error"]
    assert states(*judge_page([], "medic.yaml")) == [(Status.OK, Seen.PAGE_RIGHT)]


def channels(environment: dict[str, str], mail_trouble: str = "", page: str = PAGE) -> dict[str, Finding]:
    secrets = None
    try:
        config = read_config(page, "medic.yaml", environment)
    except ConfigError as error:
        config, secrets = read_config(page, "medic.yaml", None), error
    return {str(recipient): one for recipient, one in judge_channels(config, secrets, mail_trouble)}


def test_every_address_is_judged_by_itself_and_no_secret_is_told() -> None:
    well = channels(ENVIRONMENT)
    assert set(well) == {"oncall[0] (webhook)", "oncall[1] (mail)", "quiet[0] (mail)"}
    assert {one.status for one in well.values()} == {Status.OK}
    assert SECRET not in str(well)
    for environment, said in [({}, "ONCALL_WEBHOOK"), ({"ONCALL_WEBHOOK": "https:///robot"}, "no host")]:
        wrong = {name: one for name, one in channels(environment).items() if one.status is not Status.OK}
        assert list(wrong) == ["oncall[0] (webhook)"]
        assert said in wrong["oncall[0] (webhook)"].facts["error"]
    for kind in ("wecom", "feishu", "dingtalk"):
        for url in ("https://", "https:///robot", "https://a..b/robot"):
            wrong = channels({"ONCALL_WEBHOOK": url}, page=PAGE.replace("webhook: ${", f"{kind}: ${{"))
            assert "no host" in wrong[f"oncall[0] ({kind})"].facts["error"]
    without_mail = [name for name, one in channels(ENVIRONMENT, "no server").items() if one.status is Status.PROBLEM]
    assert without_mail == ["oncall[1] (mail)", "quiet[0] (mail)"]


def test_regions_are_those_that_the_page_names() -> None:
    there = PAGE.replace('status: "1"}', 'status: "1", region: [ap-beijing, {prefix: "eu-"}]}')
    assert regions_of(a_config(there + INSIDE)) == ("ap-beijing", "ap-guangzhou")
    assert regions_of(a_config()) == regions_of(None) == ("ap-guangzhou",)


# --- EventBridge's rules ---

WANTED = bus_rules(a_config())
TERRAFORM = json.dumps({"rules": {one.name: {"pattern": one.pattern_text} for one in WANTED}})


def answer(name: str, pattern: object, **more: Any) -> str:
    """As GetRule gives it."""
    return json.dumps({"RuleName": name, "EventPattern": json.dumps(pattern), "Enable": True, **more}, indent=2)


def test_rules_that_let_in_all_are_well_in_either_form() -> None:
    for text in (
        TERRAFORM,
        "\n".join(answer(one.name, one.pattern) for one in WANTED),
        answer("all", {"source": "cvm.cloud.tencent"}),
        json.dumps({"Response": {"RuleName": "all", "EventPattern": '{"source":["cvm.cloud.tencent"]}'}}),
    ):
        found = judge_rules(a_config(), read_rules(text), "it", Status.PROBLEM)
        assert states(*found) == [(Status.OK, Seen.RULES_LET_IN)]


@pytest.mark.parametrize(
    "bent",
    [
        [GivenRule(name=one.name, pattern=one.pattern) for one in WANTED[1:]],
        [GivenRule(name=one.name, pattern={**one.pattern, "status": ["1"]}) for one in WANTED[:1]]
        + [GivenRule(name=one.name, pattern=one.pattern) for one in WANTED[1:]],
        [
            *read_rules(answer(WANTED[0].name, WANTED[0].pattern, Enable=False)),
            *(GivenRule(name=one.name, pattern=one.pattern) for one in WANTED[1:]),
        ],
    ],
    ids=["missing", "narrower", "switched off"],
)
def test_a_rule_that_is_missing_narrower_or_switched_off_is_named_with_its_pattern(bent: list[GivenRule]) -> None:
    [wanted] = judge_rules(a_config(), bent, "the bus", Status.PROBLEM)
    assert states(wanted) == [(Status.PROBLEM, Seen.RULES_KEEP_OUT)]
    assert wanted.about == WANTED[0].name
    assert wanted.facts["pattern"] == WANTED[0].pattern_text


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"Rules": []}', '{"rules": {"a": 1}}', answer("a", {"source": [{"x": 1}]})]
)
def test_what_holds_no_rules_is_refused_and_not_taken_for_none(text: str) -> None:
    with pytest.raises(ValueError):  # of several parsers, each with its own words
        read_rules(text)


# --- the words ---


def test_an_unknown_is_never_well_and_what_is_by_hand_does_not_count() -> None:
    assert is_well(bus_unread())
    assert is_well([finding(Check.CLOCK, Status.WARNING, Seen.CLOCK_OFF, seconds="-45")])
    assert not is_well([not_looked(Check.QUOTA, "no answer")])
    assert not is_well([finding(Check.CLOCK, Status.PROBLEM, Seen.CLOCK_OFF, seconds="-600")])


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_catalogues_have_words_for_everything_with_the_same_facts() -> None:
    english, chinese = diagnosis_words_en, diagnosis_words_zh
    for names, first, second in [
        (Status, english.STATUSES, chinese.STATUSES),
        (Check, english.CHECKS, chinese.CHECKS),
        (Seen, english.SEEN, chinese.SEEN),
    ]:
        assert set(first) == set(second) == set(names)  # type: ignore[call-overload]  # three kinds of names
    for seen in Seen:
        for one, other in zip(english.SEEN[seen], chinese.SEEN[seen], strict=True):
            assert placeholders(one) == placeholders(other), seen
            assert bool(one) == bool(other), seen
    assert all(re.search(r"[\u4e00-\u9fff]", why) for _, why in chinese.CHECKS.values())


def test_a_finding_is_told_with_its_facts_on_one_line() -> None:
    one = judge_read(a_look(**DENIED))
    told = tell_finding(one, "en")
    assert told == ("problem", "read permission", "denied", told.why, told.fix)
    assert "deploy/terraform/policies/read.json" in told.fix
    assert "被拒绝" in tell_finding(one, "zh").what
    assert tell_finding(waits_for(Check.CLOCK, Check.CREDENTIALS), "zh").what == "未查看：请先解决“时钟”"
    odd = not_looked(Check.QUOTA, "two\nlines {and} braces")
    assert tell_finding(odd, "en").what == "could not be looked at: two lines {and} braces"
