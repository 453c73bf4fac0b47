"""What robots get: nothing from the cloud becomes a link, a mention or formatting, and no message is too long."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from remediation.approvals import Choice, Matter, Question
from remediation.links import console_url, run_url
from remediation.notices import Headline, Notice
from remediation.reasons import Code, because
from remediation.robots import cut, dingtalk_message, feishu_message, size, wecom_message, without_markup
from remediation.telling import Told, tell
from tests.remediation.test_telling import PLAN, RUN, SINCE, a_notice

UI = run_url("http://ui.example.com:8233", "default", RUN)
CONSOLE = console_url("ap-guangzhou", "ins-abc")
MAKERS = {"wecom": wecom_message, "feishu": feishu_message, "dingtalk": dingtalk_message}
EVIL = [
    "[click](http://evil.example)",
    "![x](http://evil.example/x.png)",
    "<http://evil.example>",
    "http://evil.example/a",
    "HTTPS://EVIL.EXAMPLE",
    "dingtalk://dingtalkclient/page/link?url=x",
    "www.evil.example",
    "<@all>",
    "@all",
    "@13800000000",
    "<at id=all></at>",
    '<at user_id="all">all</at>',
    '<font color="warning">x</font>',
    "**RECOVERED**",
    "_x_ __x__ *x*",
    "# title",
    "> quote",
    "`code`",
    "~~gone~~",
    "a | b",
    "\\[x\\](y)",
    "&lt;@all&gt; &#64;all",
    "--- - + 1. =",
]
HOSTILE = st.one_of(
    st.sampled_from(EVIL), st.text(max_size=80), st.text(alphabet="[]()<>@*_`~#|\\&!:/.-+=wW1 \nal", max_size=60)
)


def hostile_notice(text: str) -> Notice:
    reason = because(Code.CLOUD_ERROR, error=text)
    return a_notice(
        Headline.NEEDS_YOU, name=text, fault=text, rule=text, region=text, plan=PLAN, reason=reason, details=(text,)
    )


def told_of(notice: Notice, locale: str = "en") -> Told:
    return tell(notice, locale, run_url=UI, console_url=CONSOLE)


def words_of(message: dict[str, Any]) -> str:
    """What is read of a message: all of its texts."""
    if isinstance(message, dict):
        return "\n".join(words_of(one) for key, one in message.items() if key != "url")
    if isinstance(message, list):
        return "\n".join(map(words_of, message))
    return message if isinstance(message, str) else ""


def markdown_of(kind: str, message: dict[str, Any]) -> str:
    """The text of a message, without the two links and the bold first line that are ours."""
    text: str = message["markdown"]["content" if kind == "wecom" else "text"]
    for label, url in (("Run", UI), ("Console", CONSOLE)):
        ours = f"[{label}]({url})"
        assert text.count(ours) == 1
        text = text.replace(ours, "")
    first = re.match(r"\*\*([^*\n]*)\*\*", text)
    assert first
    return first[1] + text[first.end() :]


@pytest.mark.parametrize("kind", ["wecom", "dingtalk"])
@given(text=HOSTILE)
@example(text="[click](http://evil.example)")
@example(text="<@all>")
def test_in_markdown_nothing_from_the_cloud_means_anything(kind: str, text: str) -> None:
    message = MAKERS[kind](told_of(hostile_notice(text)))
    shown = markdown_of(kind, message)
    assert not set(shown) & set("[]<>@*`~#|\\&")
    assert "://" not in shown
    assert not re.search(r"www\.|(?<!\w)_|_(?!\w)|__", shown, re.IGNORECASE)
    assert not re.search(r"^\s{0,3}(?:[-+=]|#)|^(?: {4}|\t)", shown, re.MULTILINE)
    title = message["markdown"].get("title", "")
    assert not set(title) & set("[]<>@*`~#|\\&")
    assert message.get("at", {"isAtAll": False}) == {"isAtAll": False}


@given(text=HOSTILE)
@example(text="<at id=all></at>")
def test_in_a_card_nothing_from_the_cloud_means_anything(text: str) -> None:
    card = feishu_message(told_of(hostile_notice(text)))["card"]

    def tags(node: Any) -> set[str]:
        if isinstance(node, dict):
            return {node.get("tag", "")}.union(*map(tags, node.values()))
        return set[str]().union(*map(tags, node)) if isinstance(node, list) else set()

    assert tags(card) <= {"", "div", "plain_text", "action", "button"}  # none of these is read as Markdown
    shown = words_of(card)
    assert "<" not in shown
    assert "@" not in shown
    assert "://" not in shown
    (action,) = [one for one in card["elements"] if one["tag"] == "action"]
    assert [button["url"] for button in action["actions"]] == [UI, CONSOLE]


@pytest.mark.parametrize("kind", MAKERS)
def test_a_message_says_who_what_why_and_what_comes_next_with_both_links(kind: str) -> None:
    reason = because(Code.RULE_RUNS, rule="r", runbook="b")
    told = told_of(a_notice(Headline.ACTING, plan=PLAN, reason=reason))
    whole = json.dumps(MAKERS[kind](told), ensure_ascii=False)
    for part in ("web-1", "ins-abc", "ap-guangzhou", "disk read-only", "medic cancel", "disk-sys", "+08:00"):
        assert part in whole, part
    assert "matches and" in whole
    assert UI in whole
    assert CONSOLE in whole


def test_our_own_words_stay_readable() -> None:
    assert without_markup("- DATA_DISK: `mode: act`\n1. web_server_01\nmedic show cvm/ap-guangzhou/ins-abc") == (
        "• DATA_DISK: 'mode: act'\n1. web_server_01\nmedic show cvm/ap-guangzhou/ins-abc"
    )


LIMITS = {
    "wecom": lambda message: len(message["markdown"]["content"].encode()) <= 4096,
    "feishu": lambda message: len(json.dumps(message, ensure_ascii=False).encode()) <= 20 * 1024,
    "dingtalk": lambda message: len(json.dumps(message, ensure_ascii=False).encode()) <= 20_000,
}


@pytest.mark.parametrize("kind", MAKERS)
@given(
    filler=st.sampled_from(["x", "磁", "😀", '"', "\\", "\n", "[", "é"]),
    subject=st.integers(0, 6_000),
    todo=st.integers(0, 12_000),
    lines=st.integers(0, 300),
    width=st.integers(0, 500),
)
def test_however_much_there_is_to_say_the_service_takes_it(
    kind: str, filler: str, subject: int, todo: int, lines: int, width: int
) -> None:
    links = told_of(a_notice(Headline.NEEDS_YOU)).links
    told = Told(
        headline=Headline.NEEDS_YOU,
        subject=f"first {filler.strip() * subject}",
        todo=f"do {filler * todo}",
        blocks=("\n".join([filler.strip() * width] * lines),),
        links=links,
    )
    message = MAKERS[kind](told)
    assert LIMITS[kind](message)
    whole = json.dumps(message, ensure_ascii=False)
    assert "first" in whole
    assert "do " in whole
    assert UI in whole
    assert CONSOLE in whole


@pytest.mark.parametrize("kind", MAKERS)
def test_a_long_notice_loses_its_end_and_nothing_that_answers_it(kind: str) -> None:
    question = Question(
        matter=Matter.FIRST_ACTION,
        run_key="k",
        instance_id="ins-abc",
        region="ap-guangzhou",
        action="reboot",
        reason=because(Code.PROVEN),
        choices=(Choice.GO, Choice.STOP),
        asked_at=SINCE,
        until=SINCE,
    )
    details = tuple(f"line {number} {'磁' * 200}" for number in range(50))
    told = told_of(a_notice(Headline.NEEDS_YOU, question=question, details=details))
    whole = json.dumps(MAKERS[kind](told), ensure_ascii=False)
    assert "medic approve" in whole
    assert "medic deny" in whole
    assert "line 1 " in whole
    assert "line 49" not in whole
    assert "…" in whole


@given(text=st.text(), most=st.integers(10, 200))
def test_a_text_is_cut_between_two_characters(text: str, most: int) -> None:
    short = cut(text, most)
    assert size(short) <= most
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


def test_a_cut_leaves_out_no_more_than_it_has_to() -> None:
    assert cut("磁" * 100, 33) == "磁" * 10 + "…"


def test_a_region_that_the_console_numbers_otherwise_leads_to_the_list() -> None:
    assert CONSOLE == "https://console.cloud.tencent.com/cvm/instance/detail?rid=1&id=ins-abc"
    assert console_url("ap-nowhere", "ins-abc") == "https://console.cloud.tencent.com/cvm/instance/index"
