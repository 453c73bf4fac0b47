"""The published number of calls a second, for each action and region."""

from __future__ import annotations

from collections import defaultdict, deque

from simulator.errors import ApiError

# API reference: 213/568 (CVM), 362/15634 ff. (CBS), 1147/46677 (TAT).
PER_SECOND = {
    "DescribeInstances": 40,
    "DescribeInstancesStatus": 40,
    "RebootInstances": 10,
    "StopInstances": 10,
    "StartInstances": 10,
    "DescribeDisks": 100,
    "CreateSnapshot": 20,
    "DescribeSnapshots": 20,
    "ApplySnapshot": 20,
    "DescribeSnapshotOverview": 20,
    "DeleteSnapshots": 20,
    "DescribeAutomationAgentStatus": 60,
    "DescribeCommands": 20,
    "InvokeCommand": 20,
    "AssumeRole": 600,  # 1312/48197
    "GetCallerIdentity": 20,  # 1312/66098
    "DescribeInvocationTasks": 20,
}


class Limits:
    """A window of one second that slides; a refused call does not count."""

    def __init__(self, on: bool = True) -> None:
        self._on = on
        self._recent: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def check(self, action: str, region: str, now: float) -> None:
        """
        Raises:
            ApiError: RequestLimitExceeded.
        """
        if not self._on:
            return
        recent = self._recent[action, region]
        while recent and recent[0] <= now - 1:
            recent.popleft()
        limit = PER_SECOND[action]
        if len(recent) >= limit:
            raise request_limit_exceeded(limit, action)
        recent.append(now)


def request_limit_exceeded(limit: int, action: str) -> ApiError:
    message = f"Your current request times equals to `{limit + 1}` in a second, which exceeds the frequency limit "
    return ApiError("RequestLimitExceeded", message + f"`{limit}` for a second of `{action}`. Please retry after.")
