"""`tune studies`, `tune show` and `tune report`: what was found. They read and hold no lock."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from tuner.cli import outlook_view
from tuner.cli.printing import console, printable, wrapped
from tuner.cli.words import OneOf, WholeNumber, called, warn_of_damage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.text import Text

    from search_spaces import SearchSpace
    from tuner.outlook import Outlook
    from tuner.study import StudyView
    from tuner.trial import Trial

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")

AHEAD, FURTHEST = 20, 100_000
"""Trials that an outlook looks ahead, by default and at most."""


@click.command()
@as_json_option
def studies(*, as_json: bool) -> None:
    """List the studies, newest last."""
    from tuner.cli.study_tables import print_studies
    from tuner.errors import StudyError
    from tuner.study import Folder, list_lost, list_studies, look, studies_root

    rows: list[dict[str, Any]] = []
    for name in list_studies():
        try:
            rows.append(_overview(look(Folder(studies_root() / name))))
        except StudyError as error:
            rows.append({"study": name, "problem": str(error), "created": ""})
    rows += [{"study": name, "problem": f"database missing: tune repair {name}", "created": ""} for name in list_lost()]
    rows.sort(key=lambda row: row["created"])
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif rows:
        print_studies(rows, console())
    else:
        click.echo(f"No studies yet in {studies_root()}. Begin with: tune digits --space mlp_v1 --trials 5")


@click.command()
@click.argument("study")
@click.option("--top", type=WholeNumber(1), metavar="N", default=10, help="Trials to show, the best first.")
@click.option(
    "--outlook", "with_outlook", is_flag=True, help="Tell what more trials may bring and what they will cost."
)
@click.option(
    "--more", type=WholeNumber(1, FURTHEST), metavar="N", help="Trials that --outlook looks ahead.  [default: 20]"
)
@click.option("--time", "with_time", is_flag=True, help="Tell where the time went, from the command to the report.")
@as_json_option
def show(study: str, top: int, more: int | None, *, with_outlook: bool, with_time: bool, as_json: bool) -> None:
    """Show a study's trials, its best first. Works while it runs."""
    from tuner.cli.use_text import use_document
    from tuner.errors import UsageError
    from tuner.study import find_study, look

    if more is not None and not with_outlook:
        raise UsageError(f"--more {more} says how far --outlook looks ahead: it needs --outlook too.")
    opened = look(find_study(study))
    overview, trials = _overview(opened), opened.trials()
    outlook = _outlook(opened, more or AHEAD) if with_outlook else None
    warn_of_damage(opened.folder)
    if as_json:
        told = {"use": use_document(trials), **({"outlook": outlook_view.document(outlook)} if outlook else {})}
        told |= _time_document(opened) if with_time else {}
        click.echo(json.dumps({**overview, "trials": _documents(opened, trials), **told}, indent=2))
    else:
        _print_study(opened, trials, overview, top)
        if outlook:
            _print_outlook(opened, outlook)
        if with_time:
            _print_time(opened)


@click.command()
@click.argument("study")
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser.")
@click.option(
    "--format",
    "kind",
    type=OneOf(["html", "md", "json", "pdf"]),
    default="html",
    show_default=True,
    help="The file whose path is printed; pdf is printed by Chromium, Chrome or Edge.",
)
def report(study: str, *, open_it: bool, kind: str) -> None:
    """Write a study's report as it stands now and print its path. Works while it runs.

    HTML, Markdown and JSON are written each time, with the figures as SVG and PNG, the tables as CSV, and a model card.
    """
    from search_spaces import SearchSpace
    from tuner.finish.report import write_report
    from tuner.study import Study, find_study

    opened = Study.open(find_study(study))
    space = SearchSpace.parse(opened.space_text, f"{opened.plan.space}.yaml")
    warn_of_damage(opened.folder)
    _, page = write_report(opened, space)
    if kind == "pdf":
        from tuner.cli.pdf import print_to_pdf

        page = print_to_pdf(page)
    file = page.with_suffix(f".{kind}")
    click.echo(file)
    if open_it:
        click.launch(file.as_uri())


def _outlook(study: StudyView, more: int) -> Outlook:
    from tuner.outlook import outlook_of

    return outlook_of(study, more=more)


def _print_outlook(study: StudyView, outlook: Outlook) -> None:
    out = console()
    out.print()
    for line in outlook_view.lines(outlook):
        out.print(printable(line), markup=False)
    if outlook.more and study.fact("run", {}).get("stopped_by"):
        click.echo(f"To train them: tune resume {called(study.folder)} --trials {outlook.n_finished + outlook.more}")


def _time_document(study: StudyView) -> dict[str, Any]:
    from tuner.cli.time_view import document
    from tuner.profile import profile_of

    return {"time": document(profile_of(study))}


def _print_time(study: StudyView) -> None:
    from tuner.cli.time_view import print_profile
    from tuner.profile import profile_of

    print_profile(profile_of(study), console())


