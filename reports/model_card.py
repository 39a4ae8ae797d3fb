"""A model card: what the retrained winner is, can do and cannot, with the metadata that Hugging Face reads.

Source: huggingface.co/docs/hub/model-cards, and Mitchell et al. 2019, "Model Cards for Model Reporting".
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from reports import text
from reports.markdown_page import to_markdown
from reports.page import Bullets, Facts, Listing, Page, Prose, Section
from reports.sections import calibration, classes, provenance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reports.report import Evaluation, Model, Report

DATASETS: Mapping[str, str] = {
    "fashion-mnist": "zalando-datasets/fashion_mnist",
    "mnist": "ylecun/mnist",
    "cifar10": "uoft-cs/cifar10",
}
"""What the data sets are called on the Hub; others have no name there that we know."""

_LISTED = 30
"""Classes that are named one by one."""


def model_card(report: Report) -> str | None:
    """Markdown behind YAML; None before the winner was tested."""
    model, evaluation = report.model, report.evaluation
    if model is None or evaluation is None:
        return None
    page = Page(
        title=f"{report.space} on {report.dataset}",
        subtitle=f"A Keras image classifier of {text.plural(model.parameters, 'parameter')}, found by a search of "
        f"{text.plural(len(report.trials), 'configuration')} in the space {report.space}.",
        made=f"Study {report.study}, {text.moment(report.made)}",
        notice="",
        sections=(
            _what(report),
            _use(report),
            _how_good(evaluation),
            classes.section(report),
            _limits(report, evaluation),
            _training(report, model),
            provenance.section(report),
        ),
    )
    return f"---\n{_front_matter(report, evaluation)}---\n\n{to_markdown(page)}"


def _front_matter(report: Report, evaluation: Evaluation) -> str:
    """JSON is YAML, and needs no escaping of ours."""
    dataset = DATASETS.get(report.dataset)
    named = {"name": text.one_line(report.dataset), "type": dataset or text.one_line(report.dataset), "split": "test"}
    metrics: list[dict[str, str | float]] = [
        {"type": "accuracy", "name": "Test accuracy", "value": round(evaluation.accuracy.value, 6)},
        {"type": "loss", "name": "Test cross-entropy, nats", "value": round(evaluation.loss, 6)},
    ]
    result = {
        "task": {"type": "image-classification", "name": "Image classification"},
        "dataset": named,
        "metrics": [metric for metric in metrics if math.isfinite(float(metric["value"]))],
    }
    facts: dict[str, Any] = {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["keras", "tensorflow", "image-classification", "hyperparameter-search"],
        **({"datasets": [dataset]} if dataset else {}),
        "metrics": ["accuracy"],
        "model-index": [{"name": text.one_line(report.study), "results": [result]}],
    }
    return "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in facts.items())


def _what(report: Report) -> Section:
    height, width, channels = report.data.image_shape
    names = report.data.class_names
    shown = text.listed(list(names)) if len(names) <= _LISTED else f"{text.listed(list(names[:_LISTED]))} and more"
    facts = (
        ("Takes", f"images of {height} x {width} pixels with {text.plural(channels, 'channel')}, values 0 to 255"),
        ("Gives", f"a probability for each of {text.count(len(names))} classes"),
        ("Classes, in order", shown),
    )
    return Section(anchor="what", title="What it is", blocks=(Facts(title="In and out", items=facts),))


def _use(report: Report) -> Section:
    height, width, channels = report.data.image_shape
    code = (
        "import keras\n"
        "import numpy as np\n\n"
        'model = keras.models.load_model("model.keras")\n'
        f"images = np.zeros((1, {height}, {width}, {channels}))  # yours, pixels from 0 to 255\n"
        "probabilities = model.predict(images)\n"
    )
    told = Prose(text="Scaling the pixels is part of the model. No code of the program that found it is needed.")
    listing = Listing(title="Python", text=code, language="python")
    return Section(anchor="use", title="How to use it", blocks=(told, listing))


def _how_good(evaluation: Evaluation) -> Section:
    accuracy, of = evaluation.accuracy, evaluation.calibration
    facts = (
        ("Test accuracy", f"{text.percent(accuracy.value, 2)}, 95 % interval {text.interval(accuracy, 2)}"),
        ("Test images", text.count(accuracy.n)),
        ("Test loss", f"{evaluation.loss:.4f} nats (cross-entropy)"),
        ("Expected calibration error", f"{100 * of.ece:.2f} points"),
        ("Brier score", f"{of.brier:.4f}"),
        ("Times that the test set was opened", text.count(evaluation.times_opened)),
    )
    return Section(anchor="scores", title="How good it is", blocks=(Facts(title="On the test images", items=facts),))


def _limits(report: Report, evaluation: Evaluation) -> Section:
    seen = [scores for scores in evaluation.classes if scores.support]
    worst = min(seen, key=lambda scores: scores.recall, default=None)
    only = (
        f"It was trained and tested on images of {report.dataset} alone. On images that were taken, cut or scaled "
        "otherwise it may do worse, and it cannot say so."
    )
    always = "It names one of its classes for every image, also for one that shows none of them."
    items = [only, always, calibration.verdict(evaluation)]
    if worst is not None:
        items.append(f"It finds {worst.name} least often: {text.percent(worst.recall)} of its test images.")
    items.append("Whether it treats groups of people alike was not looked at.")
    return Section(anchor="limits", title="What it cannot do", blocks=(Bullets(title="Limits", items=tuple(items)),))


def _training(report: Report, model: Model) -> Section:
    counts = {split: sum(of) for split, of in report.data.counts.items()}
    seen = ", ".join(f"{text.count(n)} {split}" for split, n in counts.items())
    facts = (
        ("Images", seen),
        ("Epochs", text.count(model.epochs)),
        *((name, text.plain(value)) for name, value in model.training.items()),
        ("Precision", report.provenance.precision),
    )
    listing = Listing(title="Configuration as JSON", text=model.configuration, language="json")
    return Section(
        anchor="training", title="How it was trained", blocks=(Facts(title="Training", items=facts), listing)
    )
