"""The command line: words in, words out. The one place that turns errors into lines and exit codes."""

from __future__ import annotations

import sys


def main() -> None:
    """The program `tune`. A broad `except` stands here: what we do not expect goes to a file, not to the screen."""
    from tuner.cli.boundary import run_program

    sys.exit(run_program(sys.argv[1:]))
