"""`medic eventbridge`: the rules that EventBridge needs for this medic.yaml."""

from __future__ import annotations

import typer

from cli.console import Output, OutputOption, write, write_json
from cli.pages import ConfigOption, page_text


def register(app: typer.Typer) -> None:
    app.command(name="eventbridge")(run)


def run(config: ConfigOption = "", output: OutputOption = Output.TEXT) -> None:
    """Write the rules that EventBridge's default bus needs for medic.yaml, as text or as Terraform's variables.

    They let through whatever a rule of the page matches, its recovery, and what else is evidence: rather too much than
    too little, since the worker decides again.

    [bold]Example:[/bold]  medic eventbridge

    medic eventbridge --output json > deploy/terraform/rules.auto.tfvars.json
    """
    from remediation.config import read_config
    from remediation.eventbridge import bus_rules

    name, text = page_text(config)
    rules = bus_rules(read_config(text, name, None))
    if output is Output.JSON:
        write_json(
            {"rules": {one.name: {"description": one.description, "pattern": one.pattern_text} for one in rules}}
        )
        return
    for one in rules:
        write(typer.style(one.name, bold=True))
        write(f"  for: {'; '.join(one.serves)}")
        if one.left_to_worker:
            write(f"  left to the worker: {', '.join(one.left_to_worker)}")
        write(f"  {one.pattern_text}")
    typer.echo(
        f"{len(rules)} of at most 200 rules for the default bus in ap-guangzhou; each of them takes two targets: the "
        "function, and the message push",
        err=True,
    )
