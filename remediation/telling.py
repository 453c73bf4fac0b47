"""tell(notice, locale): a notice's facts in the words of one language, what the reader has to do always first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from remediation.models import Fact
from remediation.notices import Headline, Notice, PlannedDisk, PlannedRung
from remediation.phrases import Phrase
from remediation.reasons import Code
from remediation.report import Outcome, SnapshotTaken
from remediation.telling_folds import bullets, needing, tell_folded
from remediation.telling_questions import tell_answers, tell_choices, tell_question
from remediation.wording import clean, name_of, phrase_in, who, write_span
from remediation.wording import say as say
from remediation.zones import SHANGHAI as SHANGHAI

MOST_DETAILS = 50
_ANSWER_FOR: Mapping[Code, Phrase] = {
    Code.UNDELIVERED: Phrase.DO_UNDELIVERED,
    Code.UNREADABLE: Phrase.DO_UNREADABLE,
    Code.TEST: Phrase.DO_TEST,
    Code.OUR_BUG: Phrase.DO_FAILED,
    Code.HOLD_OVER: Phrase.DO_HOLD_OVER,
}
_ANSWER: Mapping[Headline, Phrase] = {
    Headline.OBSERVED: Phrase.DO_OBSERVED,
    Headline.ACTING: Phrase.DO_WAITING,
    Headline.HELD: Phrase.DO_HELD,
    Headline.RECOVERED: Phrase.DO_SYMPTOM_GONE,
    Headline.NEEDS_YOU: Phrase.DO_NEEDS_YOU,
}
_ANSWER_PLANNED: Mapping[Headline, Phrase] = {
    Headline.ACTING: Phrase.DO_ACTING,
    Headline.OBSERVED: Phrase.DO_WOULD_ACT,
}
_ANSWER_AT_END: Mapping[Outcome, Phrase] = {outcome: Phrase(f"do_{outcome.value}") for outcome in Outcome}


class Link(Fact):
    """Where to look further; `label` has its colon."""

    label: str
    url: str


class Told(Fact):
    """A notice in words, by what may be left out where there is little room: of `blocks` the last ones first.

    `subject` is the first line, `todo` what the reader has to do, and how to stop or to answer it.
    """

    headline: Headline
    subject: str
    todo: str
    blocks: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def text(self) -> str:
        """All of it as plain text, which begins with `subject`."""
        links = "\n".join(f"{link.label} {link.url}" for link in self.links)
        return "\n\n".join(filter(None, (self.subject, self.todo, *self.blocks, links)))


def tell(notice: Notice, locale: str, *, run_url: str = "", console_url: str = "", zone: tzinfo = SHANGHAI) -> Told:
    """A notice in words.

    Args:
        locale: `en` or `zh`; any other is told in English.
        run_url: where the run is in the Temporal UI, if the notice has a run.
        console_url: where the instance is in Tencent's console, if the notice is about one.
        zone: the zone of all times; they carry their offset, except for HH:MM in the first line.
    """
    page = _Page(notice, locale, zone)
    before = (page.asked(), page.why(), page.folded(), page.plan())
    after = (page.done(), page.restore(), page.times(), page.about())
    links = ((Phrase.RUN, run_url), (Phrase.CONSOLE, console_url))
    return Told(
        headline=notice.headline,
        subject=page.subject(),
        todo="\n".join(page.todo()),
        blocks=tuple(filter(None, map("\n".join, (*before, *after)))),
        links=tuple(Link(label=phrase_in(locale, label), url=url) for label, url in links if url),
    )


def tell_misdirected(recipient: str, locale: str) -> str:
    """The sentence for operators who get a notice whose address has vanished from medic.yaml."""
    return phrase_in(locale, Phrase.MISDIRECTED, recipient=recipient)


@dataclass(frozen=True)
class _Page:
    """One notice on its way into words; each section yields its lines, or none."""

    notice: Notice
    locale: str
    zone: tzinfo

    def subject(self) -> str:
        return f"[{self.notice.headline.value}] {self._matter()}"

    def todo(self) -> Iterator[str]:
        notice = self.notice
        needed = len(needing(notice.folded))
        answer = _ANSWER[notice.headline]
        if notice.folded:
            answer = Phrase.DO_TOGETHER_NEED if needed else Phrase.DO_TOGETHER
        if notice.plan is not None:
            answer = _ANSWER_PLANNED.get(notice.headline, answer)
        if notice.result is not None:
            answer = _ANSWER_AT_END[notice.result.outcome]
        if notice.reason is not None:
            answer = _ANSWER_FOR.get(notice.reason.code, answer)
        until = ""
        if notice.question is not None:
            answer, until = Phrase.DO_ANSWER, self._time(notice.question.until)
        yield self._phrase(Phrase.WHAT_TO_DO, answer=self._phrase(answer, needed=needed, until=until))
        if self._acting and notice.run is not None:
            yield self._phrase(Phrase.CANCEL, command=f"medic cancel {notice.run.workflow_id}")
        if notice.question is not None and notice.run is not None:
            yield from tell_choices(notice.question, self.locale, notice.run.workflow_id)

    def why(self) -> Iterator[str]:
        result = self.notice.result
        reasons = (self.notice.reason, result.reason if result is not None else None)
        said = [say(one, self.locale) for one in reasons if one is not None]
        if result is not None:
            yield self._phrase(Phrase.OUTCOME, outcome=self._name(result.outcome.value))
        yield from (self._phrase(Phrase.WHY, reason=reason) for reason in dict.fromkeys(said))
        details = self.notice.details
        yield from bullets(clean(line) for line in details[:MOST_DETAILS])
        if len(details) > MOST_DETAILS:
            yield self._phrase(Phrase.MORE, count=len(details) - MOST_DETAILS)

    def asked(self) -> Iterator[str]:
        notice = self.notice
        if notice.question is not None and notice.run is not None:
            yield from tell_question(notice.question, self.locale, self._time)

    def folded(self) -> Iterator[str]:
        return tell_folded(self.notice, self.locale)

    def plan(self) -> Iterator[str]:
        notice, plan = self.notice, self.notice.plan
        told = notice.result is None or notice.result.outcome is Outcome.WOULD_ACT
        if plan is None or not told:
            return
        days = max(round(plan.keep_seconds / 86_400), 1)
        steps = [self._phrase(Phrase.SNAPSHOT_OF, disk=self._disk(disk), days=days) for disk in plan.disks]
        steps = steps or [self._phrase(Phrase.NO_SNAPSHOT)]
        steps += [self._rung(rung, is_first=rung == plan.rungs[0]) for rung in plan.rungs]
        steps.append(self._phrase(Phrase.PROOF))
        yield self._phrase(Phrase.NEXT if self._acting else Phrase.WOULD)
        yield from (f"{number}. {step}" for number, step in enumerate(steps, 1))
        if notice.question is not None:
            return
        if not self._acting:
            yield self._phrase(Phrase.LET_IT_ACT, rule=notice.rule)
        elif not plan.disks:
            yield self._phrase(Phrase.AT_ONCE)
        elif plan.snapshots_by is None:
            yield self._phrase(Phrase.WHEN_READY)
        else:
            yield self._phrase(Phrase.WHEN_READY_BY, by=self._time(plan.snapshots_by))

    def done(self) -> Iterator[str]:
        result = self.notice.result
        if result is None or result.outcome is Outcome.WOULD_ACT:
            return
        yield from tell_answers(result.answers, self.locale, self._time)
        yield from (
            self._phrase(Phrase.ROLLED_BACK, disk=one.disk_id, snapshot=one.snapshot_id) for one in result.rolled_back
        )
        reboot = result.reboot
        if reboot is None:
            yield self._phrase(Phrase.NO_REBOOT)
        else:
            phrase = Phrase.OUTAGE if reboot.back_at is not None else Phrase.OUTAGE_OPEN
            line = self._phrase(
                phrase,
                seconds=round(reboot.outage_seconds or 0),
                sent=self._time(reboot.sent_at),
                back=self._time(reboot.back_at),
                request=reboot.request_id,
            )
            yield self._adopted(line) if reboot.adopted else line
        for title, reasons in ((Phrase.PROVEN, result.proven), (Phrase.UNPROVEN, result.unproven)):
            if reasons or reboot is not None:
                yield self._phrase(title)
                said = [say(reason, self.locale) for reason in reasons]
                yield from bullets(said or [self._phrase(Phrase.NOTHING)])

    def restore(self) -> Iterator[str]:
        snapshots = self.notice.result.snapshots if self.notice.result is not None else ()
        if snapshots:
            yield self._phrase(Phrase.SNAPSHOTS)
            yield from bullets(self._snapshot(one) for one in snapshots)
        if any(one.ready for one in snapshots):
            yield self._phrase(Phrase.RESTORE)

    def times(self) -> Iterator[str]:
        result = self.notice.result
        if result is not None and result.steps:
            yield self._phrase(Phrase.STEPS)
            yield from bullets(
                self._phrase(Phrase.STEP, step=self._name(step.name), span=write_span(step.seconds))
                for step in result.steps
            )
        if result is not None and result.undelivered:
            yield self._phrase(Phrase.UNDELIVERED, recipients=", ".join(result.undelivered))

    def about(self) -> Iterator[str]:
        notice = self.notice
        if notice.instance_id:
            yield self._phrase(Phrase.INSTANCE, instance=self._who())
        if notice.fault:
            yield self._phrase(Phrase.SYMPTOM, symptom=self._name(notice.fault))
        if notice.since is not None:
            yield self._phrase(Phrase.SINCE, time=self._time(notice.since))
        if notice.rule and notice.mode is not None:
            yield self._phrase(Phrase.RULE_MODE, rule=notice.rule, mode=notice.mode.value)
        elif notice.rule:
            yield self._phrase(Phrase.RULE, rule=notice.rule)

    def _rung(self, rung: PlannedRung, *, is_first: bool) -> str:
        outage = write_span(rung.timeout_seconds)
        phrase = Phrase.REBOOT if rung.stop_type else Phrase.ROLLBACK
        step = self._phrase(phrase, stop_type=rung.stop_type, outage=outage)
        return step if is_first else self._phrase(Phrase.IF_NOT_CURED, step=step)

    @property
    def _acting(self) -> bool:
        """Whether a run is under way that acts; a copy for operators of what did not arrive has another headline."""
        notice = self.notice
        planned = notice.plan is not None and notice.mode is not None and notice.mode.acts
        return notice.result is None and (planned or notice.headline is Headline.ACTING)

    def _matter(self) -> str:
        notice = self.notice
        if not notice.instance_id and notice.reason is not None:
            region, waiting = clean(notice.region), notice.reason.facts.get("waiting")
            if notice.reason.code is Code.HOLD_OVER:
                return self._phrase(Phrase.NONE_WAITS, region=region)
            if notice.reason.code is Code.TEST:
                return self._phrase(Phrase.TEST_OF, channel=notice.reason.facts.get("channel"))
            if waiting:
                return self._phrase(Phrase.INSTANCES_WAIT, count=waiting, region=region)
        if notice.folded:
            needed = len(needing(notice.folded))
            phrase = Phrase.TOGETHER_NEED if needed else Phrase.TOGETHER
            return self._phrase(phrase, rule=notice.rule, count=len(notice.folded), needed=needed)
        if not notice.instance_id:
            if notice.run is not None and (notice.reason is None or notice.reason.code is not Code.UNREADABLE):
                return clean(notice.run.workflow_id)
            count = notice.reason.facts.get("count") if notice.reason is not None else None
            return self._phrase(Phrase.EVENTS_UNREADABLE if count else Phrase.EVENT_UNREADABLE, count=count)
        symptom = self._name(notice.fault)
        if notice.since is not None and symptom:
            time = notice.since.astimezone(self.zone).strftime("%H:%M")
            symptom = self._phrase(Phrase.SYMPTOM_SINCE, symptom=symptom, time=time)
        return f"{self._who()}: {symptom}" if symptom else self._who()

    def _who(self) -> str:
        return who(self.notice.name, self.notice.instance_id, self.notice.region)

    def _disk(self, disk: PlannedDisk) -> str:
        if not disk.usage or not disk.size_gib:
            return clean(disk.disk_id)
        return self._phrase(Phrase.DISK, disk=disk.disk_id, usage=self._name(disk.usage), size=disk.size_gib)

    def _snapshot(self, one: SnapshotTaken) -> str:
        phrase = Phrase.SNAPSHOT_READY if one.ready else Phrase.SNAPSHOT_NOT_READY
        expires = self._time(one.expires_at)
        line = self._phrase(phrase, snapshot=one.snapshot_id, disk=one.disk_id, expires=expires)
        return self._adopted(line) if one.adopted else line

    def _adopted(self, line: str) -> str:
        return self._phrase(Phrase.ADOPTED, text=line)

    def _time(self, moment: datetime | None) -> str:
        return moment.astimezone(self.zone).isoformat(" ", "seconds") if moment is not None else ""

    def _name(self, identifier: str) -> str:
        return name_of(identifier, self.locale)

    def _phrase(self, phrase: Phrase, **facts: object) -> str:
        return phrase_in(self.locale, phrase, **facts)
