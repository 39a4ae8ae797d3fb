"""Random space files that are good ones, and which parameters a draw of them must have. Knows nothing of the reader.

Made from a seed and not from hypothesis's strategies, which take longer than all that is tested with them.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from typing import Any

VARIABLES: dict[str, Any] = {
    "act": {"choice": ["relu", "tanh"]},
    "width": {"int": [2, 64], "log": True},
    "few": {"choice": [2, 4, 8], "default": 4},
    "depth": {"int": [0, 2]},
    "norm": {"bool": None},
    "share": {"float": [0.1, 0.4]},
    "three": 3,
}
SLOPE = {"float": [0.01, 0.3], "log": True}
LEAKY = [{"leaky_relu": {"negative_slope": SLOPE}}, {"leaky_relu": {"negative_slope": "$share"}}, {"leaky_relu": {}}]

COUNTS = [
    3, {"int": [2, 8]}, {"int": [1, 7], "step": 3}, {"choice": [1, 6]}, "$width", "$few", "$three", "$few * 2 ** $i",
    "$few // 2 + $three", "max($width, 3)", "$i + 1", "2 + $few % 3", "$width * ($i + 1)",
]  # fmt: skip
RATES = [0.25, {"float": [0.0, 0.5]}, {"float": [0.1, 0.5], "step": 0.1, "default": 0.3}, "$share", "$share / 2"]
FLAGS = [True, False, {"bool": None}, "$norm"]
ACTIVATIONS = [
    "relu", None, "$act", {"choice": ["gelu", None]}, *LEAKY, {"choice": [{"elu": {"alpha": 0.5}}, "elu"]},
    {"choice": ["elu", None, *LEAKY[:2]], "default": "leaky_relu_2"}, {"choice": [{"elu": {"alpha": 0.5}}, "elu"]},
]  # fmt: skip
REGULARIZERS = [
    "l2",
    None,
    {"l2": {"l2": {"float": [1e-5, 1e-3], "log": True}}},
    {"choice": ["l1", {"l1": {"l1": 0.1}}]},
]
REPEATS = [1, 2, {"int": [0, 2]}, "$depth", "$few // 2", {"choice": [1, 3]}, "$depth + 1"]
MERGES = ["concatenate", "add", "maximum", {"choice": ["concatenate", "average"]}]

# What may be drawn for each argument; those after the first may be left out.
Layers = Mapping[str, Mapping[str, list[Any]]]
IMAGE_LAYERS: Layers = {
    "conv2d": {"filters": COUNTS, "kernel_size": [1, 3, {"choice": [3, [1, 3]]}], "strides": [1, {"choice": [1, 2]}],
               "padding": ["same", {"choice": ["same", "valid"]}], "activation": ACTIVATIONS, "use_bias": FLAGS,
               "kernel_regularizer": REGULARIZERS},
    "depthwise_conv2d": {"kernel_size": [1, 2], "depth_multiplier": COUNTS},
    "max_pooling2d": {"pool_size": [1, {"choice": [2, [2, 1]]}], "padding": ["same"]},
    "batch_normalization": {},
    "group_normalization": {"groups": [{"choice": [1, 2, -1]}]},
    "spatial_dropout2d": {"rate": RATES},
}  # fmt: skip
VECTOR_LAYERS: Layers = {
    "dense": {"units": COUNTS, "activation": ACTIVATIONS, "kernel_regularizer": REGULARIZERS, "use_bias": FLAGS},
    "dropout": {"rate": RATES},
    "activation": {"activation": ["relu", "$act", *LEAKY, {"choice": ["elu", *LEAKY]}]},
    "layer_normalization": {},
}
AUGMENTATIONS: Layers = {
    "flip": {"direction": ["both", {"choice": ["horizontal", "vertical"]}]},
    "shift": {"height": RATES, "fill_mode": [{"choice": ["wrap", "nearest"]}]},
    "crop": {"padding": [{"int": [0, 4]}]},
    "mixup": {"alpha": [0.1, {"choice": [0.2, 0.4]}]},
}
TRAINING: dict[str, list[Any]] = {
    "schedule": ["constant", {"cosine": {"warmup": {"float": [0.0, 0.2], "step": 0.05}}},
                 {"choice": ["one_cycle", "linear"], "default": "linear"},
                 {"plateau": {"patience": {"choice": [1, 2]}, "factor": "$share"}}],
    "loss": ["kl_divergence", {"categorical_focal_crossentropy": {"gamma": {"choice": [1, 2]}}}],
    "label_smoothing": [0, {"choice": [0.0, 0.1]}, "$share"],
    "class_weights": ["none", {"choice": ["none", "balanced"]}],
    "early_stopping": [None, {}, {"patience": {"choice": [None, 3]}},
                       {"min_delta": {"float": [0, 0.1]}, "monitor": "val_accuracy"}],
    "averaging": ["none", {"choice": ["swa", {"ema": {"momentum": "$share"}}]}],
}  # fmt: skip
OPTIMIZERS = [
    "adam",
    {"sgd": {"nesterov": {"bool": None}}},
    {"adam": {"learning_rate": "$share / 100"}},
    {"choice": ["lion", {"adamw": {"weight_decay": {"float": [0, 1]}}}]},
    {"choice": [{"sgd": {"momentum": {"choice": [0.0, 0.9]}}}, {"sgd": {}, "name": "plain"}], "default": "plain"},
]


def content_of(rng: random.Random, *, finite: bool = False, plain_training: bool = False) -> dict[str, Any]:
    """The plain data of a good space file; without continuous ranges if it shall be finite."""
    made = _Maker(rng).content()
    if plain_training:
        made["training"] = {"optimizer": "adam", "batch_size": 32, "epochs": 1}
    if finite:
        made = json.loads(re.sub(r'\{"float": \[[^]]*\](, "log": true)?\}', '{"choice": [0.1, 0.2]}', json.dumps(made)))
    used = set(re.findall(r"\$(\w+)", json.dumps(made)))
    variables = {name: data for name, data in VARIABLES.items() if name in used}
    if finite:
        variables |= {name: {"choice": [0.1, 0.3]} for name in variables if name == "share"}
    return json.loads(json.dumps(made | {"variables": variables}))  # with lists of its own


class _Maker:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.n_names = 0

    def content(self) -> dict[str, Any]:
        ending = self.rng.choice(["flatten", "global_max_pooling2d"])
        vector = [*self.entries(VECTOR_LAYERS, 0), "layer_normalization"]
        training: dict[str, Any] = {
            "optimizer": self.rng.choice(OPTIMIZERS),
            "batch_size": self.rng.choice([8, {"choice": [16, 32]}, "$few * 8"]),
            "epochs": self.rng.choice([2, {"int": [1, 3]}]),
        }
        training |= {name: self.rng.choice(values) for name, values in TRAINING.items() if self.rng.random() < 0.4}
        if self.rng.random() < 0.5:
            training["augmentation"] = self.entries(AUGMENTATIONS, 0, blocks=["optional", "choice", "layers"])
        return {"name": "random", "layers": [*self.entries(IMAGE_LAYERS, 0), ending, *vector], "training": training}

    def entries(
        self, layers: Layers, depth: int, *, least: int = 0, repeated: bool = False, blocks: Any = None
    ) -> list[Any]:
        n = self.rng.choice([least, 1, 2, 3 - depth])
        return [self.entry(layers, depth, repeated=repeated, blocks=blocks) for _ in range(max(n, least))]

    def entry(self, layers: Layers, depth: int, *, repeated: bool, blocks: Any) -> Any:
        if depth < 2 and self.rng.random() < 0.4:
            return self.block(layers, depth + 1, repeated=repeated, blocks=blocks)
        kind = self.rng.choice(list(layers))
        (first, *others) = layers[kind].items() if layers[kind] else [None]
        if first is None:
            return kind
        arguments = [first, *(each for each in others if each[0] == "kernel_size" or self.rng.random() < 0.3)]
        return {kind: {name: self.value(values, repeated=repeated) for name, values in arguments}}

    def value(self, values: list[Any], *, repeated: bool) -> Any:
        value = self.rng.choice(values)
        return value.replace("$i", "$three") if isinstance(value, str) and not repeated else value

    def block(self, layers: Layers, depth: int, *, repeated: bool, blocks: Any) -> dict[str, Any]:
        def body(least: int = 1, *, inside: bool = repeated) -> list[Any]:
            return self.entries(layers, depth, least=least, repeated=inside, blocks=blocks)

        kind = self.rng.choice(blocks or ["repeat", "optional", "choice", "layers", "residual", "branches"])
        made: dict[str, Any]
        match kind:
            case "repeat":
                made = {"repeat": self.rng.choice(REPEATS), "layers": body(inside=True)}
            case "optional":
                made = {"optional": self.rng.choice(FLAGS), "layers": body()}
            case "choice":
                made = {"choice": [*body(), {"name": "none", "layers": []}]}
            case "layers":
                made = {"layers": body()}
            case "residual":
                made = {"residual": body()} | ({"shortcut": body(0)} if self.rng.random() < 0.5 else {})
            case _:
                made = {"branches": body(2)} | ({"merge": self.rng.choice(MERGES)} if self.rng.random() < 0.7 else {})
        if kind == "layers" or self.rng.random() < 0.5:
            self.n_names += 1
            made["name"] = f"given{self.n_names}"
        return made


# --- which parameters a draw must have --------------------------------------------------------------------------------


class Expected:
    """Names that a walk over the content asks for, where these values are drawn."""

    def __init__(self, content: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self.variables, self.values = content.get("variables", {}), values
        self.asked: set[str] = set()
        self.entries(content["layers"], "")
        training = content["training"]
        for name in ("batch_size", "epochs", "label_smoothing", "class_weights"):
            self.value(training.get(name), f"training.{name}", 0)
        for name in ("optimizer", "schedule", "loss", "averaging"):
            part = training.get(name)
            if isinstance(part, dict) and "choice" in part:
                chosen = self.draw(f"training.{name}")
                self.entry(dict(self.names(part["choice"]))[chosen], f"training.{name}.{chosen}", 0)
            elif part is not None:
                ((entry_name, entry),) = self.names([part])
                self.entry(entry, f"training.{name}.{entry_name}", 0)
        for name, value in (training.get("early_stopping") or {}).items():
            self.value(value, f"training.early_stopping.{name}", 0)
        self.entries(training.get("augmentation", []), "training.augmentation")

    def draw(self, name: str) -> Any:
        self.asked.add(name)
        return self.values[name]

    def names(self, entries: list[Any]) -> list[tuple[str, Any]]:
        taken = {entry["name"] for entry in entries if isinstance(entry, dict) and "name" in entry}
        found = []
        for entry in entries:
            kind = next(iter(entry)) if isinstance(entry, dict) else "null" if entry is None else entry
            name, number = kind, 1
            while name in taken:
                number += 1
                name = f"{kind}_{number}"
            name = entry.get("name", name) if isinstance(entry, dict) else name
            taken.add(name)
            found.append((name, entry))
        return found

    def entries(self, entries: list[Any], prefix: str, index: int = 0) -> None:
        for name, entry in self.names(entries):
            self.entry(entry, f"{prefix}.{name}" if prefix else name, index)

    def entry(self, entry: Any, path: str, index: int) -> None:  # noqa: C901 - one case for each kind of entry
        match entry:
            case {"repeat": count, "layers": body}:
                for each in range(self.value(count, f"{path}.repeat", 0)):
                    self.entries(body, f"{path}[{each}]", each)
            case {"optional": present, "layers": body}:
                if self.value(present, f"{path}.optional", 0):
                    self.entries(body, path, index)
            case {"residual": body}:
                self.entries(body, path, index)
                self.entries(entry.get("shortcut", []), f"{path}.shortcut", index)
            case {"branches": ways}:
                self.entries(ways, path, index)
                self.value(entry.get("merge"), f"{path}.merge", index)
            case {"choice": options}:
                chosen = self.draw(path)
                self.entry(dict(self.names(options))[chosen], f"{path}.{chosen}", index)
            case {"layers": body}:
                self.entries(body, path, index)
            case dict():
                for name, value in (next(iter(entry.values())) or {}).items():
                    self.value(value, f"{path}.{name}", index)

    def value(self, data: Any, name: str, index: int) -> Any:
        """What the setting comes to."""
        match data:
            case str() if "$" in data:
                known = {each: self.variable(each, index) for each in re.findall(r"\$(\w+)", data)}
                if data[1:] in known:
                    return known[data[1:]]
                # The formulas are this module's own, and mean in Python what they mean in a space.
                return eval(data.replace("$", ""), {"max": max}, known)
            case {"choice": options}:
                drawn = self.draw(name)
                if any(isinstance(option, dict) for option in options):
                    self.object(dict(self.names(options))[drawn], f"{name}.{drawn}", index)
                return drawn
            case dict() if {"int", "float", "bool"} & data.keys():
                return self.draw(name)
            case dict():
                self.object(data, f"{name}.{next(iter(data))}", index)
        return data

    def object(self, data: Any, name: str, index: int) -> None:
        if isinstance(data, dict):
            for argument, value in next(iter(data.values())).items():
                self.value(value, f"{name}.{argument}", index)

    def variable(self, name: str, index: int) -> Any:
        return index if name == "i" else self.value(self.variables[name], f"variables.{name}", index)
