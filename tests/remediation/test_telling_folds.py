"""What is told together: who is needed first, nobody unnamed, and no line that somebody else writes."""

from __future__ import annotations

import pytest

from remediation.notices import FoldedNotice, Headline, Notice, RunRef
from remediation.reasons import Code, because
from remediation.report import Outcome
from remediation.telling import tell
from remediation.telling_folds import MOST_WITH_REASON


def folded(number: int, headline: Headline = Headline.NEEDS_YOU, outcome: Outcome | None = None) -> FoldedNotice:
    return FoldedNotice(
        id=f"n-{number}",
        headline=headline,
        instance_id=f"ins-{number:04}",
        region="ap-guangzhou",
        name=f"web-{number}",
        fault="DiskReadonly",
        outcome=outcome,
        reason=because(Code.NO_PROOF, timeout="10 min"),
        run=RunRef(workflow_id=f"cvm/ap-guangzhou/ins-{number:04}/remediation", run_id="r"),
    )


def together(*notices: FoldedNotice, headline: Headline = Headline.NEEDS_YOU) -> Notice:
    reason = because(Code.TOLD_TOGETHER, limit=5, span="5 min")
    return Notice(id="d-1", headline=headline, rule="disk-read-only", reason=reason, folded=notices)


MIXED = together(
    folded(1, Headline.RECOVERED, Outcome.RECOVERED),
    folded(2, Headline.NEEDS_YOU, Outcome.HANDED_OVER),
    folded(3, Headline.ACTING),
    folded(4, Headline.NEEDS_YOU),
)


@pytest.mark.parametrize(
    ("locale", "first_line", "answer"),
    [
        ("en", "[NEEDS YOU] disk-read-only: 4 further notices in one, 2 of them need you", "Yes, about 2 of them"),
        ("zh", "[NEEDS YOU] disk-read-only：另有 4 条通知，合并为一条，其中 2 条需要您处理", "需要，其中 2 条"),
    ],
)
def test_who_is_needed_is_told_in_the_first_line_and_first_of_all(locale: str, first_line: str, answer: str) -> None:
    told = tell(MIXED, locale)
    assert told.subject == first_line
    assert answer in told.text.splitlines()[2]
    order = [told.text.index(f"ins-000{number}") for number in (2, 4, 1, 3)]
    assert order == sorted(order)


def test_it_says_what_each_is_about_and_where_the_runs_are() -> None:
    lines = tell(MIXED, "en").text.splitlines()
    assert any(line.startswith("- web-2 (ins-0002, ap-guangzhou): handed over to people. ") for line in lines)
    assert "- [RECOVERED] recovered (1): web-1 (ins-0001, ap-guangzhou)" in lines
    assert "- [ACTING] disk read-only (1): web-3 (ins-0003, ap-guangzhou)" in lines
    assert "Runs of this rule: medic runs --rule disk-read-only" in lines


def test_without_anybody_who_is_needed_it_says_so() -> None:
    told = tell(together(folded(1, Headline.ACTING), headline=Headline.ACTING), "en")
    assert told.subject == "[ACTING] disk-read-only: 1 further notices in one"
    assert "None of these notices asks it of you" in told.text
    assert "Need you" not in told.text


@pytest.mark.parametrize("headline", [Headline.NEEDS_YOU, Headline.OBSERVED])
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_instance_is_named_once_however_many_they_are(headline: Headline, locale: str) -> None:
    text = tell(together(*(folded(number, headline) for number in range(250)), headline=headline), locale).text
    assert [number for number in range(250) if text.count(f"ins-{number:04}") != 1] == []
    assert text.count("10 min") == (MOST_WITH_REASON if headline is Headline.NEEDS_YOU else 0)


def test_who_reads_how_a_run_ended_is_not_told_that_it_began() -> None:
    text = tell(together(folded(1, Headline.ACTING), folded(1, Headline.RECOVERED, Outcome.RECOVERED)), "en").text
    assert "[RECOVERED]" in text
    assert "[ACTING]" not in text


def test_who_is_needed_is_named_whatever_else_the_run_told() -> None:
    text = tell(together(folded(1, Headline.NEEDS_YOU), folded(1, Headline.RECOVERED, Outcome.RECOVERED)), "en").text
    assert "Need you:\n- web-1 (ins-0001, ap-guangzhou): disk read-only." in text


def test_a_hostile_name_writes_no_line_of_its_own() -> None:
    hostile = folded(1).model_copy(update={"name": "web\n\n[RECOVERED] all is well" + "x" * 1000})
    text = tell(together(hostile), "en").text
    assert not any(line.startswith("[RECOVERED]") for line in text.splitlines())
    assert len(max(text.splitlines(), key=len)) < 400
