"""What the doctor asks of the cloud: harmless calls, side by side, each with an end and each judged by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cli.bounded import within
from remediation.config import Config
from remediation.diagnosis import Finding
from remediation.diagnosis_cloud import (
    NOBODY,
    WHO_CALLS,
    Look,
    judge_clock,
    judge_credentials,
    judge_read,
    judge_room,
    judge_writes,
)
from remediation.errors import CloudError, ConfigError, NeedsPeople
from remediation.kept_snapshots import quota_of

if TYPE_CHECKING:
    from activities.clients.tencent import TencentCloud
    from remediation.settings import Settings

_SECONDS = 60.0  # a region of many snapshots takes many pages


async def look_at_cloud(chosen: Settings, config: Config | None, regions: Sequence[str]) -> tuple[Finding, ...]:
    """Credentials, clock, what may be read in each region, what may be written, and the room for snapshots."""
    cloud = await _cloud(chosen)
    asking = asyncio.ensure_future(_look(cloud, WHO_CALLS, regions[0], lambda it: it.describe_caller(regions[0])))
    answers = await asyncio.gather(*(_read(cloud, region, config) for region in regions))
    caller_look, caller = await asking
    looks = [caller_look, *(look for region in answers for look, _ in region.values())]
    found = [judge_credentials(looks, caller), judge_clock(looks)]
    for region, answer in zip(regions, answers, strict=True):
        found += [judge_read(look) for look, _ in answer.values()]
        found.append(_quota(region, answer))
    return *found, *judge_writes(config)


async def _cloud(chosen: Settings) -> TencentCloud | CloudError:
    """The client of the worker, or why there is none."""
    from worker import make_cloud

    try:
        return await within(_SECONDS, lambda: make_cloud(chosen))
    except asyncio.TimeoutError:
        return NeedsPeople(f"no credentials within {_SECONDS:.0f} s", code="NoCredentials")
    except (ConfigError, NeedsPeople) as error:
        return NeedsPeople(str(error), code="NoCredentials")
    except CloudError as error:
        return error


_Answer = tuple[Look, Any]


async def _read(cloud: TencentCloud | CloudError, region: str, config: Config | None) -> dict[str, _Answer]:
    reads: dict[str, Callable[[TencentCloud], Any]] = {
        "DescribeInstances": lambda it: it.describe_instance(region, NOBODY),
        "DescribeDisks": lambda it: it.count_disks(region),
        "DescribeSnapshots": lambda it: len(it.all_snapshots(region)),
        "DescribeAutomationAgentStatus": lambda it: it.describe_agent(region, NOBODY),
    }
    command = config.guest.commands.get(region) if config is not None else None
    if command is not None:
        reads["DescribeInvocationTasks"] = lambda it: it.find_invocations(region, NOBODY, command)
    answers = await asyncio.gather(*(_look(cloud, action, region, call) for action, call in reads.items()))
    return dict(zip(reads, answers, strict=True))


async def _look(
    cloud: TencentCloud | CloudError, action: str, region: str, call: Callable[[TencentCloud], Any]
) -> _Answer:
    """What came of it, and what was answered; None after an error."""
    if isinstance(cloud, CloudError):
        return Look(action=action, region=region, code=cloud.code, error=cloud.message), None

    def looked() -> _Answer:
        try:
            answer = call(cloud)
        except CloudError as error:
            code, ahead = error.code, cloud.clock_ahead
            return Look(action=action, region=region, code=code, error=str(error), clock_ahead=ahead), None
        return Look(action=action, region=region, clock_ahead=cloud.clock_ahead), answer

    try:
        return await within(_SECONDS, looked)
    except asyncio.TimeoutError:
        return Look(action=action, region=region, error=f"{action}: no answer within {_SECONDS:.0f} s"), None
    except Exception as error:  # noqa: BLE001  # one that fails hides none of the others
        return Look(action=action, region=region, error=f"{action}: {type(error).__name__}"), None


def _quota(region: str, answer: dict[str, _Answer]) -> Finding:
    (disks_look, disks), (snapshots_look, snapshots) = answer["DescribeDisks"], answer["DescribeSnapshots"]
    return judge_room(disks_look, snapshots_look, quota_of(snapshots or 0, disks or 0), region)
