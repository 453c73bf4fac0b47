"""send_notice: the right words to the right address, every address once, and no address in what history keeps."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.carrying import Carrier
from activities.notifications import FOLDED, NotificationActivities
from remediation.config import Config, read_config
from remediation.decisions import Recipient
from remediation.errors import NoticeFailed
from remediation.folding import to_fold
from remediation.notices import OPERATORS, Delivery, FoldedNotice, Headline, Notice, RunRef
from remediation.reasons import Code, because
from remediation.report import Outcome, RemediationResult
from remediation.runbooks import Mode

PAGE = """
channels:
  oncall:
    locale: zh
    to:
      - webhook: https://hooks.example.com/oncall?key=secret
      - mail: oncall@example.com
  platform:
    zone: Europe/Berlin
    to:
      - webhook: https://hooks.example.com/platform?key=secret
operators: [oncall, platform]
"""
ONCALL = "https://hooks.example.com/oncall?key=secret"
PLATFORM = "https://hooks.example.com/platform?key=secret"
RUN = RunRef(workflow_id="cvm/ap-guangzhou/ins-abc/remediation", run_id="0193")
RUN_URL = "http://ui:8233/namespaces/prod/workflows/cvm%2Fap-guangzhou%2Fins-abc%2Fremediation/0193/history"
NOTICE = Notice(
    id="run-1-alarm",
    headline=Headline.ACTING,
    instance_id="ins-abc",
    region="ap-guangzhou",
    name="web\n1",
    fault="DiskReadonly",
    since=datetime(2026, 11, 22, 19, 12, tzinfo=timezone.utc),
    rule="disk-read-only",
    mode=Mode.ACT,
    reason=because(Code.RULE_RUNS, rule="disk-read-only", runbook="snapshot-and-reboot"),
    run=RUN,
)


class Receivers:
    """Every address there is, as the two senders see them; one that is in `broken` refuses."""

    def __init__(self) -> None:
        self.broken: dict[str, NoticeFailed] = {}
        self.posted: list[tuple[str, dict[str, Any], str]] = []
        self.mailed: list[tuple[str, str, str, str]] = []

    def post(self, url: str, payload: dict[str, Any], idempotency_key: str) -> int:
        if url in self.broken:
            raise self.broken[url]
        self.posted.append((url, payload, idempotency_key))
        return 200

    def mail(self, to: str, subject: str, text: str, notice_id: str) -> int:
        if to in self.broken:
            raise self.broken[to]
        self.mailed.append((to, subject, text, notice_id))
        return 250


class Poster:
    def __init__(self, receivers: Receivers) -> None:
        self._receivers = receivers

    def send(self, url: str, payload: dict[str, Any], *, idempotency_key: str) -> int:
        return self._receivers.post(url, payload, idempotency_key)


class Mailer:
    def __init__(self, receivers: Receivers) -> None:
        self._receivers = receivers

    def send(self, to: str, subject: str, text: str, *, notice_id: str, thread: str) -> int:
        return self._receivers.mail(to, subject, text, notice_id)


class Nobody:
    def send(self, url: str, title: str, text: str) -> None:
        raise AssertionError("no address is of this kind")


class OpenDesk:
    """Where every notice goes by itself, but for those that it was told to keep."""

    def __init__(self, *kept: str) -> None:
        self._kept = kept

    def is_folded(self, delivery: Delivery) -> bool:
        return delivery.notice.id in self._kept


@pytest.fixture
def receivers() -> Receivers:
    return Receivers()


@pytest.fixture
def config() -> Config:
    return read_config(PAGE, "medic.yaml", {})


@pytest.fixture
def hands(config: Config, receivers: Receivers) -> NotificationActivities:
    return at_desk(OpenDesk(), config, receivers)


def at_desk(desk: OpenDesk, config: Config, receivers: Receivers) -> NotificationActivities:
    poster, mailer = Poster(receivers), Mailer(receivers)
    carrier = Carrier(poster, mailer, {}, Nobody(), ui="http://ui:8233", namespace="prod")
    return NotificationActivities(config, carrier, desk)


def recipient(channel: str, place: int, kind: str = "webhook") -> Recipient:
    return Recipient(channel=channel, place=place, kind=kind)


def send(hands: NotificationActivities, to: Recipient, notice: Notice = NOTICE, attempt: Any = None) -> str:
    environment = attempt or ActivityEnvironment()
    receipt = environment.run(hands.send_notice, Delivery(notice=notice, recipient=to))
    assert isinstance(receipt, str)
    return receipt


def test_a_webhook_gets_words_and_facts_and_the_receipt_holds_no_address(
    hands: NotificationActivities, receivers: Receivers
) -> None:
    assert send(hands, recipient("oncall", 0)) == "webhook 200"
    ((url, payload, key),) = receivers.posted
    assert url == ONCALL
    assert key == payload["id"] == "run-1-alarm"
    assert payload["headline"] == "ACTING"
    assert payload["subject"] == "[ACTING] web 1 (ins-abc, ap-guangzhou): 磁盘只读，始于 03:12"
    assert payload["text"].startswith(payload["subject"] + "\n")
    assert payload["locale"] == "zh"
    assert payload["name"] == "web 1"
    assert payload["since"] == "2026-11-22T19:12:00+00:00"
    assert payload["outcome"] is None
    assert payload["run"] == {"workflow_id": RUN.workflow_id, "run_id": "0193", "url": RUN_URL}
    assert RUN_URL in payload["text"]
    assert Notice.model_validate(payload["notice"]) == NOTICE
    assert json.loads(json.dumps(payload)) == payload


def test_the_end_tells_its_outcome_to_machines_too(hands: NotificationActivities, receivers: Receivers) -> None:
    result = RemediationResult(
        run_key="run-1",
        outcome=Outcome.RECOVERED,
        reason=because(Code.PROVEN),
        instance_id="ins-abc",
        region="ap-guangzhou",
        rule="disk-read-only",
        mode=Mode.ACT,
        started_at=datetime(2026, 11, 22, 19, 12, tzinfo=timezone.utc),
        ended_at=datetime(2026, 11, 22, 19, 21, tzinfo=timezone.utc),
    )
    send(hands, recipient("platform", 0), NOTICE.model_copy(update={"result": result}))
    ((_, payload, _),) = receivers.posted
    assert payload["outcome"] == "recovered"
    assert payload["notice"]["result"]["ended_at"]


def test_times_are_told_in_the_zone_of_the_channel_with_the_way_to_the_console(
    hands: NotificationActivities, receivers: Receivers
) -> None:
    send(hands, OPERATORS)
    (_, shanghai, _), (_, berlin, _) = sorted(receivers.posted, key=lambda posted: posted[0])
    assert "2026-11-23 03:12:00+08:00" in shanghai["text"]
    assert "2026-11-22 20:12:00+01:00" in berlin["text"]
    assert berlin["subject"].endswith("since 20:12")
    for payload in (shanghai, berlin):
        assert payload["console"] == "https://console.cloud.tencent.com/cvm/instance/detail?rid=1&id=ins-abc"
        assert payload["console"] in payload["text"]


def test_a_mail_gets_the_same_words(hands: NotificationActivities, receivers: Receivers) -> None:
    assert send(hands, recipient("oncall", 1, "mail")) == "mail 250"
    ((to, subject, text, notice_id),) = receivers.mailed
    assert to == "oncall@example.com"
    assert notice_id == "run-1-alarm"
    assert text.splitlines()[0] == subject


def test_operators_are_all_addresses_of_all_their_channels_each_in_its_language(
    hands: NotificationActivities, receivers: Receivers
) -> None:
    assert send(hands, OPERATORS) == "webhook 200, mail 250, webhook 200"
    assert [(url, payload["locale"]) for url, payload, _ in receivers.posted] == [(ONCALL, "zh"), (PLATFORM, "en")]
    assert len(receivers.mailed) == 1


@pytest.mark.parametrize("gone", [recipient("night-shift", 0), recipient("platform", 1), recipient("platform", -3)])
def test_an_address_that_has_vanished_falls_back_to_operators_who_are_told_so(
    gone: Recipient, hands: NotificationActivities, receivers: Receivers
) -> None:
    send(hands, gone)
    assert len(receivers.posted) == 2
    assert all(str(gone) in payload["text"] for _, payload, _ in receivers.posted)
    assert str(gone) in receivers.mailed[0][2]


@pytest.mark.parametrize("permanent", [True, False])
def test_a_refusal_is_tried_again_only_where_that_is_of_use(
    permanent: bool, hands: NotificationActivities, receivers: Receivers
) -> None:
    receivers.broken[PLATFORM] = NoticeFailed("webhook hooks.example.com answered 500", permanent=permanent)
    with pytest.raises(ApplicationError) as failed:
        send(hands, recipient("platform", 0))
    assert failed.value.type == "NoticeFailed"
    assert failed.value.non_retryable is permanent
    assert failed.value.message == "platform[0] (webhook): webhook hooks.example.com answered 500"


def test_another_try_comes_when_it_is_of_use(hands: NotificationActivities, receivers: Receivers) -> None:
    receivers.broken[ONCALL] = NoticeFailed("too many messages", permanent=False, wait_seconds=600)
    receivers.broken[PLATFORM] = NoticeFailed("too many messages", permanent=False, wait_seconds=60)
    with pytest.raises(ApplicationError) as failed:
        send(hands, recipient("oncall", 0))
    assert failed.value.next_retry_delay == timedelta(minutes=10)
    with pytest.raises(ApplicationError) as failed:  # of several, who can be reached sooner does not wait
        send(hands, OPERATORS)
    assert failed.value.next_retry_delay == timedelta(minutes=1)


def test_one_operator_who_cannot_be_reached_does_not_keep_it_from_the_others(
    hands: NotificationActivities, receivers: Receivers
) -> None:
    receivers.broken[ONCALL] = NoticeFailed("down", permanent=False)
    receivers.broken["oncall@example.com"] = NoticeFailed("no such mailbox", permanent=True)
    with pytest.raises(ApplicationError, match=r"down.*no such mailbox") as failed:
        send(hands, OPERATORS)
    assert failed.value.non_retryable is False
    assert [url for url, _, _ in receivers.posted] == [PLATFORM]


def test_one_operator_who_is_slow_does_not_keep_it_from_the_others(
    hands: NotificationActivities, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    others, post, mail = threading.Barrier(3), receivers.post, receivers.mail

    def waits_for_the_others(receive: Callable[..., int]) -> Callable[..., int]:
        def receives(*given: Any) -> int:
            others.wait(10)
            return receive(*given)

        return receives

    monkeypatch.setattr(receivers, "post", waits_for_the_others(post))
    monkeypatch.setattr(receivers, "mail", waits_for_the_others(mail))
    assert send(hands, OPERATORS) == "webhook 200, mail 250, webhook 200"


def test_an_attempt_ends_in_time_whatever_an_address_does(
    hands: NotificationActivities, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.notifications.ATTEMPT_SECONDS", 1.0)
    answers = threading.Event()
    monkeypatch.setattr(receivers, "mail", lambda *_: answers.wait(10))
    with pytest.raises(ApplicationError, match=r": oncall\[1\] \(mail\): no answer within 1 s$") as failed:
        send(hands, OPERATORS)
    answers.set()
    assert not failed.value.non_retryable
    assert sorted(url for url, _, _ in receivers.posted) == [ONCALL, PLATFORM]


def test_a_mistake_of_ours_at_one_address_keeps_it_from_no_other_and_its_text_stays_here(
    hands: NotificationActivities, receivers: Receivers
) -> None:
    receivers.broken[ONCALL] = cast(NoticeFailed, KeyError(ONCALL))
    with pytest.raises(ApplicationError, match=r"unexpected KeyError at test_notifications.py:\d+$") as failed:
        send(hands, OPERATORS)
    assert (failed.value.type, failed.value.non_retryable) == ("NoticeFailed", False)
    assert [url for url, _, _ in receivers.posted] == [PLATFORM]
    assert len(receivers.mailed) == 1


def test_a_later_attempt_writes_only_to_those_whom_no_earlier_one_reached(
    hands: NotificationActivities, receivers: Receivers
) -> None:
    receivers.broken[ONCALL] = NoticeFailed("down", permanent=False)
    first, noted = ActivityEnvironment(), list[Any]()
    first.on_heartbeat = lambda *details: noted.append(details)
    with pytest.raises(ApplicationError):
        send(hands, OPERATORS, attempt=first)
    receivers.broken.clear()
    second = ActivityEnvironment()
    second.info = dataclasses.replace(second.info, heartbeat_details=noted[-1])
    assert send(hands, OPERATORS, attempt=second) == "webhook 200, mail 250, webhook 200"
    assert [url for url, _, _ in receivers.posted] == [PLATFORM, ONCALL]
    assert len(receivers.mailed) == 1
    assert "secret" not in repr(noted)


def test_a_mail_without_a_mail_server_says_which_setting_is_missing(config: Config, receivers: Receivers) -> None:
    carrier = Carrier(Poster(receivers), None, {}, Nobody(), ui="http://ui", namespace="default")
    hands = NotificationActivities(config, carrier, OpenDesk())
    with pytest.raises(ApplicationError, match="MEDIC_SMTP") as failed:
        send(hands, recipient("oncall", 1, "mail"))
    assert failed.value.non_retryable


def test_a_notice_that_is_folded_reaches_nobody_by_itself(config: Config, receivers: Receivers) -> None:
    hands = at_desk(OpenDesk(NOTICE.id), config, receivers)
    assert send(hands, OPERATORS) == FOLDED
    assert (receivers.posted, receivers.mailed) == ([], [])


def test_what_is_told_together_comes_as_facts_too(hands: NotificationActivities, receivers: Receivers) -> None:
    digest = Notice(id="d", headline=Headline.ACTING, rule="disk-read-only", folded=(to_fold(NOTICE),))
    send(hands, recipient("platform", 0), digest)
    ((_, payload, _),) = receivers.posted
    (folded,) = payload["folded"]
    assert FoldedNotice.model_validate(folded) == to_fold(NOTICE)
    assert "folded" not in payload["notice"]
    assert json.loads(json.dumps(payload)) == payload
