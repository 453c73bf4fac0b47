"""`medic init`: a first medic.yaml, whose rules observe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.console import Output, OutputOption, err, fail, write_json

FIRST_PAGE = Path(__file__).with_name("first_page.yaml")


def register(app: typer.Typer) -> None:
    app.command(name="init")(run)


def run(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where to; what is there already is left as it is.")
    ] = Path("medic.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Write a first medic.yaml. Its rules observe: they tell what they would do, and change nothing.

    [bold]Example:[/bold]  medic init && medic lint
    """
    from remediation.errors import MedicError

    try:
        with file.open("x", encoding="utf-8") as page:
            page.write(FIRST_PAGE.read_text(encoding="utf-8"))
    except FileExistsError:
        raise fail(MedicError(f"{file} is there already, and was left as it is: name another file")) from None
    except OSError as error:
        raise fail(MedicError(f"{file} could not be written: {error.strerror}")) from None
    if output is Output.JSON:
        write_json({"file": str(file)})
        return
    typer.echo(f"written: {file}")
    err().print(
        "next: set ONCALL_WEBHOOK, the URL that takes your notices (or write mail: NAME@HOST instead); `medic lint` "
        "checks the page; start `medic worker`; try it with `medic send --dry-run`. A rule acts once it says mode: act",
        soft_wrap=True,
    )
