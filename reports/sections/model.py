"""The model: layers, shapes, parameters, and where its files are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.page import Block, Column, Facts, Listing, Prose, Section, Table
from reports.scoring import retrained_on
from reports.standing import winner_again

if TYPE_CHECKING:
    from reports.report import LayerRow, Model, Report


def section(report: Report) -> Section:
    blocks: tuple[Block, ...] = (Prose(text="No model has been retrained yet."),)
    if report.model is not None:
        blocks = _blocks(report, report.model)
    return Section(anchor="model", title="The model", blocks=blocks)


def _blocks(report: Report, model: Model) -> tuple[Block, ...]:
    return (
        Prose(text=_retraining(report, model)),
        _layers(model),
        Facts(title="Training settings", items=tuple((k, text.plain(v)) for k, v in model.training.items())),
        Facts(
            title="Values of the space's parameters", items=tuple((k, text.plain(v)) for k, v in model.values.items())
        ),
        Facts(
            title="Files, in the study's folder",
            items=(*model.files.items(), ("SHA-256 of the model", model.sha256)),
            code=True,
        ),
        Listing(title="Configuration as JSON", text=model.configuration, language="json", folded=True),
    )


def _retraining(report: Report, model: Model) -> str:
    repeated = winner_again(report) is not None
    found = "the median of the best epochs of its repeats" if repeated else "the best epoch of its trial"
    why = found if report.cross_validation is None else "as each of its folds"
    return (
        f"The configuration of trial {model.trial} was trained anew on {retrained_on(report)} for "
        f"{text.plural(model.epochs, 'epoch')}, {why}, in {text.span(model.seconds)}."
    )


def _layers(model: Model) -> Table:
    columns = (
        Column(title="Layer", look="code"),
        Column(title="Kind"),
        Column(title="Output shape", look="number"),
        Column(title="Parameters", look="number"),
        Column(title="Settings"),
    )
    total = ("Total", "", "", text.count(model.parameters), "")
    return Table(title="Layers", columns=columns, rows=(*(_layer(row) for row in model.layers), total), total=True)


def _layer(row: LayerRow) -> tuple[str, ...]:
    settings = ", ".join(f"{name} {text.plain(value)}" for name, value in row.settings.items())
    shape = " × ".join(str(n) for n in row.output_shape)  # noqa: RUF001 - the sign for "by"
    return (row.name, row.kind, shape, text.count(row.parameters), settings)
