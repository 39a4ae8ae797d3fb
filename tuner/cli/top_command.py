"""`tune top`: a study's best trials side by side, parameter by parameter."""

from __future__ import annotations

import json

import click

from tuner.cli.study_commands import as_json_option
from tuner.cli.words import WholeNumber


@click.command()
@click.argument("study")
@click.argument("n", type=WholeNumber(1), default=5, metavar="[N]")
@as_json_option
def top(study: str, n: int, *, as_json: bool) -> None:
    """Set a study's best N trials side by side, parameter by parameter; 5 if you do not say. Works while it runs.

    Complete trials come before those that ended early, as they do where a winner is chosen.
    """
    from tuner.cli.configuration_table import print_side_by_side
    from tuner.cli.printing import console
    from tuner.cli.study_commands import trial_document
    from tuner.errors import StudyError
    from tuner.keeping import ranked
    from tuner.study import find_study, look
    from tuner.trial import TrialState

    opened = look(find_study(study))
    trained = [trial for trial in opened.trials() if trial.state is not TrialState.TURNED_DOWN]
    best = ranked(trained, opened.plan.objectives)[:n]
    if not best:
        raise StudyError(f"no trial of study '{opened.folder.name}' has a score yet.")
    if as_json:
        click.echo(json.dumps([trial_document(trial) for trial in best], indent=2))
        return
    print_side_by_side([f"trial {trial.number}" for trial in best], best, console())
