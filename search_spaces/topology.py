"""`128-64`: a multilayer perceptron's hidden layers in one word, and the space that is made of it."""

from __future__ import annotations

import hashlib
import re
from typing import NoReturn

from search_spaces.problems import Problem, SpaceError
from search_spaces.wording import shown

BASE = "mlp_topology"
"""The space of the library that a topology's training comes from."""

SINGLE = re.compile(r"[1-9][0-9]{0,5}")
DIGITS = re.compile(r"[0-9]{1,99}")
SIZES = re.compile(r"[0-9]{1,6}(-[0-9]{1,6})*-?")
MOST_UNITS = 65_536
MOST_HIDDEN = 32
LONGEST_NAME = 64


def hidden_units(topology: str) -> tuple[int, ...]:
    """Neurons of each hidden layer: (128, 64) for `128-64`; (5, 3) for `53`, one digit a layer; (64,) for `64-`.

    SpaceError where it names no network. Source of the digits: Jerez, activation functions and network size on MNIST.
    """
    if not topology.isascii() or not (DIGITS.fullmatch(topology) or SIZES.fullmatch(topology)):
        _refuse(topology, f"hidden layers are written 128-64, or one digit a layer: 53. Got {shown(topology)}")
    parts = topology.rstrip("-").split("-") if "-" in topology else list(topology)
    units = tuple(int(part) for part in parts)
    if min(units) < 1:
        single = f". One layer of {topology} neurons is written {topology}-" if SINGLE.fullmatch(topology) else ""
        _refuse(topology, f"a layer has at least one neuron. Got {'-'.join(parts)}{single}")
    if max(units) > MOST_UNITS or len(units) > MOST_HIDDEN:
        _refuse(topology, f"at most {MOST_HIDDEN} layers of at most {MOST_UNITS:,} neurons. Got {shown(topology)}")
    return units


def topology_space(topology: str) -> str:
    """The text of a space: these hidden layers, with the activation, the dropout and the training searched."""
    units = hidden_units(topology)
    sizes = "-".join(str(each) for each in units)
    layers = "".join(
        f"""  - name: hidden_{number}
    layers:
      - dense: {{units: {each}, activation: $act}}
      - dropout: {{rate: {{float: [0.0, 0.5], step: 0.1, default: 0.0}}}}
"""
        for number, each in enumerate(units, start=1)
    )
    name = f"mlp-{sizes}"
    if len(name) > LONGEST_NAME:
        name = f"mlp-{len(units)}-layers-{hashlib.sha256(sizes.encode()).hexdigest()[:8]}"
    # The sizes were asked for by name: the base's limit is for those that are searched.
    return f"""name: {name}
description: Multilayer perceptron of {sizes} hidden neurons
extends: {BASE}
layers:
  - flatten
{layers}limits: {{parameters: null}}
presets: null
"""


def _refuse(topology: str, text: str) -> NoReturn:
    raise SpaceError([Problem(source=f"--topology {topology}", line=1, column=1, path="", text=text)])
