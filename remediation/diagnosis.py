"""What `medic doctor` finds, as facts; the words of a finding say what was seen, why it matters and how to mend it.

An error is never well: what could not be looked at is unknown, and what nobody can tell from here is left to people, in
so many words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum

from pydantic import Field

from remediation.config import Config, Rule
from remediation.contract import SearchAttribute
from remediation.incidents import MEMORY
from remediation.kept_snapshots import Quota
from remediation.models import Fact
from remediation.pattern_operators import OneOf
from remediation.wording import write_span

ATTRIBUTE_KIND = "Keyword"
LONG_RETENTION_SECONDS = 48 * 3600  # a memory of a day, and a day in which nobody was there to look
USUAL_REGION = "ap-guangzhou"


class Status(str, Enum):
    """What is to be done about a finding; `by hand`: it cannot be told from here, and the finding says how to look."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"
    BY_HAND = "by hand"


class Check(str, Enum):
    """What was looked at."""

    TEMPORAL = "temporal"
    NAMESPACE = "namespace"
    RETENTION = "retention"
    ATTRIBUTES = "search attributes"
    WORKER = "worker"
    VERSION = "version"
    CREDENTIALS = "credentials"
    CLOCK = "clock"
    READ = "read permission"
    WRITE = "write permission"
    QUOTA = "snapshot quota"
    PAGE = "medic.yaml"
    CHANNEL = "channel"
    RULES = "eventbridge rules"
    DELIVERIES = "eventbridge deliveries"


class Seen(str, Enum):
    """What was seen, by a name for which each catalogue has the words."""

    NOT_LOOKED = "not_looked"
    WAITS = "waits"
    TEMPORAL_ANSWERS = "temporal_answers"
    TEMPORAL_AWAY = "temporal_away"
    NAMESPACE_THERE = "namespace_there"
    NAMESPACE_MISSING = "namespace_missing"
    RETENTION_LONG = "retention_long"
    RETENTION_SHORT = "retention_short"
    ATTRIBUTES_THERE = "attributes_there"
    ATTRIBUTES_MISSING = "attributes_missing"
    ATTRIBUTES_ODD = "attributes_odd"
    ATTRIBUTES_ADDED = "attributes_added"
    WORKER_POLLS = "worker_polls"
    WORKER_ABSENT = "worker_absent"
    WORKER_PARTLY = "worker_partly"
    VERSION_SAME = "version_same"
    VERSION_OTHER = "version_other"
    VERSION_UNSAID = "version_unsaid"
    CREDENTIALS_OF = "credentials_of"
    CREDENTIALS_TAKEN = "credentials_taken"
    CREDENTIALS_REFUSED = "credentials_refused"
    CLOCK_RIGHT = "clock_right"
    CLOCK_OFF = "clock_off"
    CLOCK_UNTOLD = "clock_untold"
    READ_ALLOWED = "read_allowed"
    READ_DENIED = "read_denied"
    WRITE_UNTOLD = "write_untold"
    WRITE_UNNEEDED = "write_unneeded"
    QUOTA_LEFT = "quota_left"
    QUOTA_NEAR = "quota_near"
    QUOTA_USED_UP = "quota_used_up"
    PAGE_RIGHT = "page_right"
    PAGE_UNREADABLE = "page_unreadable"
    PAGE_WRONG = "page_wrong"
    PAGE_DOUBTFUL = "page_doubtful"
    CHANNEL_SHAPED = "channel_shaped"
    CHANNEL_WRONG = "channel_wrong"
    CHANNEL_REACHED = "channel_reached"
    CHANNEL_NOT_REACHED = "channel_not_reached"
    RULES_LET_IN = "rules_let_in"
    RULES_KEEP_OUT = "rules_keep_out"
    RULES_UNREAD = "rules_unread"
    DELIVERIES_UNTOLD = "deliveries_untold"


class Finding(Fact):
    """One thing that was looked at.

    Attributes:
        about: which of several, as in `DescribeDisks` or the name of a channel; else "".
        facts: what the words are filled with.
    """

    check: Check
    status: Status
    seen: Seen
    about: str = ""
    facts: dict[str, str] = Field(default={})


def finding(check: Check, status: Status, seen: Seen, about: str = "", **facts: object) -> Finding:
    """A finding with its facts as text."""
    return Finding(
        check=check, status=status, seen=seen, about=about, facts={name: str(one) for name, one in facts.items()}
    )


def not_looked(check: Check, error: object, about: str = "") -> Finding:
    """What could not be looked at, and what kept us from it."""
    return finding(check, Status.UNKNOWN, Seen.NOT_LOOKED, about, error=error)


