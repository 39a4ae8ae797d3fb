"""`tune plan`: what a search would meet and cost, told before anything is trained."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from tuner.cli import shared_options
from tuner.cli.device_options import with_device_options
from tuner.cli.keep_option import keep_option
from tuner.cli.space_options import with_space_options
from tuner.cli.words import WholeNumber

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console

    from search_spaces import SearchSpace
    from tuner.cli.device_options import DeviceOptions
    from tuner.cli.space_options import SpaceOptions
    from tuner.data import ImageData
    from tuner.plan import Keep
    from tuner.planning import Case, Forecast, Images, Setting
    from tuner.planning.disk import Need
    from tuner.precision import Precision


@click.command(context_settings={"show_default": True})
@click.argument("dataset")
@with_space_options
@click.option("--samples", type=WholeNumber(0), metavar="N", default=3, help="Random configurations to show.")
@click.option("--preset", metavar="NAME", help="Show this preset's layers instead of the default's.")
@click.option("--trials", type=WholeNumber(1), metavar="N", default=50, help="Trials of the search.")
@click.option("--seed", type=WholeNumber(0), metavar="N", default=0, help="Of the random draws and the split.")
@shared_options.data
@click.option("--limit", type=WholeNumber(1), metavar="N", help="Use only so many training images.")
@shared_options.epochs
@shared_options.validation
@shared_options.precision
@with_device_options()
@keep_option(default="best")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: bytes, seconds, numbers.")
def plan(dataset: str, space: SpaceOptions, *, as_json: bool, preset: str | None, **options: Any) -> None:
    """Say what a search would meet and cost, in about a second and without training.

    Takes the options of 'tune run' but for the engine's: trials are whole and scored once. Downloads nothing. Time
    and memory are estimates, for CPUs only. Where nothing of the space can be trained on the images, all is shown
    nevertheless, and the exit code is 2.
    """
    from tuner.cli.printing import console
    from tuner.cli.words import check_dataset
    from tuner.errors import UsageError

    check_dataset(dataset)
    outlook = _outlook(Asked(dataset=dataset, space=space.load(epochs=options["epochs"]), preset=preset, **options))
    if as_json:
        click.echo(json.dumps(_document(outlook), indent=2))
    else:
        _print(outlook, console())
    if outlook.forecast.problem:
        shape = " x ".join(map(str, outlook.data.image_shape))
        raise UsageError(
            f"space '{outlook.space.name}' does not fit the {shape} images of {dataset}: {outlook.forecast.problem}"
        )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line says, checked no further than its words."""

    dataset: str
    space: SearchSpace
    preset: str | None
    samples: int
    trials: int
    seed: int
    data: Path | None
    limit: int | None
    epochs: int | None
    validation: float
    precision: str
    devices: DeviceOptions
    keep: Keep


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """Everything that is shown."""

    data: ImageData
    space: SearchSpace
    setting: Setting
    devices: tuple[str, ...]
    precision: Precision
    forecast: Forecast
    shown: Case
    """The configuration whose layers are listed."""
    need: Need | None
    """Of the disk; None where nothing can be trained."""
    free: int
    """Bytes, where studies are put."""


def _outlook(asked: Asked) -> Outlook:
    from tuner import planning
    from tuner.home import studies_root
    from tuner.planning.disk import free_bytes
    from tuner.precision import precision_for
    from tuner.slots import CPU, slots, usual_split

    if asked.preset is not None:
        asked.space.preset(asked.preset)
    network = planning.network_of(asked.space)
    devices = slots(**asked.devices.asked(), network=network)
    found, images = _images(asked)
    on_cpu = all(slot.device == CPU for slot in devices)
    setting = planning.Setting(
        space=asked.space,
        images=images,
        epochs=asked.epochs,
        speed=planning.measure_speed() if on_cpu else None,
        at_once=len(devices),
        gain=planning.gain(len(devices), network, usual_split(network).measured) if on_cpu else 1.0,
    )
    forecast = planning.forecast(setting, samples=asked.samples, trials=asked.trials, seed=asked.seed)
    return Outlook(
        data=found,
        space=asked.space,
        setting=setting,
        devices=tuple(slot.name for slot in devices),
        precision=precision_for(devices, asked.precision),
        forecast=forecast,
        shown=next((case for case in forecast.presets if case.name == asked.preset), forecast.default),
        need=_need(asked, found, setting.at_once),
        free=free_bytes(studies_root()),
    )


