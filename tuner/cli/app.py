"""The table of verbs. `tune DATASET ...` is `tune run DATASET ...`; a verb's module is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import click

from tuner.cli.words import check_dataset


class Verb(NamedTuple):
    module: str
    """Where the click command of the verb's name stands."""
    line: str
    """What `tune --help` says of it."""


VERBS = {
    "run": Verb("tuner.cli.run_command", "Search, retrain, test, report. The verb may be left out."),
    "plan": Verb("tuner.cli.plan_command", "Say what a search would cost, before anything is trained."),
    "resume": Verb("tuner.cli.resume_command", "Go on with a study, from wherever you are."),
    "enqueue": Verb("tuner.cli.enqueue_command", "Have a configuration of your own tried next."),
    "studies": Verb("tuner.cli.study_commands", "List the studies."),
    "show": Verb("tuner.cli.study_commands", "Show a study's trials and its best."),
    "top": Verb("tuner.cli.top_command", "Set a study's best trials side by side, parameter by parameter."),
    "diff": Verb("tuner.cli.diff_command", "Tell in what two trials, or two spaces, differ."),
    "report": Verb("tuner.cli.study_commands", "Write a study's report as it stands now."),
    "compare": Verb("tuner.cli.compare_command", "Set studies side by side: best so far, against trials and time."),
    "dashboard": Verb("tuner.cli.dashboard_command", "Look at a study with optuna-dashboard."),
    "clean": Verb("tuner.cli.clean_command", "Free the disk of what a study needs no more, or delete it."),
    "repair": Verb("tuner.cli.repair_command", "Check a study, and mend what is damaged."),
    "engines": Verb("tuner.cli.engines_command", "List engines, algorithms, and what each can do."),
    "spaces": Verb("tuner.cli.space_commands", "List, show and check search spaces."),
    "data": Verb("tuner.cli.data_commands", "List, show and fetch data sets."),
    "doctor": Verb("tuner.cli.doctor_command", "Look at this machine and say what is amiss."),
}

EXAMPLES = """\
  tune fashion-mnist --space cnn_v4 --trials 50
  tune digits --space mlp_v1 --trials 5       (no download, done in a minute)
  tune resume fashion-mnist-cnn_v4 --trials 80"""


class Tune(click.Group):
    """A group whose first word is a verb or else a data set."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*VERBS, "--help", "-h", "--version"}:
            if not args[0].startswith("-"):
                check_dataset(args[0], list(VERBS))
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command = getattr(import_module(VERBS[cmd_name].module), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage("tune", "DATASET [OPTIONS]")
        formatter.write_usage("tune", "VERB ...", prefix="       ")
        formatter.write_paragraph()
        formatter.write_text(
            "Finds the best Keras image classifier that a budget can buy, and a report you can believe."
        )
        with formatter.section("Examples"):
            formatter.write(EXAMPLES + "\n")
        run = self.get_command(ctx, "run")
        assert run is not None
        with formatter.section("Options"):
            inner = click.Context(run, parent=ctx, **run.context_settings)
            records = [each.get_help_record(inner) for each in run.params]
            formatter.write_dl([record for record in records if record and record[0] != "DATASET"])
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.line) for name, verb in VERBS.items()])
        formatter.write_paragraph()
        formatter.write_text("'tune VERB --help' tells more of each.")


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"tune {version('kerastune')}")
        ctx.exit()


@click.command(
    cls=Tune,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def tune(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
