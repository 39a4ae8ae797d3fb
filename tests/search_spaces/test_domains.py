"""Domains: what lies in them, how many values there are, which is the default."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces import Bool, Choice, Domain, Float, Int

DOMAINS: list[Domain] = [
    Choice(options=("relu", "elu")),
    Choice(options=(3, 0.5, "[3, 5]", "null", True)),
    Bool(),
    Int(low=2, high=4),
    Int(low=32, high=256, log=True),
    Int(low=-8, high=8, step=4),
    Float(low=0.0, high=0.5, step=0.05),
    Float(low=1e-4, high=1e-2, log=True),
    Float(low=-1.0, high=1.0),
    Float(low=0.3, high=0.3),
]


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_a_sample_and_the_default_lie_in_the_domain(domain: Domain) -> None:
    rng = random.Random(0)

    assert all(domain.contains(domain.sample(rng)) for _ in range(300))
    assert domain.contains(domain.middle())


@pytest.mark.parametrize("domain", [domain for domain in DOMAINS if domain.size() is not None], ids=str)
def test_a_finite_domain_has_as_many_values_as_it_says_and_samples_each(domain: Domain) -> None:
    rng = random.Random(0)

    assert len(domain.values()) == domain.size()
    assert all(domain.contains(value) for value in domain.values())
    assert {domain.sample(rng) for _ in range(9000)} == set(domain.values())


@pytest.mark.parametrize(
    ("domain", "value"),
    [
        (Choice(options=("relu",)), "elu"),
        (Choice(options=(1, 2)), True),
        (Choice(options=(1, 2)), math.nan),
        (Bool(), 1),
        (Bool(), "true"),
        (Int(low=2, high=4), 5),
        (Int(low=2, high=4), 3.0),
        (Int(low=0, high=4), True),
        (Int(low=0, high=8, step=4), 2),
        (Float(low=0.0, high=1.0), 1.1),
        (Float(low=0.0, high=1.0), math.nan),
        (Float(low=0.0, high=1.0), math.inf),
        (Float(low=0.0, high=1.0), 10**400),
        (Float(low=0.0, high=1.0), True),
        (Float(low=0.0, high=1.0), "0.5"),
        (Float(low=0.0, high=1.0), None),
        (Float(low=0.0, high=0.5, step=0.05), 0.07),
    ],
    ids=str,
)
def test_what_is_outside_is_not_contained(domain: Domain, value: Any) -> None:
    assert not domain.contains(value)


def test_a_step_met_by_adding_binary_fractions_is_the_step_that_the_file_says() -> None:
    domain = Float(low=0.0, high=0.5, step=0.05)

    assert domain.accept(0.05 * 3) == 0.15
    assert domain.values()[3] == 0.15
    assert 0.05 * 3 != 0.15


def test_rounding_at_the_ends_of_a_log_range_is_forgiven() -> None:
    domain = Float(low=1e-4, high=1e-2, log=True)

    assert domain.accept(math.exp(math.log(1e-2)) * (1 + 1e-15)) == 1e-2


def test_a_number_that_equals_an_option_is_that_option() -> None:
    accepted = Choice(options=(0.5, 1.0)).accept(1)

    assert accepted == 1.0
    assert isinstance(accepted, float)


def test_defaults_are_the_first_option_and_the_middle_of_a_range() -> None:
    assert Choice(options=("elu", "relu")).middle() == "elu"
    assert Bool().middle() is False
    assert Int(low=2, high=4).middle() == 3
    assert Int(low=16, high=256, log=True).middle() == 64
    assert Float(low=1e-4, high=1e-2, log=True).middle() == 1e-3
    assert Float(low=0.0, high=0.5).middle() == 0.25
    assert Float(low=0.0, high=0.3, step=0.1).middle() == 0.1


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: Int(low=3, high=2), "low must not exceed high. Got 3 and 2"),
        (lambda: Int(low=0, high=2, log=True), "log needs a low above 0"),
        (lambda: Int(low=0, high=3, step=2), "step must divide the range"),
        (lambda: Int(low=0, high=3, step=0), "step must be positive"),
        (lambda: Int(low=0, high=2**60), "whole numbers must stay within"),
        (lambda: Float(low=0.0, high=math.nan), "both ends must be finite"),
        (lambda: Float(low=-math.inf, high=0.0), "both ends must be finite"),
        (lambda: Float(low=-1.7e308, high=1.7e308), "the range is too wide"),
        (lambda: Float(low=0.0, high=1.0, step=0.3), "step must divide the range"),
        (lambda: Float(low=0.0, high=1.0, step=math.nan), "step must be positive"),
        (lambda: Float(low=0.1, high=1.0, step=0.1, log=True), "log and step exclude each other"),
        (lambda: Choice(options=()), "at least one option"),
        (lambda: Choice(options=(1, True)), "options must differ"),
        (lambda: Choice(options=(math.nan,)), "options must be finite"),
    ],
)
def test_a_domain_that_makes_no_sense_cannot_be_made(make: Any, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        make()


def test_a_continuous_range_has_no_list_of_values() -> None:
    assert Float(low=0.0, high=1.0).size() is None
    with pytest.raises(ValueError, match="no list of values"):
        Float(low=0.0, high=1.0).values()


def test_domains_describe_themselves() -> None:
    assert [domain.describe() for domain in DOMAINS] == [
        "relu or elu",
        "3, 0.5, [3, 5], null or true",
        "true or false",
        "2 to 4",
        "32 to 256, log",
        "-8 to 8, step 4",
        "0.0 to 0.5, step 0.05",
        "0.0001 to 0.01, log",
        "-1.0 to 1.0",
        "0.3 to 0.3",
    ]


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.randoms(use_true_random=False))
def test_any_range_contains_its_ends_its_middle_and_its_samples(low: float, width: float, rng: random.Random) -> None:
    domain = Float(low=low, high=low + width)

    assert domain.contains(domain.low)
    assert domain.contains(domain.high)
    assert domain.contains(domain.middle())
    assert domain.contains(domain.sample(rng))


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.booleans(), st.randoms(use_true_random=False))
def test_any_whole_range_contains_its_samples(low: int, width: int, log: bool, rng: random.Random) -> None:
    domain = Int(low=low, high=low + width, log=log)

    assert domain.contains(domain.sample(rng))
    assert domain.contains(domain.middle())
    assert domain.size() == width + 1
