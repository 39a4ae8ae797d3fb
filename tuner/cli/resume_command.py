"""`tune resume`: on with a study, in its own space or, as a new study, in another."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tuner.cli.budget_options import with_budget_options
from tuner.cli.confirm_options import with_confirm_options
from tuner.cli.device_options import with_device_options
from tuner.cli.fixed_options import Continuing
from tuner.cli.keep_option import keep_option
from tuner.cli.run_command import with_output_options
from tuner.cli.space_options import with_new_space_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from search_spaces import Difference, SearchSpace
    from tuner.cli.budget_options import BudgetOptions
    from tuner.cli.device_options import DeviceOptions
    from tuner.cli.space_options import SpaceOptions
    from tuner.events import CarriedOver
    from tuner.opening import Request
    from tuner.plan import Keep
    from tuner.study import Folder, StudyView


@click.command(cls=Continuing)
@click.argument("study")
@with_budget_options(
    trials="Finished trials in total.  [default: as before]",
    timeout="Time for this run; none for no limit.  [default: as before]",
    default="  [default: as before]",
)
@with_device_options("  [default: as before]")
@keep_option("  [default: as before]")
@with_confirm_options("  [default: as before]")
@with_new_space_options
@click.option("--extend", is_flag=True, help="Go on in another space, as a new study with all trials still valid.")
@click.option("--study", "new_name", metavar="NAME", help="The new study's name.  [default: STUDY-2, -3, ...]")
@with_output_options
def resume(
    study: str,
    space: SpaceOptions,
    *,
    extend: bool,
    new_name: str | None,
    as_json: bool,
    quiet: bool,
    **others: Any,
) -> None:
    """Go on with a study: its name, or the path of its folder.

    A space that differs from the study's is shown against it; --extend goes on in that space. Where no other space is
    named, --set and --fix change the study's own.
    """
    from tuner.cli.session import do
    from tuner.errors import UsageError
    from tuner.study import find_study, look

    if not space.given and (extend or new_name):
        option = "--extend" if extend else "--study"
        raise UsageError(f"{option} needs another space: give --space, --topology, --set or --fix.")
    opened = look(find_study(study))
    request = _request_of(opened, **others)
    if space.given:
        request = _in_space(space.load(request.space), opened, request, extend=extend, name=new_name, **others)
        if request.extends and not quiet:
            _show(request)
    do(request, as_json=as_json, quiet=quiet)


def _request_of(
    study: StudyView,
    *,
    budget: BudgetOptions,
    devices: DeviceOptions,
    keep: Keep | None,
    confirm: int | None,
    repeats: int | None,
) -> Request:
    """What the study was last asked for, with the space as it was when the study began."""
    from search_spaces import SearchSpace
    from tuner.engines.usual import TRIALS
    from tuner.opening import Request
    from tuner.plan import Keep

    plan, last = study.plan, study.fact("run", {})
    return Request(
        dataset=plan.dataset,
        space=SearchSpace.parse(study.space_text, f"{plan.space}.yaml"),
        folder=study.folder,
        budget=budget.budget(last, TRIALS),
        command=shlex.join(["tune", *sys.argv[1:]]),
        seed=plan.seed,
        validation=plan.validation,
        limit=plan.limit,
        epochs=plan.epochs,
        engine=plan.engine,
        algorithm=plan.algorithm,
        pruner=plan.pruner,
        objectives=plan.objectives,
        folds=plan.folds,
        keep=keep or Keep.parse(last.get("keep", "best")),
        confirm=last.get("confirm") if confirm is None else confirm,
        repeats=last.get("repeats") if repeats is None else repeats,
        **devices.asked(last),
        data=Path(last["data"]) if last.get("data") else None,
    )


# --- another space ----------------------------------------------------------------------------------------------------


def _in_space(
    space: SearchSpace, study: StudyView, request: Request, *, extend: bool, name: str | None, **others: Any
) -> Request:
    """The request in that space: the study's own where nothing differs, else a new study's.

    Raises StudyError where that must be asked for, UsageError where it would be for nothing.
    """
    from search_spaces import differences
    from tuner.errors import StudyError, UsageError
    from tuner.extending import carry
    from tuner.study import Study, look

    found = differences(request.space, space)
    if not found:
        return request
    folder, origin = _new_folder(study, space, name), carry(Study.open(study.folder), space).origin
    if not extend:
        raise StudyError(_question(study, found, folder, origin))
    if folder.database.exists():
        return _request_of(look(folder), **others)
    if others["budget"].trials is None and origin.carried >= request.budget.trials:
        raise UsageError(
            f"{origin.carried} trials are carried over, and study '{study.folder.name}' was asked for "
            f"{request.budget.trials}. Say how many there shall be, those included, with --trials."
        )
    return replace(request, space=space, folder=folder, extends=study.folder)


def _show(request: Request) -> None:
    """What is new in the space that the new study goes on in."""
    from search_spaces import SearchSpace, differences
    from tuner.cli.difference_text import difference_lines
    from tuner.cli.printing import say
    from tuner.study import look

    assert request.extends is not None
    old = SearchSpace.parse(look(request.extends).space_text, "the study's space")
    for line in difference_lines(differences(old, request.space)):
        say(line)


def _question(study: StudyView, found: Sequence[Difference], folder: Folder, origin: CarriedOver) -> str:
    from tuner.cli.difference_text import difference_lines
    from tuner.cli.wording import plural
    from tuner.cli.words import called

    lines = "".join(f"\n  {line}" for line in difference_lines(found))
    verb = "is" if origin.carried == 1 else "are"
    valid = f"{origin.carried} of its {plural(origin.finished, 'finished trial')} {verb} valid"
    why = f" ({'; '.join(origin.reasons)})" if origin.reasons else ""
    return (
        f"study '{study.folder.name}' was begun in another space:{lines}\n"
        f"In this space {valid}{why}. Add --extend to take them over and go on as study '{folder.name}', "
        f"or go on in the old space: tune resume {called(study.folder)}"
    )


def _new_folder(study: StudyView, space: SearchSpace, name: str | None) -> Folder:
    """Beside the study: the one that goes on with it in this space already, else the first that is free."""
    from tuner.errors import StudyError
    from tuner.plan import check_name
    from tuner.study import Folder

    def beside(new: str) -> Folder:
        return Folder(study.folder.path.parent / check_name(new, "a study's name"))

    if name is None:
        candidates = (beside(f"{study.folder.name}-{number}") for number in count(2))
        return next(each for each in candidates if not each.database.exists() or _goes_on(each, study, space))
    folder = beside(name)
    if folder.database.exists() and not _goes_on(folder, study, space):
        raise StudyError(f"study '{name}' exists already. Give another name, or see: tune show {name}")
    return folder


def _goes_on(folder: Folder, study: StudyView, space: SearchSpace) -> bool:
    """Whether the study in the folder began with this study's trials, in this space."""
    from tuner.errors import StudyError
    from tuner.extending import ORIGIN
    from tuner.study import look

    try:
        there = look(folder)
    except StudyError:  # a damaged one is nobody's continuation
        return False
    origin = there.fact(ORIGIN, {})
    return origin.get("study") == study.folder.name and there.plan.space_fingerprint == space.fingerprint
