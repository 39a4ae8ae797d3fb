"""The edge of the program: every error becomes one clear line, an exit code and, where it helps, what to type next."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuner import crashing
from tuner.cli.printing import say
from tuner.cli.wording import explained
from tuner.errors import Interrupted, SetupError, StudyError, TuneError
from tuner.files import FULL

if TYPE_CHECKING:
    from collections.abc import Sequence

FAULT = 1
USAGE = 2


def run_program(arguments: Sequence[str], began: float | None = None) -> int:
    """The exit code of `tune ARGUMENTS`, a command given at this time by `time.monotonic`; None is now."""
    from tuner.cli.app import tune

    try:
        crashing.arm()
        code = tune.main(list(arguments), prog_name="tune", standalone_mode=False, obj=began)
    except click.UsageError as error:
        return _say(f"{_sentence(error.format_message())} See: {_help(error)}", USAGE)
    except click.ClickException as error:
        return _say(error.format_message(), USAGE)
    except Interrupted as ending:
        return _say(str(ending), 128 + ending.signal)
    except TuneError as error:
        return _say(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted.", 130)
    except SystemExit as ending:  # click's own way to end where standard output is closed
        return 0 if ending.code == 1 else int(ending.code or 0)
    except BrokenPipeError:  # `tune show | head -1` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001
        return _unexpected(error)
    return code if isinstance(code, int) else 0  # click returns the code of --help and of ctx.exit


def _say(text: str, code: int) -> int:
    say(f"tune: {explained(text)}", keep="\n")
    return code


def _sentence(text: str) -> str:
    return text.rstrip(".") if text.endswith("?.") else text if text.endswith(("?", ".")) else f"{text}."


def _help(error: click.UsageError) -> str:
    context = error.ctx
    return f"{context.command_path} --help" if context and context.info_name != "run" else "tune --help"


def _unexpected(error: Exception) -> int:
    """A full disk and the like are the machine's; anything else is a fault of ours, kept in a file to send us."""
    from search_spaces import SpaceError

    if isinstance(error, SpaceError):
        say(str(error), keep="\n")
        return USAGE
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        if error.errno in FULL:
            return _say(
                f"{where}{FULL[error.errno]}. Free some space and give the same command again.", StudyError.exit_code
            )
        return _say(f"{where}{error.strerror}.", SetupError.exit_code)
    descriptor, name = tempfile.mkstemp(prefix="tune-error-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    line = (str(error).strip() or "no word of explanation").splitlines()[0]
    return _say(f"a fault in tune itself: {type(error).__name__}: {line}. The details stand in {Path(name)}.", FAULT)