def _need(asked: Asked, data: ImageData, at_once: int) -> Need | None:
    from tuner.planning.disk import Ahead, There, estimate

    ahead = Ahead(
        trials=asked.trials,
        at_once=at_once,
        epochs=asked.epochs or asked.space.default().training.epochs,
        keep=asked.keep,
        predictions=sum(data.test_counts) * data.n_classes,
    )
    return estimate(asked.space, data, ahead, There())


def _images(asked: Asked) -> tuple[ImageData, Images]:
    import tuner.data
    from tuner.planning import Images

    found = tuner.data.find(asked.dataset, data=asked.data, download=False)
    split = tuner.data.split(found.train()[1], validation=asked.validation, seed=asked.seed, limit=asked.limit)
    return found, Images(
        shape=found.image_shape,
        n_classes=found.n_classes,
        n_train=len(split.train),
        n_validation=len(split.validation),
    )


def _print(outlook: Outlook, out: Console) -> None:
    from rich.text import Text

    from tuner.cli import plan_tables, space_tables

    forecast = outlook.forecast
    out.print(Text.assemble((outlook.data.name, "bold"), f"  {_data_line(outlook)}"))
    space_tables.print_space(outlook.space, out)
    plan_tables.print_heading("Configurations", out)
    plan_tables.print_cases(forecast.cases, out)
    plan_tables.print_draws(forecast, out)
    plan_tables.print_differences(forecast.cases, [each.name for each in outlook.space.parameters()], out)
    if outlook.shown.summary is not None:
        plan_tables.print_heading(f"Layers of {outlook.shown.name}", out)
        plan_tables.print_layers(outlook.shown.summary.layers, out)
    plan_tables.print_heading("Search", out)
    plan_tables.print_search(forecast, list(_notes(outlook)), out)


def _data_line(outlook: Outlook) -> str:
    images = outlook.setting.images
    shape = " x ".join(map(str, images.shape))
    split = f"{images.n_train:,} train + {images.n_validation:,} validation images"
    return f"{split}, {shape}, {images.n_classes} classes"


def _notes(outlook: Outlook) -> Iterator[tuple[str, str]]:
    import psutil

    from tuner.cli import plan_tables
    from tuner.cli.wording import memory_text
    from tuner.plan import FLOAT32

    if outlook.need is not None:
        yield "disk", plan_tables.disk_text(outlook.need, outlook.free)
    speed, devices, precision = outlook.setting.speed, ", ".join(outlook.devices), outlook.precision
    estimated = "" if speed is None or precision.name == FLOAT32 else f"; estimates are those of {FLOAT32}"
    yield "precision", f"{precision.name} ({precision.why}){estimated}"
    if speed is None:
        yield "time", f"not estimated on GPUs ({devices}), nor is memory"
        return
    cores = f"{speed.cores} core{'' if speed.cores == 1 else 's'}"
    beside = ""
    if (at_once := outlook.setting.at_once) > 1:
        beside = f" for {at_once} trials at once, together {_pace(outlook.setting.gain)}"
    memory = memory_text(psutil.virtual_memory().total)
    yield (
        "machine",
        f"{cores} and {memory}{beside}; times are likely ranges, from its speed just now: nothing was trained",
    )
    if any(case.configuration.training.augmentation for case in outlook.forecast.cases):
        yield "", "what augmentation takes is not counted"


def _pace(gain: float) -> str:
    return "taken to be as fast as one on all" if gain == 1.0 else f"{gain:.2g} times as fast as one on all"


def _document(outlook: Outlook) -> dict[str, Any]:
    from tuner.cli import plan_document
    from tuner.cli.space_tables import space_document

    summary = outlook.shown.summary
    return {
        "data": {
            "name": outlook.data.name,
            "fingerprint": outlook.data.fingerprint,
            "class_names": list(outlook.data.class_names),
            **asdict(outlook.setting.images),
        },
        "space": space_document(outlook.space),
        "devices": list(outlook.devices),
        "precision": asdict(outlook.precision),
        "speed": plan_document.speed_document(outlook.setting.speed),
        **plan_document.forecast_document(outlook.forecast),
        "disk": plan_document.disk_document(outlook.need, outlook.free),
        "layers": {
            "of": outlook.shown.name,
            "layers": [plan_document.layer_document(layer) for layer in summary.layers] if summary else None,
        },
    }
