"""Let it settle, then collect proof; what cannot be proven is not called recovered."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.instances import InstanceActivities
    from remediation.contract import Queue, VerifyInput
    from remediation.durations import write_duration
    from remediation.health import Health, Judgement
    from remediation.inside import with_inside
    from remediation.reasons import Code, Reason, because
    from remediation.report import Outcome, Phase, RebootSent
    from workflows.attempt import Attempt
    from workflows.calls import LAST_LOOK_SECONDS, Expired
    from workflows.looking_inside import look_inside


async def verify(attempt: Attempt, reboot: RebootSent) -> tuple[Outcome, Reason]:
    """How the run ends, by evidence that is newer than the reboot."""
    policy = attempt.runbook.verify
    attempt.journal.begin("settle", f"{write_duration(policy.settle)} of rest before judging", Phase.VERIFYING)
    await attempt.calls.rest(policy.settle, "let the instance settle")
    attempt.journal.begin("verify", "proof that it is well")
    try:
        judgement = await attempt.calls.wait(
            InstanceActivities.verify_instance,
            _wanted(attempt, reboot),
            queue=Queue.READINGS,
            within=policy.timeout,
            summary=f"verify {attempt.target.instance_id}",
            last_look=lambda: _wanted(attempt, reboot, last_look=True),
        )
    except Expired as blind:
        seconds = policy.timeout + LAST_LOOK_SECONDS
        return Outcome.HANDED_OVER, because(Code.CLOUD_SILENT, seconds=seconds, error=blind.last)
    if judgement.health is Health.HEALTHY:
        judgement = await _with_inside(attempt, judgement)
    attempt.judgement = judgement
    if judgement.health is Health.HEALTHY:
        return Outcome.RECOVERED, because(Code.PROVEN)
    if judgement.health is Health.UNHEALTHY:
        return Outcome.NOT_RECOVERED, because(Code.UNHEALTHY)
    return Outcome.HANDED_OVER, because(Code.NO_PROOF, timeout=write_duration(policy.timeout))


async def _with_inside(attempt: Attempt, judgement: Judgement) -> Judgement:
    """The cloud says that it is well; what its inside says counts more."""
    seen = await look_inside(attempt, "after the repair")
    required = "guest" in attempt.runbook.verify.require
    return with_inside(judgement, attempt.inside, seen.report, seen.blind, required=required)


def _wanted(attempt: Attempt, reboot: RebootSent, *, last_look: bool = False) -> VerifyInput:
    recovered = attempt.recovered
    return VerifyInput(
        target=attempt.target,
        request_id=reboot.request_id,
        back_at=reboot.back_at or workflow.now(),
        recovered_at=recovered.occurred_at if recovered else None,
        fired_at=attempt.fired_at,
        policy=attempt.runbook.verify,
        last_look=last_look,
    )
