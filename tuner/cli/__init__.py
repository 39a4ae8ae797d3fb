"""The command line: words in, words out. The one place that turns errors into lines and exit codes."""

from __future__ import annotations

import os
import sys
import time


def main() -> None:
    """The program `tune`. A broad `except` stands here: what we do not expect goes to a file, not to the screen."""
    from tuner.age import age
    from tuner.cli.boundary import run_program

    began = time.monotonic() - age()
    open_closed_streams()
    sys.exit(run_program(sys.argv[1:], began))


def open_closed_streams() -> None:
    """What was closed, as by `>&-`, leads nowhere: else the next file to be opened, say a database, took its place."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
            setattr(sys, name, os.fdopen(descriptor, "w" if descriptor else "r", encoding="utf-8"))
