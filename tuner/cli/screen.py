"""What a run shows while it goes on: a live view on a terminal, plain lines elsewhere. On standard error."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from tuner.cli.echo import without_control_echo
from tuner.cli.murmur import Murmur, what_runs
from tuner.cli.printing import console, printable
from tuner.cli.printing import say as say_on_stderr
from tuner.cli.progress import Progress
from tuner.cli.trial_lines import again_line, trial_line
from tuner.cli.wording import carried_text, confirming_text, plural, precision_text, stopping_text, trouble_line
from tuner.engines.catalog import card
from tuner.events import (
    Again,
    CarriedOver,
    Computing,
    Confirming,
    Enqueued,
    EpochScored,
    Event,
    FoldScored,
    Retraining,
    RetrainingEpoch,
    SetAside,
    SlotLost,
    Stopping,
    TakenUp,
    TrialEnded,
    WaitingForMemory,
    Warned,
    WorkerLost,
)
from tuner.trial import Trial, TrialState

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from rich.console import Console, Group
    from rich.text import Text

    from tuner.opening import Request

MARKS = {
    TrialState.COMPLETE: ("●", "green"),
    TrialState.PRUNED: ("○", "yellow"),
    TrialState.FAILED: ("✗", "red"),
}


class SilentScreen:
    """Shows nothing."""

    def __init__(self, request: Request) -> None:
        self.progress = Progress(request.budget, clock=time.monotonic)

    def event(self, event: Event) -> None:
        self.progress.take(event)

    def download(self, name: str, done: int, total: int) -> None:
        """Nothing is said of downloads either."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to give back."""


class PlainScreen(SilentScreen):
    """A line for each trial, and where that takes longer a line a minute."""

    def __init__(
        self,
        request: Request,
        say: Callable[[str], None] = say_on_stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(request)
        self._murmur = Murmur(say, clock)
        self._say = self._murmur.say
        self._downloading = ""
        self._title = f"{request.dataset} · {request.space.name} · study {request.folder.name}"

    def __enter__(self) -> Self:
        self._say(self._title)
        return self

    def event(self, event: Event) -> None:
        best_before = self.progress.best
        super().event(event)
        match event:
            case TrialEnded(trial=trial):
                self._say(trial_line(trial, is_best=self.progress.best is trial and best_before is not trial))
            case TakenUp():
                self._say(f"going on with {plural(self.progress.n_finished, 'finished trial')}")
            case Enqueued() | SetAside():
                self._say(inbox_line(event))
            case CarriedOver():
                self._say(carried_text(event))
            case Computing():
                self._say(precision_text(event))
            case WorkerLost() | WaitingForMemory() | SlotLost() | Warned():
                self._say(trouble_line(event))
            case Stopping():
                self._say(stopping_text(event))
            case Confirming() | Again() | Retraining():
                self._finishing(event)
            case EpochScored() | FoldScored() | RetrainingEpoch():
                self._murmur.murmur(lambda: what_runs(self.progress))
            case _:
                pass

    def _finishing(self, event: Confirming | Again | Retraining) -> None:
        match event:
            case Confirming():
                self._say(confirming_text(event))
            case Again(event=TrialEnded(trial=trial)):
                self._say(again_line(event, trial))
            case Again(event=WorkerLost() | WaitingForMemory() | Warned() as trouble):
                self._say(trouble_line(replace(trouble, number=event.trial)))
            case Again():
                self._murmur.murmur(lambda: what_runs(self.progress))
            case Retraining():
                images = "all training images" if event.trial.folds else "training + validation"
                epochs = plural(event.epochs, "epoch")
                self._say(f"retraining trial {event.trial.number} for {epochs} on {images}")

    def download(self, name: str, done: int, total: int) -> None:
        if name != self._downloading:
            self._downloading = name
            self._say(f"downloading {name} ({total / 2**20:.1f} MiB)" if total else f"downloading {name}")
        self._murmur.murmur(lambda: f"downloading {name}: {done / 2**20:.1f} MiB so far")


def inbox_line(event: Enqueued | SetAside) -> str:
    """`trial  12  enqueued`."""
    if isinstance(event, Enqueued):
        return f"trial {event.number:3}  enqueued"
    return f"inbox/{event.file} is no guess for this study and was set aside: {event.why}"


class LiveScreen(SilentScreen):
    """A view that is redrawn in place; the lines of ended trials stand above it and stay."""

    def __init__(self, request: Request, out: Console | None = None) -> None:
        from rich.live import Live

        super().__init__(request)
        self._console = out or console(sys.stderr)
        self._title = f"{request.dataset} · {request.space.name}"
        self._study = request.folder.name
        first = " and training the first fold" if card(request.engine).folds else ""
        self._note = f"loading TensorFlow{first}"
        self._live = Live(
            console=self._console,
            get_renderable=self._view,
            refresh_per_second=4,
            transient=True,
            redirect_stdout=False,
        )
        self._echo = ExitStack()

    def __enter__(self) -> Self:
        from rich.text import Text

        self._console.print(Text.assemble((printable(self._title), "bold"), ("  study " + self._study, "dim")))
        self._echo.enter_context(without_control_echo())
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._echo:
            self._live.stop()

    def event(self, event: Event) -> None:
        from rich.text import Text

        best_before = self.progress.best
        super().event(event)
        if isinstance(event, EpochScored | FoldScored | Retraining):
            self._note = ""
        if isinstance(event, TrialEnded):
            self._print_trial(event.trial, is_best=self.progress.best is event.trial and best_before is not event.trial)
        if isinstance(event, Computing):
            self._print(Text(printable(precision_text(event)), "dim"))
        if isinstance(event, CarriedOver):
            self._print(Text(printable(carried_text(event))))
        if isinstance(event, Enqueued | SetAside):
            self._print(Text(printable(inbox_line(event)), "cyan"))
        if isinstance(event, WorkerLost | WaitingForMemory | SlotLost | Warned):
            self._print(Text.assemble(("!", "yellow"), " ", printable(trouble_line(event))))
        if isinstance(event, Confirming):
            self._print(Text(printable(confirming_text(event))))
        if isinstance(event, Again):
            self._print_again(event)

    def download(self, name: str, done: int, total: int) -> None:
        share = f" {done / total:.0%} of {total / 2**20:.1f} MiB" if total else ""
        self._note = f"downloading {name}{share}"

    def _print_trial(self, trial: Trial, *, is_best: bool) -> None:
        from rich.text import Text

        mark, colour = MARKS[trial.state]
        words = printable(trial_line(trial, is_best=is_best, width=self._console.width - 2))
        line = Text.assemble((mark, colour), " ", (words, "bold" if is_best else ""))
        if trial.state is not TrialState.FAILED:  # why it failed is worth a second line
            line.no_wrap, line.overflow = True, "ellipsis"
        self._print(line)

    def _print_again(self, again: Again) -> None:
        from rich.text import Text

        match again.event:
            case TrialEnded(trial=trial):
                mark, colour = MARKS[trial.state]
                self._print(Text.assemble((mark, colour), " ", printable(again_line(again, trial))))
            case WorkerLost() | WaitingForMemory() | Warned() as trouble:
                line = trouble_line(replace(trouble, number=again.trial))
                self._print(Text.assemble(("!", "yellow"), " ", printable(line)))

    def _print(self, line: Text) -> None:
        """Above the view, which is drawn anew first: printing alone would repeat it as it was before the event."""
        self._live.refresh()
        self._console.print(line)

    def _view(self) -> Group:
        from tuner.cli.view import view

        return view(self.progress, self._note, self._console.width)
