"""The console: `medic …`. Its commands import what is heavy when they run, so that `--help` answers at once."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from cli.answer import register as register_answer
from cli.backtest import register as register_backtest
from cli.cancel import register as register_cancel
from cli.certify import register as register_certify
from cli.console import fail
from cli.demonstrate import register as register_demonstrate
from cli.doctor import register as register_doctor
from cli.eventbridge import register as register_eventbridge
from cli.explain import register as register_explain
from cli.fleet import register as register_fleet
from cli.freeze import register as register_freeze
from cli.health import register as register_health
from cli.init import register as register_init
from cli.lint import register as register_lint
from cli.notify import register as register_notify
from cli.run_simulator import register as register_run_simulator
from cli.run_worker import register as register_run_worker
from cli.runs import register as register_runs
from cli.schema import register as register_schema
from cli.send import register as register_send
from cli.serve import register as register_serve
from cli.show import register as register_show
from cli.snapshots import register as register_snapshots
from cli.why import register as register_why


class Group(TyperGroup):
    """Our commands, whose errors are told in one line instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # What was asked for goes on in Temporal; only the looking ends.
            raise typer.Exit(130) from None
        except (typer.Exit, typer.Abort, typer.TyperException, OSError) as error:
            # Typer's own, and a pipe whose reader has gone, which typer knows how to end quietly.
            if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
                raise fail(error) from None
            raise
        except Exception as error:  # noqa: BLE001  # the last place that can tell it; debug shows the traceback
            raise fail(error) from None


app = typer.Typer(
    name="medic",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Heals sick Tencent Cloud CVM instances: snapshot, reboot, proof, and people are told.",
    epilog="Exit codes: 0 well · 1 failed · 2 usage · 3 ended but not recovered · 4 denied, or not approved · "
    "5 no rule matched · 124 timed out",
)
register_demonstrate(app)
register_run_worker(app)
register_serve(app)
register_init(app)
register_send(app)
register_runs(app)
register_show(app)
register_why(app)
register_answer(app)
register_cancel(app)
register_freeze(app)
register_fleet(app)
register_snapshots(app)
register_health(app)
register_doctor(app)
register_explain(app)
register_backtest(app)
register_lint(app)
register_notify(app)
register_certify(app)
register_schema(app)
register_eventbridge(app)
register_run_simulator(app)


def main() -> None:
    """The entry point of `medic` and of `python -m cli`."""
    app(prog_name="medic")
