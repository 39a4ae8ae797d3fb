"""The options that say where a search trains: which GPUs, how many trials on each, or how many on the CPU."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from tuner.cli.words import WholeNumber

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

USUAL: Mapping[str, Any] = {"gpus": "auto", "workers": None, "trials_per_gpu": 1}


@dataclass(frozen=True, kw_only=True)
class DeviceOptions:
    """What the command line says of devices; None where it says nothing."""

    gpus: str | None
    workers: int | None
    trials_per_gpu: int | None

    def asked(self, last: Mapping[str, Any] = USUAL) -> dict[str, Any]:
        """A value for each: where nothing was said, those of the last run, as far as they go with what was said."""
        said = {name: value for name, value in asdict(self).items() if value is not None}
        kept = {name: last.get(name, usual) for name, usual in USUAL.items()}
        if self.gpus == "none" or self.workers is not None:
            kept |= {"gpus": USUAL["gpus"], "trials_per_gpu": USUAL["trials_per_gpu"]}
        elif self.gpus is not None or self.trials_per_gpu is not None:
            kept["workers"] = None
            if kept["gpus"] == "none":
                kept["gpus"] = USUAL["gpus"]
        return kept | said


def with_device_options(default: str = "") -> Callable[[Any], Any]:
    """A decorator that adds the options; the command gets them as one DeviceOptions named `devices`."""
    options = (
        click.option(
            "--gpus",
            metavar="LIST",
            help="auto, all, none, or numbers and UUIDs such as 0,2." + (default or "  [default: auto]"),
        ),
        click.option(
            "--trials-per-gpu",
            type=WholeNumber(1),
            metavar="N",
            help="Trials at once on each GPU, with a share of its memory each." + (default or "  [default: 1]"),
        ),
        click.option(
            "--workers",
            type=WholeNumber(1),
            metavar="N",
            help="Trials at once on the CPU, with a part of its cores each."
            + (default or "  [default: the fastest, see tune doctor]"),
        ),
    )

    def decorate(command: Any) -> Any:
        @functools.wraps(command)
        def with_one(
            *arguments: Any, gpus: str | None, workers: int | None, trials_per_gpu: int | None, **others: Any
        ) -> Any:
            said = DeviceOptions(gpus=gpus, workers=workers, trials_per_gpu=trials_per_gpu)
            return command(*arguments, devices=said, **others)

        for option in reversed(options):
            with_one = option(with_one)
        return with_one

    return decorate
