"""P9: whether the instance, the alarm and the rest of the world still allowed a reboot at the moment it was sent."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.checker.facts import Breach
from simulator.checker.history import History, at_send, clock, sent
from simulator.log import Entry

_LOOK = "DescribeInstances"


def stale_reboots(history: History) -> Iterator[Breach]:
    """P9, for each reboot that was sent, also one that was refused."""
    for call in history.mutating():
        if call.name == "RebootInstances" and history.facts.instance_id in call.targets:
            told = f"reboot of {history.facts.instance_id} sent {clock(sent(call))}"
            for why in (*_machine(history, call), *_alarm(history, call)):
                yield Breach("P9", call.seq, f"{told} {why}")


def _machine(history: History, call: Entry) -> Iterator[str]:
    facts = history.facts
    look = history.last_look(call, _LOOK, or_lagging=True)
    if look is None or sent(call) - look.at > facts.fresh_seconds:
        yield f"without a fresh reading: the last was {clock(look.at) if look else 'never'}"
    state, restriction = at_send(history.states, call), at_send(history.restrictions, call)
    if state.value != "RUNNING" and history.knew(state.entry, call, _LOOK):
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


def _alarm(history: History, call: Entry) -> Iterator[str]:
    facts = history.facts
    at = sent(call) - facts.margin_seconds
    if facts.alarmed_at is not None and facts.act_within is not None and at > facts.alarmed_at + facts.act_within:
        yield f"on an alarm of {clock(facts.alarmed_at)}, older than {facts.act_within:g} s"
    if facts.recovered_at is not None and at > facts.recovered_at:
        yield f"after the recovery of {clock(facts.recovered_at)}"
