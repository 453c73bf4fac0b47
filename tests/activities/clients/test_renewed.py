"""Keys that are kept and renewed, by many threads at once: one fetch for all of them, and nobody waits in vain."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from activities.clients.role_credentials import Keys, Renewed
from remediation.errors import Throttled


class Fetching:
    """Gives keys that expire 1000 s later, or fails."""

    def __init__(self) -> None:
        self.now, self.count, self.failing = 0.0, 0, False

    def fetch(self) -> Keys:
        self.count += 1
        if self.failing:
            raise Throttled("no answer")
        return Keys(f"id-{self.count}", "key", "token", self.now + 1000)


def test_keys_are_kept_and_fetched_anew_before_they_expire() -> None:
    source = Fetching()
    renewed = Renewed(source.fetch, lambda: source.now)
    assert [renewed.get().secret_id for _ in range(3)] == ["id-1"] * 3
    source.now = 699
    assert renewed.get().secret_id == "id-1"
    source.now = 701
    assert renewed.get().secret_id == "id-2"


def test_while_keys_cannot_be_renewed_the_old_ones_are_used_as_long_as_they_last() -> None:
    source = Fetching()
    renewed = Renewed(source.fetch, lambda: source.now)
    renewed.get()
    source.failing, source.now = True, 999
    assert renewed.get().secret_id == "id-1"
    source.now = 1001
    with pytest.raises(Throttled):
        renewed.get()


def test_keys_that_the_cloud_refused_are_fetched_anew() -> None:
    source = Fetching()
    renewed = Renewed(source.fetch, lambda: source.now)
    renewed.get()
    assert renewed.forget()
    assert renewed.get().secret_id == "id-2"


class Held(Fetching):
    """As long as it is held, a fetch that was begun does not end."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.released = threading.Event(), threading.Event()
        self.released.set()

    def fetch(self) -> Keys:
        self.begun.set()
        assert self.released.wait(10)
        return super().fetch()


def told(renewed: Renewed) -> str:
    try:
        return renewed.get().secret_id
    except Throttled as error:
        return str(error)


def asked_by(threads: int, renewed: Renewed, source: Held) -> list[str]:
    """What so many threads are told that ask while one fetch is held until all of them have come."""
    source.begun.clear()
    source.released.clear()
    with ThreadPoolExecutor(threads) as pool:
        asked = [pool.submit(told, renewed)]
        assert source.begun.wait(10)
        asked += [pool.submit(told, renewed) for _ in range(threads - 1)]
        ends = time.monotonic() + 0.5
        while time.monotonic() < ends and not all(one.done() for one in asked[1:]):
            pass  # those who need not wait are through; of the others one would begin a second fetch now
        source.released.set()
        return [one.result(10) for one in asked]


def test_threads_without_keys_wait_for_the_one_fetch_and_get_what_it_brings() -> None:
    source = Held()
    assert asked_by(32, Renewed(source.fetch, lambda: source.now), source) == ["id-1"] * 32
    assert source.count == 1


def test_a_fetch_that_fails_fails_for_all_who_waited_and_is_repeated_only_some_seconds_later() -> None:
    source = Held()
    source.failing = True
    renewed = Renewed(source.fetch, lambda: source.now)
    assert asked_by(32, renewed, source) == ["no answer"] * 32
    assert (told(renewed), source.count) == ("no answer", 1)
    source.now, source.failing = 6, False
    assert (told(renewed), source.count) == ("id-2", 2)


def test_nobody_waits_for_a_fetch_while_the_old_keys_last() -> None:
    source = Held()
    renewed = Renewed(source.fetch, lambda: source.now)
    renewed.get()
    source.now = 701
    assert asked_by(8, renewed, source) == ["id-2"] + ["id-1"] * 7
    assert source.count == 2


def test_old_keys_are_used_while_a_failure_is_remembered() -> None:
    source = Held()
    renewed = Renewed(source.fetch, lambda: source.now)
    renewed.get()
    source.failing, source.now = True, 701
    assert [told(renewed) for _ in range(5)] == ["id-1"] * 5
    assert source.count == 2
    source.now = 0  # a clock that is set back keeps no failure alive
    assert told(renewed) == "id-1"


def test_a_fetch_that_is_ended_from_outside_leaves_nobody_waiting() -> None:
    begun, released = threading.Event(), threading.Event()

    def interrupted() -> Keys:
        begun.set()
        released.wait(10)
        raise KeyboardInterrupt

    renewed = Renewed(interrupted)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(renewed.get)
        assert begun.wait(10)
        second = pool.submit(told, renewed)
        released.set()
        assert isinstance(first.exception(10), KeyboardInterrupt)
        assert "ended early" in second.result(10)
    assert "ended early" in told(renewed)
