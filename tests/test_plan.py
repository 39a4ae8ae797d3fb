import pytest

from tuner.errors import UsageError
from tuner.plan import Plan, check_name, seconds

PLAN = Plan(dataset="digits", data_fingerprint="a" * 64, space="mlp_v1", space_fingerprint="b" * 64)


@pytest.mark.parametrize(
    ("text", "span"),
    [("90", 90), ("90s", 90), ("15m", 900), ("1.5h", 5400), ("1h30m", 5400), ("2m10s", 130), (" 5M ", 300)],
)
def test_a_time_is_read_as_people_write_it(text: str, span: float) -> None:
    assert seconds(text) == span


@pytest.mark.parametrize("text", ["", " ", "0", "0m", "-5m", "15x", "m", "1:30", "nan", "inf", "15m 3", "1e3"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="a time"):
        seconds(text)


def test_a_plan_survives_json() -> None:
    assert Plan.from_json(PLAN.to_json()) == PLAN


def test_a_plan_of_a_later_version_can_still_be_compared() -> None:
    assert Plan.from_json({**PLAN.to_json(), "moons": 5}) == PLAN


def test_differences_name_the_field_and_both_values() -> None:
    other = Plan.from_json({**PLAN.to_json(), "seed": 1, "limit": 100, "data_fingerprint": "c" * 64})
    assert PLAN.differences(other) == [
        "data_fingerprint: aaaaaaaaaaaa... -> cccccccccccc...",
        "seed: 0 -> 1",
        "limit: not set -> 100",
    ]


@pytest.mark.parametrize("name", ["a", "fashion-mnist-cnn_v4", "7", "A.b_c-d", "x" * 64])
def test_a_plain_name_is_taken(name: str) -> None:
    assert check_name(name, "a study's name") == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "/etc", "a/b", "a\\b", "x" * 65, "-a", "a b", "a\n", "a.", "\u202ea", "é", "[red]", "a\0"],
)
def test_a_name_that_could_leave_its_folder_or_confuse_a_terminal_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="a study's name must start with"):
        check_name(name, "a study's name")
