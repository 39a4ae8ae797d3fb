"""Writes docs/commands.md from the commands themselves: `make docs`."""

from pathlib import Path

import click
from click.testing import CliRunner

from tuner.cli.app import VERBS, tune

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def reference() -> str:
    """The page, from `--help` of every command at 100 columns."""
    words: list[list[str]] = [[]]
    for verb in VERBS:
        command = tune.get_command(click.Context(tune), verb)
        words.append([verb])
        if isinstance(command, click.Group):
            words += [[verb, name] for name in sorted(command.commands)]
    return "# Commands\n\nWritten from `--help` by `make docs`.\n" + "".join(_section(each) for each in words)


def _section(words: list[str]) -> str:
    runner = CliRunner()
    shown = runner.invoke(tune, [*words, "--help"], prog_name="tune", terminal_width=100)
    return f"\n## `{' '.join(['tune', *words])}`\n\n```text\n{shown.output.rstrip()}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
