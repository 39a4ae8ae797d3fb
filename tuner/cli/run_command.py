"""`tune run`: the main job."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from tuner.cli import engine_options, shared_options
from tuner.cli.budget_options import NO_LAST_RUN, with_budget_options
from tuner.cli.confirm_options import with_confirm_options
from tuner.cli.device_options import with_device_options
from tuner.cli.keep_option import keep_option
from tuner.cli.space_options import with_space_options
from tuner.cli.words import WholeNumber

if TYPE_CHECKING:
    from pathlib import Path

    from tuner.cli.budget_options import BudgetOptions
    from tuner.cli.device_options import DeviceOptions
    from tuner.cli.space_options import SpaceOptions


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
@with_budget_options(
    trials="Finished trials in total.  [default: 50; all of a cross-validated grid]",
    timeout="End the search after this time (90s, 15m, 2h) and finish the job.",
)
@click.option("--seed", type=WholeNumber(0), metavar="N", default=0, help="Makes it repeatable.")
@click.option("--study", "name", metavar="NAME", help="The study's name.  [default: DATASET-SPACE]")
@shared_options.data
@click.option(
    "--limit", type=WholeNumber(1), metavar="N", help="Use only so many training images, a stratified sample."
)
@shared_options.epochs
@shared_options.validation
@shared_options.precision
@engine_options.engine
@engine_options.algorithm
@engine_options.pruner
@engine_options.objective
@engine_options.folds
@with_device_options()
@keep_option(default="best")
@with_confirm_options()
@with_output_options
def run(
    dataset: str,
    space: SpaceOptions,
    budget: BudgetOptions,
    devices: DeviceOptions,
    name: str | None,
    data: Path | None,
    *,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Search, retrain, test, report: the main job. The same command again goes on where it ended."""
    from tuner.cli.words import check_dataset
    from tuner.engines.usual import usual_trials
    from tuner.errors import HeldError

    check_dataset(dataset)
    engine_options.check_used(click.get_current_context())
    loaded = space.load(epochs=options["epochs"])
    usual = usual_trials(loaded, options["engine"], options["algorithm"])
    from tuner.cli.session import do  # loads Optuna, which a mistyped line need not wait for
    from tuner.opening import Request
    from tuner.study import study_folder

    request = Request(
        dataset=dataset,
        space=loaded,
        folder=study_folder(name or f"{dataset}-{loaded.name}"),
        budget=budget.budget(NO_LAST_RUN, usual),
        command=shlex.join(["tune", *sys.argv[1:]]),
        data=data.expanduser().absolute() if data else None,
        **devices.asked(),
        **options,
    )
    try:
        do(request, as_json=as_json, quiet=quiet)
    except HeldError as held:
        raise HeldError(f"{held} Or begin another study: name it with --study.") from None
