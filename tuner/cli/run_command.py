"""`tune run` and `tune resume`: the main job."""

from __future__ import annotations

import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tuner.cli import engine_options, shared_options
from tuner.cli.space_options import with_space_options

if TYPE_CHECKING:
    from tuner.cli.space_options import SpaceOptions
    from tuner.opening import Request


class Span(click.ParamType["float | None"]):
    """A time such as 15m, in seconds; infinite for `none`."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        from tuner.errors import UsageError
        from tuner.plan import seconds

        if value is None or isinstance(value, float):
            return value
        try:
            return math.inf if value == "none" else seconds(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


OUTPUT_OPTIONS = (
    click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object."),
    click.option("--quiet", is_flag=True, help="Print the report's path and nothing else."),
)


def with_output_options(command: Any) -> Any:
    for option in reversed(OUTPUT_OPTIONS):
        command = option(command)
    return command


@click.command(context_settings={"show_default": True})
@click.argument("dataset")
@with_space_options
@click.option("--trials", type=click.IntRange(1), metavar="N", default=50, help="Finished trials in total.")
@click.option("--timeout", type=Span(), help="End the search after this time (90s, 15m, 2h) and finish the job.")
@click.option("--seed", type=click.IntRange(0), metavar="N", default=0, help="Makes it repeatable.")
@click.option("--study", "name", metavar="NAME", help="The study's name.  [default: DATASET-SPACE]")
@shared_options.data
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Use only so many training images, a stratified sample."
)
@shared_options.epochs
@shared_options.validation
@engine_options.engine
@engine_options.algorithm
@engine_options.pruner
@engine_options.objective
@engine_options.folds
@shared_options.gpus
@with_output_options
def run(
    dataset: str,
    space: SpaceOptions,
    trials: int,
    timeout: float | None,
    name: str | None,
    data: Path | None,
    *,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Search, retrain, test, report: the main job. The same command again goes on where it ended."""
    from tuner.cli.session import do
    from tuner.cli.words import check_dataset

    check_dataset(dataset)
    from tuner.opening import Request
    from tuner.plan import Budget
    from tuner.study import study_folder

    loaded = space.load()
    do(
        Request(
            dataset=dataset,
            space=loaded,
            folder=study_folder(name or f"{dataset}-{loaded.name}"),
            budget=Budget(trials=trials, timeout=None if timeout == math.inf else timeout),
            command=shlex.join(["tune", *sys.argv[1:]]),
            data=data.expanduser().absolute() if data else None,
            **options,
        ),
        as_json=as_json,
        quiet=quiet,
    )


@click.command()
@click.argument("study")
@click.option("--trials", type=click.IntRange(1), metavar="N", help="Finished trials in total.  [default: as before]")
@click.option("--timeout", type=Span(), help="Time for this run; none for no limit.  [default: as before]")
@click.option("--gpus", metavar="LIST", help="auto, all, none, or numbers such as 0,2.  [default: as before]")
@with_output_options
def resume(
    study: str, trials: int | None, timeout: float | None, gpus: str | None, *, as_json: bool, quiet: bool
) -> None:
    """Go on with a study: its name, or the path of its folder."""
    from tuner.cli.session import do

    do(_request_of(study, trials, timeout, gpus), as_json=as_json, quiet=quiet)


def _request_of(name: str, trials: int | None, timeout: float | None, gpus: str | None) -> Request:
    """What the study was last asked for, with the space as it was when the study began."""
    from search_spaces import SearchSpace
    from tuner.opening import Request
    from tuner.plan import Budget
    from tuner.study import Study, find_study

    folder = find_study(name)
    study = Study.open(folder)
    plan, last = study.plan, study.fact("run", {})
    return Request(
        dataset=plan.dataset,
        space=SearchSpace.parse(study.space_text, f"{plan.space}.yaml"),
        folder=folder,
        budget=Budget(
            trials=trials or last.get("trials", 50),
            timeout=last.get("timeout") if timeout is None else None if timeout == math.inf else timeout,
        ),
        command=study.fact("command", ""),
        seed=plan.seed,
        validation=plan.validation,
        limit=plan.limit,
        epochs=plan.epochs,
        engine=plan.engine,
        algorithm=plan.algorithm,
        pruner=plan.pruner,
        objectives=plan.objectives,
        folds=plan.folds,
        gpus=gpus or last.get("gpus", "auto"),
        data=Path(last["data"]) if last.get("data") else None,
    )
