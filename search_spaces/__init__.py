"""What may be tried: declarative search spaces for Keras image classifiers.

A space is read from a YAML file, checked without TensorFlow, and walked by a chooser, which makes a configuration:
plain values, enough to build and train one model. Knows no Optuna, no TensorFlow, nothing of the rest of the program.

    space = SearchSpace.load("cnn_v4")
    configuration = space.configure(lambda parameter: parameter.default)
    summarize(configuration, (28, 28, 1), n_classes=10).parameters
"""

from search_spaces.adopting import Obstacle, settings_of
from search_spaces.assignments import changes
from search_spaces.configuration import (
    Branches,
    Component,
    Configuration,
    EarlyStopping,
    Layer,
    Residual,
    Step,
    Training,
    all_layers,
)
from search_spaces.counting import Size
from search_spaces.differences import Difference, differences
from search_spaces.domains import Bool, Choice, Chooser, Domain, Float, Int, Parameter, Value
from search_spaces.keras_table import layer_class, object_class, optimizer_class
from search_spaces.problems import Problem, SpaceError, Unbuildable
from search_spaces.sources import library
from search_spaces.space import Changes, Limits, Preset, SearchSpace, misfit, over_limit
from search_spaces.summary import INPUT, LayerSummary, ModelSummary, summarize
from search_spaces.topology import hidden_units, topology_space
from search_spaces.wording import label, shown

__all__ = [
    "INPUT",
    "Bool",
    "Branches",
    "Changes",
    "Choice",
    "Chooser",
    "Component",
    "Configuration",
    "Difference",
    "Domain",
    "EarlyStopping",
    "Float",
    "Int",
    "Layer",
    "LayerSummary",
    "Limits",
    "ModelSummary",
    "Obstacle",
    "Parameter",
    "Preset",
    "Problem",
    "Residual",
    "SearchSpace",
    "Size",
    "SpaceError",
    "Step",
    "Training",
    "Unbuildable",
    "Value",
    "all_layers",
    "changes",
    "differences",
    "hidden_units",
    "label",
    "layer_class",
    "library",
    "misfit",
    "object_class",
    "optimizer_class",
    "over_limit",
    "settings_of",
    "shown",
    "summarize",
    "topology_space",
]
