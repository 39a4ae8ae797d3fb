"""The fake is asked as the real module is: else tests would say nothing of it."""

import ast
import inspect
import sys
from pathlib import Path

import pytest
from fakes.gpus import Driver

import tuner.slots.driver

ASKED = {
    node.attr
    for node in ast.walk(ast.parse(Path(tuner.slots.driver.__file__).read_text("utf-8")))
    if isinstance(node, ast.Attribute) and node.attr.startswith(("nvml", "NVML"))
}


def test_all_that_the_driver_s_door_asks_for_is_in_the_real_module_and_in_the_fake(driver: Driver) -> None:
    fake, real = sys.modules["pynvml"], sys.modules["real_pynvml"]
    assert len(ASKED) > 15
    assert [name for name in ASKED if not (hasattr(fake, name) and hasattr(real, name))] == []


def test_functions_of_the_fake_take_what_the_real_ones_take(driver: Driver) -> None:
    fake, real = sys.modules["pynvml"], sys.modules["real_pynvml"]
    for name in (name for name in ASKED if name.startswith("nvml")):
        mine = list(inspect.signature(getattr(fake, name)).parameters)
        theirs = list(inspect.signature(getattr(real, name)).parameters)
        assert theirs[: len(mine)] == mine, name


def test_the_fake_refuses_questions_before_it_was_begun(driver: Driver) -> None:
    fake = sys.modules["pynvml"]
    with pytest.raises(fake.NVMLError, match="Uninitialized"):
        fake.nvmlDeviceGetCount()