def _overview(study: StudyView) -> dict[str, Any]:
    from tuner.cli.confirmation_text import confirmation_document
    from tuner.cli.front import front_document
    from tuner.cli.unfinished import to_do
    from tuner.pareto import front
    from tuner.study import is_held
    from tuner.trial import FINISHED, TrialState, winner

    held = is_held(study.folder.path)  # asked first: what runs then, runs
    trials = study.trials()
    plan, run, best = study.plan, study.fact("run", {}), winner(trials, study.plan.objectives)
    left = to_do(study, trials, held=held)
    states = {state.value: sum(trial.state is state for trial in trials) for state in TrialState}
    return {
        "study": study.folder.name,
        "dataset": plan.dataset,
        "space": plan.space,
        "engine": plan.engine,
        "seed": plan.seed,
        "precision": plan.precision,
        "precision_why": study.fact("precision", ""),
        "created": study.created,
        "finished": sum(states[state.value] for state in FINISHED),
        "asked": run.get("trials", 0),
        "states": states,
        "stopped_by": study.stopped_by,
        "held": held,
        "to_do": asdict(left) if left else None,
        "best": {
            "trial": best.number,
            "val_accuracy": best.score,
            "parameters": best.parameters,
            "values": dict(best.values),
        }
        if best
        else None,
        "confirmation": confirmation_document(study),
        "objectives": list(plan.objectives),
        "front": front_document(front(trials, plan.objectives), plan.objectives),
        "folder": str(study.folder.path),
    }


def _documents(study: StudyView, trials: list[Trial]) -> list[dict[str, Any]]:
    """Each with the folder of its weights; None where it has none on the disk."""
    from tuner.keeping import weights

    there = {number: str(path) for number, path in weights(study).items()}
    return [{**trial_document(trial), "weights": there.get(trial.number)} for trial in trials]


def trial_document(trial: Trial) -> dict[str, Any]:
    """The trial as plain JSON values."""
    return {
        "number": trial.number,
        "state": trial.state.value,
        "reason": trial.reason,
        "detail": trial.detail,
        "preset": trial.preset,
        "stage": trial.stage.to_json(),
        "enqueued": trial.enqueued,
        "carried": trial.carried,
        "val_accuracy": trial.score,
        "best_epoch": trial.best.epoch if trial.best else None,
        "curve": [epoch.val_accuracy for epoch in trial.curve],
        "folds": [fold.accuracy for fold in trial.folds],
        "samples": trial.stage.samples,
        "seconds": trial.seconds,
        "waited": trial.waited,
        "device": trial.device,
        "stays": [asdict(stay) for stay in trial.stays],
        "retries": trial.retries,
        "memory": trial.memory,
        "device_memory": trial.device_memory,
        "parameters": trial.parameters,
        "measures": dict(trial.measures),
        "seed": trial.seed,
        "values": dict(trial.values),
    }


def _print_study(study: StudyView, trials: list[Trial], overview: dict[str, Any], top: int) -> None:
    from tuner.cli import study_tables
    from tuner.cli.front import print_front
    from tuner.pareto import front

    out = console()
    for line in _heading(study, trials, overview, out.width):
        out.print(line, markup=False)
    ranked = study_tables.ranked(trials)
    study_tables.print_trials(ranked[:top], out, held=overview["held"], epochs=_epochs_of(study))
    if len(ranked) > top:
        click.echo(f"{len(ranked) - top} more: tune show {study.folder.name} --top {len(ranked)}")
    if len(study.plan.objectives) > 1:
        print_front(front(trials, study.plan.objectives), study.plan.objectives)
    page = study.folder.report / "report.html"
    if page.exists():
        click.echo(f"report  {page}")


def _heading(study: StudyView, trials: list[Trial], overview: dict[str, Any], width: int) -> Iterator[Text]:
    from rich.text import Text

    from tuner.cli.confirmation_text import confirmation_lines
    from tuner.cli.study_tables import state_text
    from tuner.cli.use_text import use_lines
    from tuner.trial import TrialState

    named = {state_text(TrialState(state), held=overview["held"]): n for state, n in overview["states"].items()}
    states = ", ".join(f"{n} {state}" for state, n in named.items() if n)
    what = f"  {overview['dataset']} · {overview['space']} · seed {overview['seed']}"
    yield Text.assemble((printable(study.folder.name), "bold"), printable(what))
    yield Text(f"{overview['finished']} of {overview['asked']} trials finished ({states or 'none yet'})")
    why = f" ({overview['precision_why']})" if overview["precision_why"] else ""
    yield Text(printable(f"precision {overview['precision']}{why}"))
    yield from (Text(printable(line)) for line in use_lines(trials))
    if overview["stopped_by"]:
        yield Text(printable(f"ended because {overview['stopped_by']}"))
    yield from (Text(wrapped(line, width)) for line in confirmation_lines(study))
    if left := overview["to_do"]:
        yield Text(wrapped(printable(f"{left['what']}; go on with: {left['command']}"), width), "yellow")


def _epochs_of(study: StudyView) -> Callable[[Trial], int]:
    """How many epochs a trial is to train."""

    @cache  # loaded for the first that has not ended
    def space() -> SearchSpace:
        from search_spaces import SearchSpace

        return SearchSpace.parse(study.space_text, f"{study.plan.space}.yaml")

    def epochs(trial: Trial) -> int:
        own = study.plan.epochs or space().check_values(trial.values).training.epochs
        return min(own, trial.stage.epochs or own)

    return epochs
