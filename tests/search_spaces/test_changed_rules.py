"""What becomes of a space's rules, and of what it sets and fixes, when the space is changed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from search_spaces import Changes, SearchSpace, SpaceError, hidden_units, topology_space

if TYPE_CHECKING:
    from pathlib import Path

BASE = """\
name: base
variables: {w: {choice: [8, 16]}}
layers: [flatten, {dense: {units: $w}}]
training:
  optimizer: {choice: [adam, {sgd: {momentum: {float: [0.0, 0.9], step: 0.3}}}]}
  batch_size: {choice: [64, 128]}
  epochs: 2
forbid:
  - training.optimizer == sgd and training.batch_size > 64
  - rule: $w == 16 and training.batch_size == 64
    because: too slow
fix: {training.optimizer.sgd.momentum: 0.3}
"""
CHANGES = [
    Changes(set={"training.batch_size": 32}),
    Changes(set={"training.batch_size": 128, "training.optimizer": {"choice": ["adam", "sgd"]}}),
    Changes(set={"training.optimizer": "lion"}),
    Changes(set={"dense.units": 8}),
    Changes(fix={"training.optimizer": "sgd"}),
    Changes(fix={"variables.w": 16}, set={"training.optimizer": "adam"}),
]


def child(folder: Path, text: str) -> SearchSpace:
    (folder / "base.yaml").write_text(BASE)
    (folder / "child.yaml").write_text(f"name: child\nextends: base.yaml\n{text}\n")
    return SearchSpace.load(folder / "child.yaml")


def drawn(space: SearchSpace) -> list[dict[str, object]]:
    return [dict(configuration.values) for configuration in space.enumerate()]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_what_a_study_keeps_of_a_changed_space_is_the_same_space(changes: Changes) -> None:
    space = SearchSpace.parse(BASE, "base.yaml", changes)

    kept = SearchSpace.parse(space.text, "kept.yaml")

    assert (kept.fingerprint, kept.set_aside) == (space.fingerprint, {})
    assert drawn(kept) == drawn(space)
    assert space.size().configurations == len(drawn(space)) > 0


@pytest.mark.parametrize("text", ["training: {optimizer: sgd}", "training: {optimizer: lion}", "layers: [flatten]"])
def test_what_a_study_keeps_of_an_extended_space_is_the_same_space(tmp_path: Path, text: str) -> None:
    space = child(tmp_path, text)

    kept = SearchSpace.parse(space.text, "kept.yaml")

    assert dataclasses.replace(kept, source="", tree=space.tree, forbids=space.forbids, set_aside={}) == (
        dataclasses.replace(space, source="", set_aside={})
    )
    assert drawn(kept) == drawn(space)


def test_a_rule_holds_for_what_is_written_out_as_for_what_is_drawn(tmp_path: Path) -> None:
    space = child(tmp_path, "training: {optimizer: sgd}")

    assert {values["training.batch_size"] for values in drawn(space)} == {64}
    assert drawn(space) == [{"variables.w": 8, "training.batch_size": 64}]


def test_a_rule_that_can_no_longer_hold_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    space = child(tmp_path, "variables: {w: {choice: [8, 9]}}")

    assert "never 16" in space.set_aside["forbid[1]"]
    assert len(space.forbids.rules) == 1


def test_a_slip_in_a_rule_of_ones_own_is_told_though_the_space_extends_another(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="no such parameter"):
        child(tmp_path, "forbid: [training.optimiser == sgd]")


def test_a_slip_in_a_preset_of_ones_own_is_told_though_the_space_extends_another(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="no such parameter"):
        child(tmp_path, "presets: {mine: {values: {dense.unitss: 8}}}")


def test_what_another_file_fixes_is_set_aside_where_it_is_gone_and_taken_out_by_null(tmp_path: Path) -> None:
    assert (
        "no such parameter"
        in child(tmp_path, "training: {optimizer: lion}").set_aside["fix.training.optimizer.sgd.momentum"]
    )

    space = child(tmp_path, "fix: {training.optimizer.sgd.momentum: null}")
    assert "training.optimizer.sgd.momentum" in [parameter.name for parameter in space.parameters()]


def test_a_topology_of_any_allowed_size_is_a_space() -> None:
    for topology in ("1024-512", "-".join(["1000"] * 13), "1" * 32):
        space = SearchSpace.parse(topology_space(topology), "topology")

        units = [layer.arguments["units"] for layer in space.default().layers if layer.kind == "dense"]
        assert tuple(units) == hidden_units(topology)
        assert (space.limits.parameters, space.set_aside) == (None, {})


def test_trainings_that_mean_the_same_are_the_same() -> None:
    plain = "name: s\nlayers: [flatten]\ntraining: {optimizer: adam, batch_size: 8, epochs: 1%s}"
    spelled = [", schedule: constant", ", loss: categorical_crossentropy", ", averaging: none", ""]

    assert len({SearchSpace.parse(plain % each, "s.yaml").default().hash for each in spelled}) == 1


def test_a_space_with_too_many_cases_is_finite_and_not_counted() -> None:
    variables = "".join(f"  v{i}: {{bool}}\n" for i in range(30))
    layers = "".join(f"  - {{optional: $v{i}, name: o{i}, layers: [{{dropout: {{rate: 0.1}}}}]}}\n" for i in range(30))
    text = f"name: s\nvariables:\n{variables}layers:\n  - flatten\n{layers}"

    size = SearchSpace.parse(f"{text}training: {{optimizer: adam, batch_size: 8, epochs: 1}}", "s.yaml").size()

    assert (size.configurations, size.finite) == (None, True)
