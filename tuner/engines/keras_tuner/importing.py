"""How KerasTuner comes into the program's main process: without a GPU, and without a word on the user's screen."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# A process that sees a GPU may take memory there, which the workers shall have.
SURROUNDINGS: Mapping[str, str] = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """For the import of TensorFlow. Afterwards these are as they were: workers inherit the environment."""
    with _environment(SURROUNDINGS), _no_errors_shown(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _environment(changed: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _no_errors_shown() -> Iterator[None]:
    """Standard error goes nowhere, below Python too: TensorFlow's C++ writes there before any setting is heard."""
    try:
        shown = os.dup(2)
    except OSError:  # it was closed
        yield
        return
    _flush()
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - its number is what is wanted
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        _flush()
        os.dup2(shown, 2)
        os.close(shown)


def _flush() -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
