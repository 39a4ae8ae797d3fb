"""`tune enqueue`: a configuration of the user's own, to be tried next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tuner.cli.families import INDEX
from tuner.cli.printing import console, printable, say
from tuner.cli.wording import value_text
from tuner.cli.words import called

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_spaces import Configuration, SearchSpace
    from tuner.enqueuing import Queued
    from tuner.guessing import Base
    from tuner.study import Study
    from tuner.trial import Trial


@click.command()
@click.argument("study")
@click.option("--set", "to_set", metavar="NAME=VALUE", multiple=True, help="Give a parameter this value.")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Begin with the values of a JSON file: a best/configuration.json, or what tune show --json prints.",
)
@click.option("--preset", metavar="NAME", help="Begin with a preset of the study's space.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def enqueue(study: str, to_set: tuple[str, ...], file: Path | None, preset: str | None, *, as_json: bool) -> None:
    """Have a configuration of your own tried next. Works while the study runs.

    Parameters that are not named have their defaults. Names and domains: tune spaces show SPACE
    """
    from search_spaces import SearchSpace, changes
    from tuner.enqueuing import check
    from tuner.enqueuing import enqueue as put
    from tuner.errors import UsageError
    from tuner.guessing import configuration_of
    from tuner.study import Study, find_study

    if not to_set and file is None and preset is None:
        raise UsageError("say what to try: --set NAME=VALUE, --from FILE or --preset NAME.")
    if file is not None and preset is not None:
        raise UsageError(f"--from and --preset exclude each other. Got {file} and {preset}.")
    opened = Study.open(find_study(study))
    space = SearchSpace.parse(opened.space_text, f"{opened.plan.space}.yaml")
    given, base = changes(to_set).set, _base(space, file, preset)
    configuration = configuration_of(space, given, base)
    check(opened, space, configuration)
    queued = put(opened, space, configuration)
    origins = _origins(configuration, given, base)
    if as_json:
        click.echo(json.dumps(_document(opened, configuration, queued, origins), indent=2))
    else:
        _print(Study.open(opened.folder), configuration, queued, origins)


def _base(space: SearchSpace, file: Path | None, preset: str | None) -> Base:
    from tuner.cli.values_file import read_values
    from tuner.guessing import Base

    if file is not None:
        return read_values(file)
    if preset is not None:
        return Base(name=f"--preset {preset}", values=space.preset(preset).values)
    return Base()


def _origins(configuration: Configuration, given: Mapping[str, Any], base: Base) -> dict[str, str]:
    """Where each value comes from."""
    set_here = {name for name in configuration.values if name in given or INDEX.sub("", name) in given}
    source = Path(base.name).name
    return {
        name: "--set" if name in set_here else source if name in {**base.implied, **base.values} else "default"
        for name in configuration.values
    }


def _document(study: Study, configuration: Configuration, queued: Queued, origins: Mapping[str, str]) -> dict[str, Any]:
    return {
        "study": study.folder.name,
        "trial": queued.number,
        "configuration": configuration.hash,
        "values": dict(configuration.values),
        "origins": dict(origins),
        "tried_after": list(queued.first),
    }


def _print(study: Study, configuration: Configuration, queued: Queued, origins: Mapping[str, str]) -> None:
    from rich.table import Table
    from rich.text import Text

    from tuner.cli.screen import inbox_line

    for event in queued.aside:
        say(inbox_line(event))
    table = Table.grid(padding=(0, 2))
    for name, value in configuration.values.items():
        table.add_row(*map(Text, map(printable, (name, value_text(value), origins[name]))))
    console().print(table)
    click.echo(_where(study, queued))


def _where(study: Study, queued: Queued) -> str:
    """When it is tried, and what to type for it."""
    name, enough, command = study.folder.name, *_room(study)
    if queued.number is None and enough:
        return f"Study '{name}' is being searched: this is its next trial."
    if queued.number is None:
        return f"Study '{name}' is being searched, and ends before it comes to this. Then go on with: {command}"
    after = f" after {_trials(queued.first)}" if queued.first else " next"
    return f"Trial {queued.number} of study '{name}': tried{after}. Go on with: {command}"


def _trials(numbers: tuple[int, ...]) -> str:
    return f"trial {numbers[0]}" if len(numbers) == 1 else f"trials {', '.join(map(str, numbers))}"


def _room(study: Study) -> tuple[bool, str]:
    """Whether the trials that were asked for leave room for all guesses, and the command that tries them."""
    from tuner.study import inbox
    from tuner.trial import FINISHED, TrialState

    ahead = [trial.state is TrialState.RUNNING or _is_ahead(trial) for trial in study.trials()]
    wanted = sum(trial.state in FINISHED for trial in study.trials()) + sum(ahead) + inbox.n_files(study.folder)
    enough = study.fact("run", {}).get("trials", 0) >= wanted
    return enough, f"tune resume {called(study.folder)}{'' if enough else f' --trials {wanted}'}"


def _is_ahead(trial: Trial) -> bool:
    """Whether it is tried before what nobody asked for: cut off, or a guess."""
    from tuner.trial import TrialState

    return trial.state is TrialState.WAITING and bool(trial.enqueued or trial.configuration)
