"""A notice as the messages that the robots of WeCom, Feishu and DingTalk take; pure.

Names and tags are whatever somebody wrote in the cloud. A robot would make links, mentions and headings of them, and
none of these dialects has an escape that is documented. So what could begin one is replaced by a character that looks
like it and means nothing; Feishu has a kind of text that is never read as Markdown, and gets that.

Where a message is longer than its service takes, the end of its body is left out: never the first line, what to do, or
the links.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from remediation.notices import Headline
from remediation.telling import Link, Told

# Bytes of the message's text, as JSON: a little less than the services' 4,096 · 20 KB of the whole body · 20,000.
_BYTES = {"wecom": 4_000, "feishu": 16_000, "dingtalk": 18_000}
_LINE_ENDS = {"wecom": "\n", "dingtalk": "  \n"}  # without the blanks its lines run together
_TITLE_BYTES = 500
_CUT = "…"
_MENTIONS = str.maketrans({"<": "＜", "@": "＠"})
_FORMATTING = str.maketrans(
    {
        "<": "＜",
        ">": "＞",
        "@": "＠",
        "[": "［",
        "]": "］",
        "*": "＊",
        "`": "'",
        "~": "～",
        "#": "＃",
        "|": "｜",
        "\\": "＼",
        "&": "＆",
    }
)
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_BULLET = re.compile(r"^[-+=]+ ?", re.MULTILINE)
_WWW = re.compile(r"www\.", re.IGNORECASE)
_COLOURS = {
    Headline.NEEDS_YOU: "red",
    Headline.ACTING: "blue",
    Headline.HELD: "orange",
    Headline.RECOVERED: "green",
    Headline.OBSERVED: "grey",
}


def wecom_message(told: Told, others: Sequence[Told] = ()) -> dict[str, Any]:
    """Markdown for a WeCom group's robot; of `others` no more than `most_along` says."""
    return {"msgtype": "markdown", "markdown": {"content": _markdown("wecom", told, others)}}


def dingtalk_message(told: Told, others: Sequence[Told] = ()) -> dict[str, Any]:
    """Markdown for a DingTalk group's robot, which mentions nobody."""
    markdown = {"title": _first_line(told, others, without_markup), "text": _markdown("dingtalk", told, others)}
    return {"msgtype": "markdown", "markdown": markdown, "at": {"isAtAll": False}}


def feishu_message(told: Told, others: Sequence[Told] = ()) -> dict[str, Any]:
    """A card for a Feishu group's robot: plain text, and a button for each link."""
    briefs = [element for other in others for element in _elements(_brief(other), other.links)]
    room = _BYTES["feishu"] - size(json.dumps(briefs, ensure_ascii=False)) - size(str(told.links))
    texts = _fitting(_without_mentions(told.todo), _without_mentions("\n\n".join(told.blocks)), room)
    elements = [_div(text) for text in texts[:-1] if text] + _elements(texts[-1], told.links) + briefs
    title = _plain(_first_line(told, others, _without_mentions))
    header = {"template": _COLOURS[told.headline], "title": title}
    card = {"config": {"wide_screen_mode": True}, "header": header, "elements": elements}
    return {"msg_type": "interactive", "card": card}


def most_along(kind: str, told: Told, others: Sequence[Told]) -> int:
    """So many of `others`, from the first on, go along in one message: what to do about each, and its links, whole."""
    room = _BYTES[kind] - _least(kind, told)
    for count, other in enumerate(others):
        room -= _least(kind, other)
        if room < 0:
            return count
    return len(others)


def any_message(told: Told) -> tuple[str, str]:
    """Title and text for a service of which nothing is known; whatever its dialect, only our links are links."""
    paragraphs = [without_markup(text) for text in (told.todo, *told.blocks)]
    links = "\n".join(f"{link.label} {link.url}" for link in told.links)
    return without_markup(told.subject), "\n\n".join(filter(None, (*paragraphs, links)))


def without_markup(text: str) -> str:
    """The same lines, in which nothing is a link, a mention or formatting to a robot that reads Markdown."""
    plain = _EDGE_UNDERSCORE.sub("＿", text.translate(_FORMATTING))
    return _without_urls(_BULLET.sub("• ", plain))


def cut(text: str, most: int) -> str:
    """As much of `text` as takes `most` bytes in JSON, cut between two characters, with a sign that it was."""
    if size(text) <= most:
        return text
    room = most - size(_CUT)
    at = min(len(text), max(room, 0))
    while at and size(text[:at]) > room:
        at -= max((size(text[:at]) - room) // 6, 1)  # no character takes more than six bytes
    return text[: max(at, 0)] + _CUT


def size(text: str) -> int:
    """Bytes that a text takes in a JSON body of UTF-8."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def _markdown(kind: str, told: Told, others: Sequence[Told]) -> str:
    line_end = _LINE_ENDS[kind]
    first = f"**{_first_line(told, others, without_markup)}**"
    after = [_links(told, line_end), *(_brief_markdown(other, line_end) for other in others)]
    room = _BYTES[kind] - size("\n\n".join([first, *after])) - 20  # what joins the parts
    todo, body = (without_markup(text).replace("\n", line_end) for text in (told.todo, "\n\n".join(told.blocks)))
    return "\n\n".join(part for part in (first, *_fitting(todo, body, room, line_end), *after) if part)


def _brief_markdown(told: Told, line_end: str) -> str:
    first, todo = f"**{_first_line(told, (), without_markup)}**", without_markup(told.todo).replace("\n", line_end)
    return line_end.join(part for part in (first, todo, _links(told, line_end)) if part)


def _brief(told: Told) -> str:
    return f"{_first_line(told, (), _without_mentions)}\n{_without_mentions(told.todo)}"


def _least(kind: str, told: Told) -> int:
    """Bytes of a notice of which everything is left out that may be."""
    if kind == "feishu":
        return size(json.dumps(_elements(_brief(told), told.links), ensure_ascii=False))
    return size(_brief_markdown(told, _LINE_ENDS[kind])) + 20


def _first_line(told: Told, others: Sequence[Told], safe: Callable[[str], str]) -> str:
    return cut(safe(told.subject), _TITLE_BYTES) + (f" (+{len(others)})" if others else "")


def _links(told: Told, line_end: str) -> str:
    return line_end.join(f"[{_name(link)}]({link.url})" for link in told.links)


def _elements(text: str, links: Sequence[Link]) -> list[dict[str, Any]]:
    buttons = [{"tag": "button", "text": _plain(_name(link)), "url": link.url} for link in links]
    return [*([_div(text)] if text else []), *([{"tag": "action", "actions": buttons}] if buttons else [])]


def _div(text: str) -> dict[str, Any]:
    return {"tag": "div", "text": _plain(text)}


def _fitting(todo: str, body: str, most: int, line_end: str = "\n") -> tuple[str, str]:
    """What is to be done, and as many whole lines of the rest as there is room for."""
    todo = cut(todo, most)
    room = most - size(todo)
    kept: list[str] = []
    for line in body.split(line_end):
        room -= size(line) + size(line_end)
        if room < size(_CUT):
            return todo, line_end.join([*kept, _CUT]).strip()
        kept.append(line)
    return todo, line_end.join(kept)


def _without_mentions(text: str) -> str:
    return _without_urls(text.translate(_MENTIONS))


def _without_urls(text: str) -> str:
    """What a client would make a link of by itself is none; the links of a notice are added afterwards."""
    return _WWW.sub(lambda found: f"{found[0][:-1]}．", text.replace("://", "：//"))


def _name(link: Link) -> str:
    return link.label.rstrip(":：")


def _plain(text: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": text}