def waits_for(other: Check, check: Check, about: str = "") -> Finding:
    """What cannot be looked at before something else is mended, which has a finding of its own."""
    return finding(check, Status.UNKNOWN, Seen.WAITS, about, first=other.value)


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing is wrong, as far as it can be told from here: an unknown is not well."""
    return not any(one.status in (Status.PROBLEM, Status.UNKNOWN) for one in findings)


def judge_retention(seconds: float, namespace: str) -> Finding:
    """Below a day, what an incident has to remember may be gone before it is asked for."""
    kept = write_span(seconds)
    if seconds < MEMORY.total_seconds():
        return finding(Check.RETENTION, Status.PROBLEM, Seen.RETENTION_SHORT, kept=kept, namespace=namespace)
    if seconds < LONG_RETENTION_SECONDS:
        return finding(Check.RETENTION, Status.WARNING, Seen.RETENTION_SHORT, kept=kept, namespace=namespace)
    return finding(Check.RETENTION, Status.OK, Seen.RETENTION_LONG, kept=kept)


def missing_attributes(known: Collection[str]) -> tuple[str, ...]:
    """Our search attributes that are not registered."""
    return tuple(one.value for one in SearchAttribute if one.value not in known)


def command_to_register(namespace: str, names: Iterable[str]) -> str:
    """For who may register what we may not."""
    words = " ".join(f"--name {name} --type {ATTRIBUTE_KIND}" for name in names)
    return f"temporal operator search-attribute create --namespace {namespace} {words}"


def judge_attributes(known: Mapping[str, str], namespace: str, added: Collection[str] = ()) -> Finding:
    """
    Args:
        known: those of the namespace, each with its type as in `Keyword`.
        added: those that were registered just now.
    """
    missing = missing_attributes(known)
    if missing:
        facts = {"names": ", ".join(missing), "command": command_to_register(namespace, missing)}
        return finding(Check.ATTRIBUTES, Status.PROBLEM, Seen.ATTRIBUTES_MISSING, **facts)
    odd = [f"{one.value} ({known[one.value]})" for one in SearchAttribute if known[one.value] != ATTRIBUTE_KIND]
    if odd:
        return finding(Check.ATTRIBUTES, Status.PROBLEM, Seen.ATTRIBUTES_ODD, names=", ".join(odd))
    if added:
        return finding(Check.ATTRIBUTES, Status.OK, Seen.ATTRIBUTES_ADDED, names=", ".join(added))
    return finding(Check.ATTRIBUTES, Status.OK, Seen.ATTRIBUTES_THERE, count=len(SearchAttribute))


class Poller(Fact):
    """Who polled a queue within the last five minutes, and which build it says it is ("" if it does not say)."""

    identity: str
    build: str = ""


def judge_workers(
    polled: Mapping[str, Sequence[Poller]], task_queue: str, namespace: str, ours: str
) -> tuple[Finding, ...]:
    """
    Args:
        polled: of each of our queues who polls it.
        ours: the build of this console.
    """
    workers = {one for pollers in polled.values() for one in pollers}
    idle = [queue for queue, pollers in polled.items() if not pollers]
    where = {"task_queue": task_queue, "namespace": namespace}
    if not workers:
        absent = finding(Check.WORKER, Status.PROBLEM, Seen.WORKER_ABSENT, **where)
        return absent, waits_for(Check.WORKER, Check.VERSION)
    who = ", ".join(sorted({one.identity for one in workers}))
    if idle:
        polls = finding(Check.WORKER, Status.PROBLEM, Seen.WORKER_PARTLY, queues=", ".join(idle), who=who)
    else:
        polls = finding(Check.WORKER, Status.OK, Seen.WORKER_POLLS, who=who, **where)
    return polls, _judge_version(workers, ours)


def _judge_version(workers: Collection[Poller], ours: str) -> Finding:
    others = sorted(f"{one.identity} ({one.build})" for one in workers if one.build not in ("", ours))
    unsaid = sorted({one.identity for one in workers if not one.build})
    if others:
        return finding(Check.VERSION, Status.WARNING, Seen.VERSION_OTHER, who=", ".join(others), ours=ours)
    if unsaid:
        return finding(Check.VERSION, Status.WARNING, Seen.VERSION_UNSAID, who=", ".join(unsaid), ours=ours)
    return finding(Check.VERSION, Status.OK, Seen.VERSION_SAME, ours=ours)


def judge_quota(quota: Quota, region: str) -> Finding:
    """How much room for snapshots a region has left."""
    facts = {"count": quota.count, "limit": quota.limit, "region": region}
    if quota.count >= quota.limit:
        return finding(Check.QUOTA, Status.PROBLEM, Seen.QUOTA_USED_UP, region, **facts)
    if quota.is_near:
        return finding(Check.QUOTA, Status.WARNING, Seen.QUOTA_NEAR, region, **facts)
    return finding(Check.QUOTA, Status.OK, Seen.QUOTA_LEFT, region, **facts)


def regions_of(config: Config | None) -> tuple[str, ...]:
    """The regions that a page names, by its commands and its rules; the usual one if it names none."""
    named: set[str] = set()
    if config is not None:
        named = {*config.guest.commands, *(region for rule in config.rules for region in _asked_regions(rule))}
    return tuple(sorted(named)) or (USUAL_REGION,)


def _asked_regions(rule: Rule) -> set[str]:
    asked = dict(rule.pattern.fields.conditions).get("region")
    return {str(value) for _, value in asked.exact} if isinstance(asked, OneOf) else set()
