"""One run before a person: signals in, progress and result out."""

from __future__ import annotations

import json
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from tuner.braking import Braked
from tuner.cli.advice import after_mending, farewell
from tuner.cli.hangup import Terminal
from tuner.cli.printing import can_animate, console, count, printable, score, span
from tuner.control import INTERRUPTED, Control
from tuner.errors import Interrupted, TuneError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from reports.report import Report, TrialRow
    from tuner.opening import Request
    from tuner.run import Outcome

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def do(request: Request, *, as_json: bool, quiet: bool) -> None:
    """Runs the request to its end, or to a signal's, and prints what came of it."""
    from tuner.cli.screen import LiveScreen, PlainScreen, SilentScreen
    from tuner.run import Watch, run

    control, terminal = Control(), Terminal()
    kind = SilentScreen if quiet else LiveScreen if can_animate() else PlainScreen
    screen = kind(request)
    try:
        with _signals(control, terminal), screen:
            watch = Watch(event=terminal.guard(screen.event), download=screen.download)
            outcome = run(request, watch, control, began=_began())
    except (Interrupted, KeyboardInterrupt):
        raise Interrupted(farewell(request), control.signal or int(signal.SIGINT)) from None
    except Braked as braked:
        raise TuneError(f"{braked}\n{after_mending(request, braked.reason)}") from None
    if as_json:
        click.echo(json.dumps(summary(outcome), indent=2))
    elif quiet:
        click.echo(outcome.page)
    else:
        _print(outcome)


def _began() -> float | None:
    """When the command was given, where the program knows it."""
    context = click.get_current_context(silent=True)
    return context.find_object(float) if context else None


@contextmanager
def _signals(control: Control, terminal: Terminal) -> Iterator[None]:
    """The first signal asks for an orderly end, the second Ctrl-C ends at once."""

    def handle(number: int, _frame: FrameType | None) -> None:
        if control.stopping and number == signal.SIGINT:
            control.hurry()
        else:
            terminal.let_go()
            control.stop(INTERRUPTED, number)

    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    # What was ignored when we started stays ignored: nohup means it.
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    old = {number: signal.signal(number, handle) for number in heard}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def summary(outcome: Outcome) -> dict[str, Any]:
    """The result as plain JSON values."""
    from reports.standing import winner_again
    from tuner.cli.front import front_document
    from tuner.cli.wording import confirmed_document

    report, evaluation, model = outcome.report, outcome.report.evaluation, outcome.report.model
    states: dict[str, int] = {}
    for trial in report.trials:
        states[trial.state] = states.get(trial.state, 0) + 1
    result: dict[str, Any] = {
        "study": report.study,
        "report": str(outcome.page),
        "model": str(outcome.page.parent.parent / "best" / "model.keras"),
        "trials": states,
        "stopped_by": report.search.stopped_by,
        "seconds": report.search.seconds,
        "peak_memory": dict(report.provenance.peak_memory),
        "front": front_document(_front(report), [each.name for each in report.objectives]),
    }
    if model and evaluation:
        result |= {
            "best_trial": model.trial,
            "parameters": model.parameters,
            "epochs": model.epochs,
            "values": dict(model.values),
            "validation_accuracy": evaluation.validation.value,
            "confirmed": confirmed_document(winner_again(report)),
            "test_accuracy": evaluation.accuracy.value,
            "test_accuracy_95": [evaluation.accuracy.low, evaluation.accuracy.high],
            "test_images": evaluation.accuracy.n,
        }
    return result


def _print(outcome: Outcome) -> None:
    from rich.table import Table

    from reports.standing import winner_again
    from tuner.cli.front import print_front
    from tuner.cli.wording import chosen_text, confirmed_text

    report, evaluation, model = outcome.report, outcome.report.evaluation, outcome.report.model
    grid = Table.grid(padding=(0, 2))
    if model and evaluation:
        test, validation = evaluation.accuracy, evaluation.validation
        grid.add_row(
            "test accuracy",
            f"[bold]{score(test.value)}[/]  (95 % interval {score(test.low)} to {score(test.high)}, "
            f"{count(test.n)} images)",
        )
        if (again := winner_again(report)) and again.mean is not None:
            grid.add_row("confirmed", f"{score(again.mean)}  ({confirmed_text(again)})")
        folds = report.cross_validation
        grid.add_row(
            f"mean of {folds.n_folds} folds" if folds else "validation",
            f"{score(validation.value)}  ({chosen_text(report, model.trial)})",
        )
        grid.add_row(
            "model", f"{count(model.parameters)} parameters, {model.epochs} epochs, retrained in {span(model.seconds)}"
        )
    grid.add_row("search", f"{report.search.stopped_by}, after {span(report.search.seconds)}")
    folder = outcome.page.parent.parent
    out = console()
    out.print(grid)
    if len(report.objectives) > 1:
        print_front(_front(report), [each.name for each in report.objectives])
    out.print("[bold]model[/bold]   ", end="")
    click.echo(printable(str(folder / "best" / "model.keras")))
    out.print("[bold]report[/bold]  ", end="")
    click.echo(printable(str(outcome.page)))


def _front(report: Report) -> list[TrialRow]:
    rows = {trial.number: trial for trial in report.trials}
    return [rows[number] for number in report.front]
