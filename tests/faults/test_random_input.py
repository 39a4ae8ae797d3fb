"""Fault test 30: random spaces survive every form that they are kept in; random bytes make nothing but errors."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from evidence import Measured
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from malformed import GOOD, RICH
from spaces_at_random import content_of

from search_spaces import Configuration, SearchSpace, SpaceError
from tuner.distributions import chooser

BY_DAY, BY_NIGHT = 2_000, 20_000
PROBLEM = re.compile(r"^[^:]+:\d+(:\d+)?: ")

how_often = pytest.mark.parametrize("n", [BY_DAY, pytest.param(BY_NIGHT, marks=pytest.mark.night)])


def tried(n: int, strategy: st.SearchStrategy[object], check: Callable[[object], None]) -> int:
    """How many examples were looked at; a failing one is shrunk and raised."""
    seen = 0

    @settings(
        max_examples=n, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    @given(strategy)
    def run(example: object) -> None:
        nonlocal seen
        seen += 1
        check(example)

    run()
    return seen


def survives_every_form(seed: object) -> None:
    """YAML and back, JSON and back, Optuna's distributions and its storage's numbers and back."""
    rng = random.Random(seed)  # type: ignore[arg-type]
    space = SearchSpace.parse(json.dumps(content_of(rng)), "random.yaml")
    assert SearchSpace.parse(space.text, "again.yaml").fingerprint == space.fingerprint
    configuration = space.configure(chooser(optuna.trial.FixedTrial(dict(space.sample(rng).values))))
    assert Configuration.from_json(json.loads(json.dumps(configuration.to_json()))) == configuration
    trial = optuna.trial.FixedTrial(dict(configuration.values))
    assert space.configure(chooser(trial)) == configuration
    for name, distribution in trial.distributions.items():
        written = optuna.distributions.distribution_to_json(distribution)
        assert optuna.distributions.json_to_distribution(written) == distribution
        value = configuration.values[name]
        assert distribution.to_external_repr(distribution.to_internal_repr(value)) == value


@how_often
@pytest.mark.timeout(1_800)
def test_random_good_spaces_survive_every_form(n: int, measured: Measured) -> None:
    # Each seed is another space: small numbers, which hypothesis likes, would come again and again.
    seen = tried(n, st.integers(0, 2**62), survives_every_form)
    measured(
        30,
        target=f"{n:,} random valid spaces: sample, round trip through YAML, JSON and Optuna's distributions",
        figure=f"{seen:,} spaces, all the same after each",
    )
    assert seen >= n


SLIPS = st.tuples(
    st.sampled_from([GOOD, RICH]).map(str.encode), st.integers(0, 3_000), st.integers(0, 40), st.binary(max_size=8)
).map(lambda slip: slip[0][: slip[1]] + slip[3] + slip[0][slip[1] + slip[2] :])
"""A good file in which some bytes were written over."""


@how_often
@pytest.mark.timeout(1_800)
def test_random_bytes_are_a_space_or_problems_with_their_lines(n: int, tmp_path: Path, measured: Measured) -> None:
    path = tmp_path / "bytes.yaml"
    told = 0

    def told_or_good(content: object) -> None:
        nonlocal told
        path.write_bytes(content)  # type: ignore[arg-type]
        try:
            SearchSpace.load(path)
        except SpaceError as error:
            told += 1
            lines = str(error).splitlines()
            assert 1 <= len(lines) <= 10
            assert all(PROBLEM.match(line) and line.isprintable() for line in lines)

    seen = tried(n, st.one_of(st.binary(max_size=400), SLIPS), told_or_good)
    measured(
        30,
        target=f"{n:,} times random bytes: never a traceback",
        figure=f"{seen:,} files, {told:,} told with their lines, {seen - told:,} good spaces, 0 tracebacks",
    )
    assert seen >= n
