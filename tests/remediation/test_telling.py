"""What people read: whole in both languages, first lines exact, and what the reader has to do always first."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from remediation import words_en, words_zh
from remediation.events import KNOWN_FAULTS
from remediation.links import run_url
from remediation.notices import Headline, Notice, Plan, PlannedDisk, PlannedRung, RunRef, headline_of
from remediation.phrases import Phrase
from remediation.reasons import Code, Reason, because
from remediation.report import Outcome, RebootSent, RemediationResult, SnapshotTaken, Step
from remediation.runbooks import Mode
from remediation.telling import say, tell
from remediation.wording import clean, write_span

ROOT = Path(__file__).parents[2]
LOCALES = ("en", "zh")
SINCE = datetime(2026, 11, 22, 19, 12, 9, tzinfo=timezone.utc)
RUN = RunRef(workflow_id="cvm/ap-guangzhou/ins-abc/remediation", run_id="0193-abc")
PLAN = Plan(
    disks=(PlannedDisk(disk_id="disk-sys", usage="SYSTEM_DISK", size_gib=50), PlannedDisk(disk_id="disk-data")),
    keep_seconds=14 * 86_400,
    snapshots_by=SINCE + timedelta(hours=4),
    rungs=(PlannedRung(stop_type="SOFT", timeout_seconds=300),),
)


def a_notice(headline: Headline, **facts: Any) -> Notice:
    told: dict[str, Any] = {
        "id": "n-1",
        "headline": headline,
        "instance_id": "ins-abc",
        "region": "ap-guangzhou",
        "name": "web-1",
        "fault": "DiskReadonly",
        "since": SINCE,
        "rule": "disk-read-only",
        "mode": Mode.ACT,
        "run": RUN,
    }
    return Notice(**{**told, **facts})


def a_result(outcome: Outcome = Outcome.RECOVERED, code: Code = Code.PROVEN, **facts: Any) -> RemediationResult:
    told: dict[str, Any] = {
        "run_key": "k",
        "outcome": outcome,
        "reason": because(code),
        "instance_id": "ins-abc",
        "region": "ap-guangzhou",
        "rule": "disk-read-only",
        "mode": Mode.ACT,
        "started_at": SINCE,
        "ended_at": SINCE + timedelta(minutes=9),
    }
    return RemediationResult(**{**told, **facts})


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def reasons_in_the_source() -> Iterator[tuple[str, str, set[str]]]:
    """(place, code, names of its facts) of every reason that the code gives literally."""
    for room in ("remediation", "activities", "workflows", "starter"):
        for file in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name):
                    first = node.args[0]
                    named = isinstance(first, ast.Attribute) and ast.unparse(first.value) == "Code"
                    if named and node.func.id in ("because", "_stop", "_wait") and isinstance(first, ast.Attribute):
                        facts = {word.arg for word in node.keywords if word.arg is not None}
                        yield f"{file.name}:{node.lineno}", first.attr, facts


def test_both_languages_say_everything_with_the_same_placeholders() -> None:
    assert set(words_en.REASONS) == set(words_zh.REASONS) == set(Code)
    assert set(words_en.PHRASES) == set(words_zh.PHRASES) == set(Phrase)
    assert set(words_en.NAMES) == set(words_zh.NAMES)
    for code in Code:
        assert placeholders(words_en.REASONS[code]) == placeholders(words_zh.REASONS[code]), code
    for phrase in Phrase:
        assert placeholders(words_en.PHRASES[phrase]) == placeholders(words_zh.PHRASES[phrase]), phrase


def test_every_fault_and_every_outcome_has_a_name_in_both_languages() -> None:
    named = set(words_en.NAMES)
    assert set(KNOWN_FAULTS) <= named
    assert {outcome.value for outcome in Outcome} <= named


def test_whoever_gives_a_reason_gives_the_facts_that_its_words_need() -> None:
    found = list(reasons_in_the_source())
    assert found
    for place, code, facts in found:
        assert placeholders(words_en.REASONS[Code[code]]) <= facts, f"{place} gives {code} without a fact it needs"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", Code)
def test_every_reason_can_be_said_with_and_without_its_facts(code: Code, locale: str) -> None:
    names = placeholders(words_en.REASONS[code])
    said = say(Reason(code=code, facts={name: f"<{name}>" for name in names}), locale)
    assert all(f"<{name}>" in said for name in names)
    assert say(Reason(code=code), locale).count("?") >= len(names)


def test_a_reason_never_fails_on_what_its_facts_hold() -> None:
    said = say(because(Code.CLOUD_ERROR, error="{0} {unknown!r} %s\nsecond line\x1b[31m."))
    assert "{0} {unknown!r} %s second line[31m. If" in said
    assert say(because(Code.WRONG_STATE, state=""), "en").startswith("The instance is ?")
    assert len(say(because(Code.CLOUD_ERROR, error="x" * 100_000))) < 1000


def test_an_unknown_language_is_told_in_english() -> None:
    notice = a_notice(Headline.OBSERVED)
    assert tell(notice, "fr") == tell(notice, "en")


@pytest.mark.parametrize(
    ("locale", "facts", "first_line"),
    [
        ("en", {}, "[NEEDS YOU] web-1 (ins-abc, ap-guangzhou): disk read-only since 03:12"),
        ("zh", {}, "[NEEDS YOU] web-1 (ins-abc, ap-guangzhou): 磁盘只读，始于 03:12"),
        ("en", {"name": ""}, "[NEEDS YOU] ins-abc (ap-guangzhou): disk read-only since 03:12"),
        ("en", {"fault": "Rewired"}, "[NEEDS YOU] web-1 (ins-abc, ap-guangzhou): Rewired since 03:12"),
        ("en", {"since": None}, "[NEEDS YOU] web-1 (ins-abc, ap-guangzhou): disk read-only"),
        ("en", {"headline": Headline.ACTING}, "[ACTING] web-1 (ins-abc, ap-guangzhou): disk read-only since 03:12"),
    ],
)
def test_the_first_line_is_exact(locale: str, facts: dict[str, Any], first_line: str) -> None:
    told = tell(a_notice(**{"headline": Headline.NEEDS_YOU, **facts}), locale)
    assert told.subject == first_line
    assert told.text.splitlines()[0] == first_line


def test_the_first_line_tells_the_time_of_the_readers_zone() -> None:
    assert tell(a_notice(Headline.HELD), "en", zone=timezone.utc).subject.endswith("since 19:12")


@pytest.mark.parametrize("locale", LOCALES)
def test_before_acting_it_says_what_comes_when_and_how_to_stop_it(locale: str) -> None:
    text = tell(a_notice(Headline.ACTING, plan=PLAN), locale, run_url="http://ui/run").text
    order = [text.index(step) for step in ("1. ", "disk-sys", "50 GiB", "2. ", "disk-data", "3. ", "SOFT", "5 min")]
    assert order == sorted(order)
    assert "2026-11-23 07:12:09+08:00" in text
    assert "medic cancel cvm/ap-guangzhou/ins-abc/remediation" in text
    assert "http://ui/run" in text
    assert "disk-read-only" in text


def test_a_plan_without_snapshots_says_that_the_reboot_can_come_at_once() -> None:
    bare = PLAN.model_copy(update={"disks": (), "snapshots_by": None})
    text = tell(a_notice(Headline.ACTING, plan=bare), "en").text
    assert "1. no snapshot" in text
    assert "The reboot can come at any moment" in text


def test_while_the_instance_cannot_be_read_it_says_that_nothing_was_changed() -> None:
    notice = a_notice(Headline.ACTING, reason=because(Code.CLOUD_SILENT, seconds=60, error="timed out"))
    text = tell(notice, "en").text
    assert "Not yet. Nothing was changed" in text
    assert "out of reach for 60 s: timed out. Check" in text
    assert "medic cancel" in text


def test_an_observing_rule_says_what_it_would_do_and_how_to_let_it_act() -> None:
    text = tell(a_notice(Headline.OBSERVED, plan=PLAN, mode=Mode.OBSERVE), "en").text
    assert "What it would do" in text
    assert "nothing was changed" in text
    assert "`mode: act` in rule `disk-read-only`" in text
    assert "medic cancel" not in text


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_ending_says_first_whether_anything_must_be_done(outcome: Outcome, locale: str) -> None:
    notice = a_notice(headline_of(outcome), result=a_result(outcome))
    second = tell(notice, locale).text.splitlines()[2]
    no, yes = {"en": ("No.", "Yes"), "zh": ("不需要", "需要")}[locale]
    answer = second.partition("? " if locale == "en" else "？")[2]
    assert answer.startswith(no) if outcome.is_well else (yes in answer and not answer.startswith(no))


@pytest.mark.parametrize("locale", LOCALES)
def test_the_end_tells_outage_proof_snapshots_times_and_what_was_not_delivered(locale: str) -> None:
    ready = SnapshotTaken(
        disk_id="disk-sys", snapshot_id="snap-1", name="n", ready=True, expires_at=SINCE + timedelta(days=14)
    )
    unready = SnapshotTaken(disk_id="disk-data", snapshot_id="snap-2", name="m", expires_at=SINCE + timedelta(days=14))
    sent = SINCE + timedelta(seconds=100)
    result = a_result(
        snapshots=(ready, unready),
        reboot=RebootSent(request_id="req-9", sent_at=sent, back_at=sent + timedelta(seconds=31)),
        proven=(because(Code.REBOOT_DONE, request="req-9"),),
        unproven=(because(Code.GUEST_NOT_PROBED),),
        steps=(Step(name="snapshots", started_at=SINCE, ended_at=sent),),
        undelivered=("oncall[1] (mail)",),
    )
    text = tell(a_notice(Headline.RECOVERED, reason=result.reason, result=result), locale).text
    told = ["31", say(result.proven[0], locale), say(result.unproven[0], locale), "snap-1", "snap-2", "ApplySnapshot"]
    told += ["1 min 40 s", "oncall[1] (mail)"]
    order = [text.index(one) for one in told]
    assert order == sorted(order)
    assert text.count(say(result.reason, locale)) == 1
    assert text.count("2026-12-07 03:12:09+08:00") == 2


def test_without_a_ready_snapshot_nobody_is_told_to_restore_one() -> None:
    unready = SnapshotTaken(disk_id="disk-a", snapshot_id="snap-1", name="n", expires_at=SINCE)
    result = a_result(Outcome.HANDED_OVER, Code.SNAPSHOT_TIMEOUT, snapshots=(unready,))
    text = tell(a_notice(Headline.NEEDS_YOU, result=result), "en").text
    assert "do not rely on it" in text
    assert "ApplySnapshot" not in text
    assert "no reboot of this run is on record" in text


def test_an_outage_that_was_not_seen_to_end_has_no_length() -> None:
    result = a_result(
        Outcome.NOT_RECOVERED, Code.REBOOT_TIMEOUT, reboot=RebootSent(request_id="r", sent_at=SINCE, adopted=True)
    )
    text = tell(a_notice(Headline.NEEDS_YOU, result=result), "en").text
    assert "Outage: since 2026-11-23 03:12:09+08:00, not seen to have ended (request r); the answer was lost" in text


def test_operators_who_get_what_others_did_not_read_both_reasons() -> None:
    lost = because(Code.UNDELIVERED, recipient="oncall[0] (webhook)", error="webhook example.com answered 500")
    under_way = tell(a_notice(Headline.NEEDS_YOU, plan=PLAN, reason=lost), "en").text
    assert "Yes. Others were to get this notice" in under_way
    assert "What happens next" in under_way
    ended = tell(a_notice(Headline.NEEDS_YOU, result=a_result(), reason=lost), "en").text
    assert "oncall[0] (webhook)" in ended
    assert say(because(Code.PROVEN)) in ended


def test_what_could_not_be_read_has_a_first_line_of_its_own_and_bounded_details() -> None:
    details = ('{"type": 1}\nsecond', *(f"line {number}" for number in range(60)))
    notice = Notice(
        id="u",
        headline=Headline.NEEDS_YOU,
        reason=because(Code.UNREADABLE, error="no `type`"),
        details=details,
        run=RUN,
    )
    told = tell(notice, "en")
    assert told.subject == "[NEEDS YOU] an event could not be read"
    assert '- {"type": 1} second\n' in told.text
    assert "and 11 more" in told.text
    counted = notice.model_copy(update={"reason": because(Code.UNREADABLE, error="-", count=7)})
    assert tell(counted, "zh").subject == "[NEEDS YOU] 有 7 个事件无法解析"


def test_a_run_that_knows_no_instance_is_named_by_its_id() -> None:
    notice = Notice(id="b", headline=Headline.NEEDS_YOU, reason=because(Code.OUR_BUG, error="x"), run=RUN)
    assert tell(notice, "en").subject == "[NEEDS YOU] cvm/ap-guangzhou/ins-abc/remediation"


@pytest.mark.parametrize(
    "hostile",
    ["a\r\nSubject: x", "a\n\n[RECOVERED] b", "\x1b[31ma\x00", "a\u202eb\u2066c", "n" * 5000, "\u2028x", "{0}"],
)
def test_a_hostile_name_stays_within_its_line(hostile: str) -> None:
    told = tell(a_notice(Headline.NEEDS_YOU, name=hostile), "en")
    assert "\n" not in told.subject
    assert told.subject.startswith("[NEEDS YOU] ")
    assert told.subject.endswith(" (ins-abc, ap-guangzhou): disk read-only since 03:12")
    assert len(told.subject) < 160
    assert told.text.count("\n") == tell(a_notice(Headline.NEEDS_YOU), "en").text.count("\n")
    assert not set(told.text) & set("\x1b\x00\r\u202e\u2066\u2028")


def test_a_fact_is_cut_with_a_sign_that_it_was() -> None:
    assert clean("abcdef", 4) == "abc…"
    assert clean("  a\t b ") == "a b"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, "0 s"),
        (45, "45 s"),
        (60, "1 min"),
        (184, "3 min 4 s"),
        (3900, "1 h 5 min"),
        (7201, "2 h"),
        (-3, "0 s"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, told: str) -> None:
    assert write_span(seconds) == told


def test_a_runs_address_survives_slashes_in_its_id() -> None:
    base = "http://localhost:8233/namespaces/default/workflows/cvm%2Fap-guangzhou%2Fins-abc%2Fremediation"
    assert run_url("http://localhost:8233/", "default", RUN) == f"{base}/0193-abc/history"
    assert run_url("http://localhost:8233", "default", RunRef(workflow_id=RUN.workflow_id)) == base
