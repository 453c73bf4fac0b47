"""`make sabotage`: plant each bug in a copy of the tree, and see the suite's own tests catch it."""

from __future__ import annotations

import difflib
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from enum import Enum
from pathlib import Path
from queue import SimpleQueue
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.sabotage.bug import Bug, DoesNotFit
from tests.sabotage.bugs import BUGS
from tests.sabotage.copies import ROOT, NotSound, Trial, copy_tree, see_them_pass, try_bug

COPIES = 2
Tell = Callable[[str], None]
Result = TypeVar("Result")


class Output(str, Enum):
    """What is written to stdout."""

    TABLE = "table"
    JSON = "json"


def main(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Only this bug; may be given several times.")
    ] = None,
    output: Annotated[Output, typer.Option("--output", help="A table for people, or JSON.")] = Output.TABLE,
) -> None:
    """Does the suite notice if a promise is broken? Plant bugs on purpose, and see.

    Each bug is one replaced text in one file (tests/sabotage/): the mistake of a careless hand. It is planted in a
    temporary copy of the tree, your uncommitted work included; your own files are never touched. First all tests that
    are to catch something must pass there without any bug. Then, for each bug, the tests that are named with it are
    run, and at least one must fail.

    Exit code 0: every bug was caught. 1: a bug was NOT caught, so a test is missing: write it. 2: it could not be
    tried: a test fails without any bug, or a bug's text is not in its file any more.

    Examples: make sabotage · make sabotage ARGS="--only stale-snapshot" · python -m tests.sabotage --output json
    """
    told = Console(stderr=True)
    try:
        trials = try_all(_chosen(only or []), lambda line: told.print(line, highlight=False, soft_wrap=True))
    except (NotSound, DoesNotFit) as error:
        told.print(escape(str(error)), style="red", highlight=False)
        raise typer.Exit(2) from None
    if output is Output.JSON:
        typer.echo(json.dumps([_row(one) for one in trials], indent=2))
    else:
        Console().print(_table(trials))
    missed = [one for one in trials if not one.caught_by]
    for one in missed:
        told.print(f"[red]{escape(one.bug.name)} was NOT caught[/]; its tests said:\n{escape(one.said[-800:])}")
    raise typer.Exit(1 if missed else 0)


def try_all(bugs: Sequence[Bug], tell: Tell) -> list[Trial]:
    """Try these bugs, in several copies at a time.

    Raises:
        NotSound, DoesNotFit
    """
    for bug in bugs:  # all of them before the first is tried
        bug.planted_in((ROOT / bug.file).read_text(encoding="utf-8"))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="medic-sabotage-") as folder, ThreadPoolExecutor(COPIES) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        tests = tuple(sorted({test for bug in bugs for test in bug.caught_by}))
        # No copy without a test: pytest that is told none runs all.
        made = [copy_tree(Path(folder, f"copy{number}")) for number in range(min(COPIES, len(tests)))]
        tell(f"without any bug: {len(tests)} tests ...")
        _all(pool.submit(see_them_pass, copy, tests[at :: len(made)]) for at, copy in enumerate(made))
        tell(f"they pass, after {time.monotonic() - began:.0f} s; now {len(bugs)} bugs")
        for copy in made:
            copies.put(copy)
        lock, count = threading.Lock(), iter(range(1, len(bugs) + 1))

        def try_one(bug: Bug) -> Trial:
            copy = copies.get()
            try:
                trial = try_bug(copy, bug)
            finally:
                copies.put(copy)
            with lock:
                verdict = f"caught by {_short(trial.caught_by)}" if trial.caught_by else "[red]NOT CAUGHT[/]"
                tell(f"{next(count):3}/{len(bugs)} {bug.promise:>3} {bug.name}: {verdict} ({trial.seconds:.1f} s)")
            return trial

        trials: list[Trial] = _all(pool.submit(try_one, bug) for bug in bugs)
        tell(f"{sum(bool(one.caught_by) for one in trials)} of {len(trials)} caught, {time.monotonic() - began:.0f} s")
        return trials


def _all(begun: Iterable[Future[Result]]) -> list[Result]:
    """Their results; after the first error those that have not begun are let go."""
    futures = list(begun)
    try:
        wait(futures, return_when=FIRST_EXCEPTION)
        return [future.result() for future in futures]
    finally:
        for future in futures:
            future.cancel()


def _chosen(names: list[str]) -> list[Bug]:
    known = {bug.name: bug for bug in BUGS}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
            meant = f"did you mean {' or '.join(near)}?" if near else f"the bugs are: {', '.join(known)}"
            raise typer.BadParameter(f"there is no bug {name!r}; {meant}", param_hint="--only")
    return [known[name] for name in dict.fromkeys(names)] or list(BUGS)


def _table(trials: list[Trial]) -> Table:
    table = Table("promise", "bug", "caught by", "seconds")
    for column in table.columns:
        column.overflow = "fold"  # a name that is cut can be found nowhere
    table.columns[3].justify = "right"
    for one in trials:
        caught = escape(_short(one.caught_by)) or "[red]NOT CAUGHT[/]"
        table.add_row(one.bug.promise, one.bug.name, caught, f"{one.seconds:.1f}")
    return table


def _row(trial: Trial) -> dict[str, object]:
    bug = trial.bug
    facts = {"promise": bug.promise, "bug": bug.name, "file": bug.file, "caught": bool(trial.caught_by)}
    return {**facts, "caught_by": trial.caught_by, "seconds": round(trial.seconds, 1)}


def _short(test: str) -> str:
    return test.partition("::")[2]


if __name__ == "__main__":
    typer.run(main)
