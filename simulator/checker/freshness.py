"""P9: whether the instance, the alarm and the rest of the world still allowed a reboot or a stop when it was sent."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.checker.facts import Breach
from simulator.checker.history import History, Since, at_send, clock, sent, stop_type
from simulator.log import Entry

_LOOK = "DescribeInstances"
_WORDS = {"RebootInstances": "reboot", "StopInstances": "stop"}


def stale_reboots(history: History) -> Iterator[Breach]:
    """P9, for each reboot and stop that was sent, also one that was refused; only a reboot needs a fresh alarm."""
    for call in history.mutating():
        word = _WORDS.get(call.name)
        if word and history.facts.instance_id in call.targets:
            told = f"{word} of {history.facts.instance_id} sent {clock(sent(call))}"
            for why in (*_machine(history, call), *(_alarm(history, call) if word == "reboot" else ())):
                yield Breach("P9", call.seq, f"{told} {why}")


def _machine(history: History, call: Entry) -> Iterator[str]:
    facts = history.facts
    look = history.last_look(call, _LOOK, or_lagging=True)
    if look is None or sent(call) - look.at > facts.fresh_seconds:
        yield f"without a fresh reading: the last was {clock(look.at) if look else 'never'}"
    state, restriction = at_send(history.states, call), at_send(history.restrictions, call)
    if state.value != "RUNNING" and not _is_our_reboot(history, state, call) and history.knew(state.entry, call, _LOOK):
        yield f"although it was {state.value} since {clock(state.entry.at) if state.entry else 'the beginning'}"
    if restriction.value != "NORMAL" and history.knew(restriction.entry, call, _LOOK):
        since = clock(restriction.entry.at) if restriction.entry else "the beginning"
        yield f"although it was {restriction.value} since {since}"
    for one in history.operations:
        begun, ended = one.accepted, one.ended
        if history.is_ours(begun.request_id) or begun.seq > call.seq or (ended and ended.seq < call.seq):
            continue
        if history.knew(begun, call, _LOOK, lag=facts.operation_lag):
            yield f"while a {one.what} of somebody else ({begun.request_id}) ran since {clock(begun.at)}"


def _is_our_reboot(history: History, state: Since, call: Entry) -> bool:
    """A HARD rung follows our own SOFT reboot that is not at its end."""
    ours = state.entry is not None and history.is_ours(state.entry.request_id)
    return ours and state.value == "REBOOTING" and stop_type(call) == "HARD"


def _alarm(history: History, call: Entry) -> Iterator[str]:
    facts = history.facts
    at = sent(call) - facts.margin_seconds
    if facts.alarmed_at is not None and facts.act_within is not None and at > facts.alarmed_at + facts.act_within:
        yield f"on an alarm of {clock(facts.alarmed_at)}, older than {facts.act_within:g} s"
    if facts.recovered_at is not None and at > facts.recovered_at:
        yield f"after the recovery of {clock(facts.recovered_at)}"
