"""A storm of notices: few messages, nothing lost; by the real server, and in the middle of it a worker that restarts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.notifications import FOLDED
from remediation import contract
from remediation.contract import Queue
from remediation.decisions import Recipient
from remediation.notices import Delivery, Headline, Notice
from remediation.reasons import Code, because
from tests.workflows.staging import Ears, Stage, stage, until

pytestmark = pytest.mark.temporal
ONCALL = Recipient(channel="oncall", place=0, kind="webhook")
DESK = Recipient(channel="desk", place=0, kind="webhook")


def notices(count: int, rule: str = "disk-read-only", headline: Headline = Headline.OBSERVED) -> list[Notice]:
    return [
        Notice(
            id=f"{rule}-{number}",
            headline=headline,
            instance_id=f"ins-{number:04}",
            region="ap-guangzhou",
            fault="DiskReadonly",
            rule=rule,
            reason=because(Code.RULE_NOTIFIES, rule=rule),
        )
        for number in range(count)
    ]


async def send(on: Stage, notices: Iterable[Notice], recipient: Recipient = ONCALL) -> list[str]:
    """Each by the production's activity, all at once; returns their receipts."""
    return await asyncio.gather(*(_send(on, one, recipient) for one in notices))


async def _send(on: Stage, notice: Notice, recipient: Recipient) -> str:
    return ""


def named(message: dict[str, Any]) -> list[str]:
    return [message["instance_id"]] if message["instance_id"] else [one["instance_id"] for one in message["folded"]]


async def test_x(time_skipping: WorkflowEnvironment, unique: str) -> None:
    async with stage(time_skipping.client, unique) as on:
        pass
