"""`medic approve` and `medic deny`: a person's answer to what a run asks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Code, Output, OutputOption, look, misused, settings, who, write_json
from cli.show import IdArgument

if TYPE_CHECKING:
    from temporalio.client import Client

    from remediation.approvals import Answered, Question

ByOption = Annotated[str, typer.Option("--as", help="Your name, as `approvers` in medic.yaml lists it.")]
ReasonOption = Annotated[str, typer.Option(help="Why; it is kept with the run, and told.")]
PlanOption = Annotated[str, typer.Option(help="What exactly you answer: the notice names it. Left out, it is shown.")]
ChoiceOption = Annotated[str, typer.Option(help="go | wait | unprotected, as the question offers; go if left out.")]


def register(app: typer.Typer) -> None:
    app.command(name="approve")(approve)
    app.command(name="deny")(deny)


def approve(
    name: IdArgument,
    by: ByOption,
    reason: ReasonOption,
    plan: PlanOption = "",
    choice: ChoiceOption = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """Let a run do what it asks for: that, and nothing else.

    Exit 0 if your answer was taken; 4 if it was not: another plan, too late, answered already, or you may not.
    Without --plan the question is shown, and you are asked once more.

    [bold]Example:[/bold]  medic approve ins-0123abcd --plan 3f0a12c4de --as ada --reason "backups are from 02:00"
    """
    raise typer.Exit(look(_answer(name, plan, choice, by, reason, output)))


def deny(
    name: IdArgument, by: ByOption, reason: ReasonOption, plan: PlanOption = "", output: OutputOption = Output.TEXT
) -> None:
    """Say no to what a run asks for: it ends there, and people are told. Anybody may.

    [bold]Example:[/bold]  medic deny ins-0123abcd --plan 3f0a12c4de --as ada --reason "we restore from a backup"
    """
    raise typer.Exit(look(_answer(name, plan, "stop", by, reason, output)))


async def _answer(name: str, plan: str, choice: str, by: str, reason: str, output: Output) -> int:
    from cli.console import err
    from cli.lookup import find, parse_id, remediation_of
    from remediation.approvals import Answer
    from starter.connection import connect

    chosen = settings()
    meant = parse_id(name)
    client = await connect()
    handle = remediation_of(client, await find(client, meant))
    question = await open_question(client, handle)
    if question is None:
        err().print(
            f"{handle.id} asks nothing now: it was answered already, went on, or has ended; see medic show",
            soft_wrap=True,
        )
        return Code.NOT_APPROVED
    if not plan:
        _confirm(question, handle.id, choice)
    given = Answer(
        plan=plan or question.plan,
        choice=_choice(choice, question),
        by=by,
        why=reason,
        user=who(),
        identity=client.identity,
    )
    answered = await _send(client, handle, given, chosen.task_queue)
    if isinstance(answered, str):
        err().print(f"not taken: {answered}", soft_wrap=True)
        return Code.NOT_APPROVED
    if output is Output.JSON:
        write_json({"id": handle.id, "answered": answered.model_dump(mode="json")})
    else:
        typer.echo(f"taken: {answered.by} said `{answered.choice.value}` to {question.action}")
    return Code.WELL


async def open_question(client: Client, handle: Any) -> Question | None:
    """What a run asks now; a worker has to answer this."""
    from cli.lookup import ask
    from remediation.approvals import Question
    from remediation.contract import QUESTION

    query = handle.query(QUESTION, result_type=Question, rpc_timeout=timedelta(seconds=5))
    question: Question | None = await ask(client, f"run {handle.id}", query, 6.0)
    return question


async def _send(client: Client, handle: Any, given: Any, task_queue: str) -> Answered | str:
    """What was taken, or why it was not."""
    from temporalio.client import WorkflowUpdateFailedError
    from temporalio.exceptions import ApplicationError

    from cli.lookup import ask
    from remediation.approvals import Answered
    from remediation.contract import ANSWER

    update = handle.execute_update(ANSWER, given.model_dump(mode="json"), result_type=Answered)
    try:
        answered: Answered = await ask(client, f"run {handle.id}", update, 30.0)
    except WorkflowUpdateFailedError as error:
        # Without its type, which ApplicationError writes before it.
        return error.cause.message if isinstance(error.cause, ApplicationError) else str(error.cause)
    return answered


def _confirm(question: Question, workflow_id: str, choice: str) -> None:
    import sys

    from remediation.telling import SHANGHAI, say
    from remediation.telling_questions import tell_choices, tell_question

    typer.echo(say(question.reason), err=True)
    asked = tell_question(question, "en", lambda at: f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M %z}")
    for line in (*asked, *tell_choices(question, "en", workflow_id)):
        typer.echo(line, err=True)
    if not sys.stdin.isatty():
        raise misused(f"nobody can be asked here: name the plan that you answer, --plan {question.plan}")
    typer.confirm(f"answer `{choice or 'go'}`?", abort=True, err=True)


def _choice(written: str, question: Question) -> Any:
    from remediation.approvals import Choice, choices_of

    try:
        return Choice(written or "go")
    except ValueError:
        raise misused(f"--choice is one of {choices_of(question)}") from None
