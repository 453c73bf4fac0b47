"""One call from its headers to its answer: who asks, for what, how often, whether that is allowed, what goes wrong."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from simulator import parameters
from simulator.answers import Answer, refusal, result, spoil
from simulator.befalling import befall
from simulator.cloud import Call, Cloud
from simulator.errors import ApiError
from simulator.faults import FaultRule, Faults, Point
from simulator.limits import Limits
from simulator.products import PRODUCTS
from simulator.signature import verify
from simulator.state import Region
from simulator.world import Credential

_RELEASE_POLL_SECONDS = 0.005
_RESOURCES = {"ins": "instance", "disk": "volume", "snap": "snapshot"}


@dataclass(frozen=True)
class _Asked:
    """What the caller says, before any of it is believed; without `params` the body was no JSON object."""

    action: str
    version: str
    region: str
    params: Mapping[str, Any] | None
    targets: tuple[str, ...]

    @classmethod
    def read(cls, headers: Mapping[str, str], body: bytes) -> _Asked:
        try:
            given = json.loads(body)
        except ValueError:
            given = None
        params = given if isinstance(given, dict) else None
        action, version, region = (headers.get(f"x-tc-{name}", "") for name in ("action", "version", "region"))
        return cls(action, version, region, params, parameters.targets(params or {}))


class Api:
    """The gateway before the cloud; `waiting` names the actions of the calls that a fault holds or delays."""

    def __init__(self, cloud: Cloud, faults: Faults) -> None:
        self._cloud, self._faults = cloud, faults
        self._credentials = {one.secret_id: one for one in cloud.world.credentials}
        self._limits = Limits(cloud.world.limits)
        self.waiting: list[str] = []

    async def answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Handle one POST to `/`; the names in `headers` are in lower case. What is refused is an answer too."""
        asked, request_id = _Asked.read(headers, body), str(uuid.uuid4())
        releases = self._faults.releases
        with self._cloud.lock:
            arrived = self._cloud.settle()
            if self._faults.lag:
                self._cloud.keep_past(arrived)
            hits = self._ask("arrival", asked)
            self._befall(hits, asked, arrived)
        await self._pause(hits, asked.action, releases)
        late = next((rule for rule in hits if rule.kind == "late"), None)
        struck = next((rule for rule in hits if rule.decides and rule is not late), None)
        with self._cloud.lock:
            # What happened before this call is recorded before it, and what it brings about after it.
            now = self._cloud.settle()
            self._cloud.log.hold_back()
            if struck:
                answer = spoil(result({}, request_id), struck, asked.action)
                error: str | None = answer.code or f"({struck.kind})"
            else:
                lag = sum(rule.seconds for rule in hits if rule.kind == "lag") / self._cloud.speed
                answer = self._handle(headers, body, asked, now, request_id, lag=lag, late=late)
                error = answer.code or (f"({late.kind})" if late else None)
            releases = self._faults.releases
            later = [*([] if error else self._ask("effect", asked)), *self._ask("answer", asked)]
            self._cloud.log.call(
                now,
                asked.action,
                asked.region,
                asked.params or {},
                request_id=request_id,
                error=error,
                faults=[rule.kind for rule in (*hits, *later)],
                targets=asked.targets,
                arrived=arrived,
            )
            self._befall(later, asked, now)
            self._cloud.remember(now)
        await self._pause(later, asked.action, releases)
        for rule in later:
            answer = spoil(answer, rule, asked.action)
        return answer

    def time(self) -> float:
        """What the gateway's own clock shows, by which it judges a signature's age, and which it puts into `Date`."""
        return self._cloud.clock.now() + self._cloud.clock_skew_seconds

    def _handle(
        self,
        headers: Mapping[str, str],
        body: bytes,
        asked: _Asked,
        now: float,
        request_id: str,
        *,
        lag: float,
        late: FaultRule | None,
    ) -> Answer:
        """What is wrong with the call itself is said at once, also where its effect is to come late."""
        try:
            known = {**self._credentials, **self._cloud.issued_credentials(now)}
            credential, service = verify(headers, body, credentials=known, now=self.time())
            product = PRODUCTS.get(service)
            if product is None:
                raise ApiError("NoSuchProduct", f"The product `{service}` does not exist.")
            if asked.version != product.version:
                raise ApiError("NoSuchVersion", f"The version `{asked.version}` of `{service}` does not exist.")
            if asked.action not in product.actions:
                raise ApiError("InvalidAction", f"The action `{asked.action}` does not exist in `{service}`.")
            region = self._cloud.regions.get(asked.region)
            if region is None:
                code = "UnsupportedRegion" if asked.region else "MissingParameter"
                raise ApiError(code, f"The action does not support the region `{asked.region}`.")
            self._limits.check(asked.action, asked.region, now)
            if asked.params is None:
                raise ApiError("InvalidParameter", "The request's body is not a JSON object.")
            model, perform = product.actions[asked.action]
            params = parameters.parse(model, asked.params)
            self._permit(credential, product.cam, asked)
            if late:
                perform_late = partial(self._perform_late, perform, params, region, request_id)
                self._cloud.schedule(now + late.seconds / self._cloud.speed, perform_late)
                return spoil(result({}, request_id), late, asked.action)
            if lag and asked.action.startswith("Describe"):
                region, now = self._cloud.as_of(now - lag, asked.region), now - lag
            call = Call(self._cloud, region, now, request_id, credential.secret_id)
            return result(perform(call, params), request_id)
        except ApiError as error:
            return refusal(error, request_id)

    def _perform_late(
        self, perform: Callable[[Call, Any], Any], params: Any, region: Region, request_id: str, at: float
    ) -> None:
        """When nobody hears the answer any more."""
        try:
            perform(Call(self._cloud, region, at, request_id), params)
        except ApiError as error:
            told = {"code": error.code}
            self._cloud.log.effect(at, "late_call_refused", region.name, request_id=request_id, params=told)

    def _befall(self, rules: list[FaultRule], asked: _Asked, now: float) -> None:
        for rule in rules:
            if rule.do is not None:
                befall(self._cloud, rule.do, now, asked.region)
                self._cloud.remember(now)

    def _permit(self, credential: Credential, cam: str, asked: _Asked) -> None:
        denied = credential.deny if self._cloud.deny is None else self._cloud.deny
        if asked.action not in denied:
            return
        kinds = ((_RESOURCES.get(one.partition("-")[0]), one) for one in asked.targets)
        uin = self._cloud.world.uin
        named = [f"qcs::cvm:{asked.region}:uin/{uin}:{kind}/{one}" for kind, one in kinds if kind]
        raise ApiError(
            "UnauthorizedOperation",
            f"you are not authorized to perform operation ({cam}:{asked.action}) "
            f"resource ({', '.join(named) or '*'}) has no permission",
        )

    def _ask(self, point: Point, asked: _Asked) -> list[FaultRule]:
        return self._faults.ask(point, asked.action, asked.region, asked.targets)

    async def never_answer(self, action: str, hung_up: Callable[[], Awaitable[object]]) -> None:
        """Wait until the caller hangs up, or somebody releases the calls that wait."""
        gone = asyncio.ensure_future(hung_up())
        releases = self._faults.releases
        self.waiting.append(action)
        while not gone.done() and self._faults.releases == releases:  # noqa: ASYNC110  # set from any thread
            await asyncio.sleep(_RELEASE_POLL_SECONDS)
        self.waiting.remove(action)
        gone.cancel()

    async def _pause(self, rules: list[FaultRule], action: str, releases: int) -> None:
        """Wait as the rules say, or until somebody releases the calls that wait."""
        for rule in (one for one in rules if one.pauses):
            until = time.monotonic() + rule.seconds if rule.kind == "delay" else float("inf")
            self.waiting.append(action)
            while time.monotonic() < until and self._faults.releases == releases:  # noqa: ASYNC110  # set from any thread
                await asyncio.sleep(min(_RELEASE_POLL_SECONDS, max(until - time.monotonic(), 0)))
            self.waiting.remove(action)
