"""Too many requests: every call of that action in that region pauses, and not only the one that was refused."""

from __future__ import annotations

import pytest

from activities.acting import clock
from activities.clients.brake import Brake
from activities.clients.credentials import Credentials
from activities.clients.tencent import TencentCloud
from remediation.errors import Throttled
from remediation.permits import SendPermit
from remediation.runbooks import Mode
from simulator.server import serve
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY

HERE, READ = "ap-guangzhou", "DescribeInstances"


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_refusal_doubles_the_pause_up_to_a_bound_and_a_success_ends_it() -> None:
    time = Time()
    brake = Brake(time)
    pauses = []
    for _ in range(7):
        brake.refused(HERE, READ)
        pauses.append(brake.seconds_left(HERE, READ))
        time.now += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    brake.answered(HERE, READ)
    brake.refused(HERE, READ)
    assert brake.seconds_left(HERE, READ) == 1


def test_refusals_of_calls_that_were_under_way_together_count_once() -> None:
    brake = Brake(Time())
    for _ in range(50):
        brake.refused(HERE, READ)
    assert brake.seconds_left(HERE, READ) == 1


def test_other_actions_and_other_regions_do_not_pause() -> None:
    brake = Brake(Time())
    brake.refused(HERE, READ)
    assert brake.seconds_left(HERE, "DescribeDisks") == 0
    assert brake.seconds_left("ap-shanghai", READ) == 0


def test_after_a_refusal_nothing_is_sent_until_the_pause_is_over() -> None:
    keys = {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY}
    with serve() as server:
        server.faults.add({"action": READ, "kind": "throttle"})
        cloud = TencentCloud(Credentials(keys, ()), endpoint=server.url, timeout_seconds=5)
        time = cloud._brake._clock = Time()
        with pytest.raises(Throttled, match="RequestLimitExceeded"):
            cloud.describe_instance(HERE, "ins-demo0001")
        for _ in range(5):
            with pytest.raises(Throttled, match="not sent: the cloud had too many requests, the next is in 1 s"):
                cloud.describe_instance(HERE, "ins-demo0001")
        assert len([entry for entry in server.log if entry.name == READ]) == 1
        time.now = 1.0
        assert cloud.describe_instance(HERE, "ins-demo0001") is not None


def test_a_mutating_call_that_is_held_back_is_certainly_not_sent() -> None:
    keys = {"TENCENTCLOUD_SECRET_ID": DEMO_SECRET_ID, "TENCENTCLOUD_SECRET_KEY": DEMO_SECRET_KEY}
    with serve() as server:
        server.faults.add({"action": "RebootInstances", "kind": "throttle"})
        cloud = TencentCloud(Credentials(keys, ()), endpoint=server.url, timeout_seconds=5)
        for _ in range(3):
            permit = SendPermit(mode=Mode.ACT, read_at=clock(), deadline=clock() + 30, clock=clock)
            with pytest.raises(Throttled):
                cloud.reboot_instance(permit, HERE, "ins-demo0001", stop_type="SOFT")
        assert len([entry for entry in server.log if entry.name == "RebootInstances"]) == 1
        assert not [entry for entry in server.log if entry.kind == "effect"]
