from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tuner.data import cache_folder, fetch, find
from tuner.data.places import look, wanted
from tuner.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.data.conftest import Made
    from tuner.data import ImageData


@pytest.fixture
def everywhere(grey: Made, environ: dict[str, str], tmp_path: Path) -> dict[str, Path]:
    """A data set of another seed in each place, so that the images tell where they came from."""
    places = {
        "given": tmp_path / "given",
        "keras": Path(environ["KERAS_HOME"]) / "datasets" / "fashion-mnist",
        "system": Path(environ["XDG_DATA_DIRS"]) / "datasets" / "fashion-mnist",
    }
    for brightness, folder in enumerate(places.values(), start=1):
        grey.with_arrays(train_images=np.full_like(grey.arrays["train_images"], brightness)).idx(folder)
    return places


def brightness(found: ImageData) -> int:
    return int(found.train()[0].max())


def test_what_is_given_goes_before_all(
    grey: Made, search: Callable[..., ImageData], everywhere: dict[str, Path]
) -> None:
    assert brightness(search(grey.card)) == 2
    assert brightness(search(grey.card, everywhere["given"])) == 1


def test_tune_data_stands_for_the_option(
    grey: Made, search: Callable[..., ImageData], everywhere: dict[str, Path], environ: dict[str, str]
) -> None:
    found = search(grey.card, environ={**environ, "TUNE_DATA": str(everywhere["given"])})
    assert brightness(found) == 1
    assert found.source.endswith("(TUNE_DATA)")


def test_the_option_goes_before_tune_data(
    grey: Made, search: Callable[..., ImageData], everywhere: dict[str, Path], environ: dict[str, str]
) -> None:
    found = search(grey.card, everywhere["keras"], environ={**environ, "TUNE_DATA": str(everywhere["given"])})
    assert brightness(found) == 2


def test_our_cache_goes_before_keras(grey: Made, search: Callable[..., ImageData], everywhere: dict[str, Path]) -> None:
    first = search(grey.card)
    for path in everywhere["keras"].iterdir():
        path.unlink()
    assert search(grey.card) == first


def test_keras_goes_before_the_system(
    grey: Made, search: Callable[..., ImageData], everywhere: dict[str, Path]
) -> None:
    assert "Keras's cache" in search(grey.card).source


def test_the_system_comes_last_on_the_machine(
    grey: Made, search: Callable[..., ImageData], everywhere: dict[str, Path]
) -> None:
    for path in everywhere["keras"].iterdir():
        path.unlink()
    found = search(grey.card)
    assert brightness(found) == 3
    assert found.source.endswith("(the operating system's data sets)")


def test_half_of_the_files_is_not_a_data_set(
    grey: Made, search: Callable[..., ImageData], everywhere: dict[str, Path]
) -> None:
    (everywhere["keras"] / "t10k-labels-idx1-ubyte.gz").unlink()
    assert brightness(search(grey.card)) == 3


def test_a_given_folder_may_hold_several_data_sets(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path
) -> None:
    grey.idx(tmp_path / "all" / "fashion-mnist")
    assert search(grey.card, tmp_path / "all").n_train == 40


def test_tune_data_for_another_data_set_is_passed_over(
    grey: Made, search: Callable[..., ImageData], everywhere: dict[str, Path], environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    assert brightness(search(grey.card, environ={**environ, "TUNE_DATA": str(tmp_path / "empty")})) == 2


def test_when_all_fails_one_error_names_each_place_and_three_ways_out(
    grey: Made, search: Callable[..., ImageData], environ: dict[str, str], tmp_path: Path
) -> None:
    keras = tmp_path / "keras" / "datasets" / "fashion-mnist"
    grey.idx(keras)
    (keras / "t10k-labels-idx1-ubyte.gz").unlink()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "holiday.jpg").touch()
    with pytest.raises(DataError) as caught:
        search(grey.card, environ={**environ, "TUNE_DATA": str(tmp_path / "other")})
    assert str(caught.value) == "\n".join(
        (
            "Fashion-MNIST was not found. Looked in:",
            f"  {tmp_path}/other (TUNE_DATA): only holiday.jpg",
            f"  {tmp_path}/tune/data/fashion-mnist (our cache): not there",
            f"  {keras} (Keras's cache): the four IDX files in part; missing: t10k-labels-idx1-ubyte",
            f"  {tmp_path}/share/datasets/fashion-mnist (the operating system's data sets): not there",
            "  the network: not asked, downloading is switched off",
            "To help yourself, do one of:",
            "  on Debian or Ubuntu: apt-get install dataset-fashion-mnist",
            f"  give the files: --data PATH, a folder with {wanted(grey.card)}",
            "  connect to a network, then: tune data fetch fashion-mnist",
        )
    )


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "not there"),
        (lambda path: path.mkdir(), "an empty folder"),
        (lambda path: path.write_text("hello"), "not a file of this data set"),
        (lambda path: [path.mkdir(), *((path / f"{i}.txt").touch() for i in range(7))], r"only 0.txt, .* and 2 more"),
        (lambda path: [path.mkdir(), (path / "train-images-idx3-ubyte").touch()], "missing: train-labels-idx1-ubyte, "),
        (lambda path: [path.mkdir(), (path / "a.npz").touch(), (path / "b.npz").touch()], "a choice between a.npz, b"),
    ],
)
def test_a_given_path_without_the_data_set_says_what_is_there_instead(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path, make: Callable[[Path], object], told: str
) -> None:
    make(tmp_path / "mine")
    with pytest.raises(
        DataError, match=f"mine \\(--data\\) must hold the four IDX files, or .* Got: .*{told}"
    ) as caught:
        search(grey.card, tmp_path / "mine")
    assert "\n" not in str(caught.value)


def test_a_variant_of_the_user_is_welcome_and_noted(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path
) -> None:
    found = search(replace(grey.card, sha256={"test_labels": "0" * 64}), grey.idx(tmp_path / "mine"))
    assert found.note == (
        f"not Fashion-MNIST as published: other contents in {tmp_path}/mine/t10k-labels-idx1-ubyte.gz"
    )


def test_a_part_of_the_data_set_is_welcome_and_noted(
    grey: Made, search: Callable[..., ImageData], tmp_path: Path
) -> None:
    found = search(replace(grey.card, n_train=60_000), grey.idx(tmp_path / "mine"))
    assert "train-images-idx3-ubyte.gz" in found.note


def test_other_contents_in_the_system_folder_are_an_error(
    grey: Made, search: Callable[..., ImageData], everywhere: dict[str, Path]
) -> None:
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte.gz: wrong checksum: .* Delete it and try again"):
        search(replace(grey.card, sha256={"test_labels": "0" * 64}))


def test_a_failed_preparation_leaves_nothing_behind(
    grey: Made, search: Callable[..., ImageData], everywhere: dict[str, Path], environ: dict[str, str]
) -> None:
    with pytest.raises(DataError):
        search(replace(grey.card, sha256={"test_labels": "0" * 64}))
    cache = Path(environ["TUNE_HOME"]) / "data"
    assert [path.name for path in cache.iterdir()] == [".locks"]


def test_an_unwritable_cache_is_named(
    grey: Made, search: Callable[..., ImageData], everywhere: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "tune").write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"tune.*: Not a directory\. .* TUNE_HOME names another place"):
        search(grey.card)


def test_digits_need_nothing(environ: dict[str, str]) -> None:
    found = find("digits", environ=environ, download=False)
    images, labels = found.train()
    assert (found.n_train, found.n_test, images.shape) == (1_437, 360, (1_437, 8, 8, 1))
    assert (images.min(), images.max()) == (0, 255)
    assert set(labels) == set(range(10))
    assert fetch("digits", environ=environ) == found


def test_digits_are_the_same_for_everybody(environ: dict[str, str]) -> None:
    found = find("digits", environ=environ)
    assert found.fingerprint == "56763919548cb672886659930f973c84b94599a4e7ee644dfcc2315e0c5bc0ab"


def test_an_unknown_name_is_a_usage_error(environ: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="Did you mean digits"):
        find("digit", environ=environ)


def test_the_cache_lies_where_tune_home_says(tmp_path: Path) -> None:
    assert cache_folder({"TUNE_HOME": str(tmp_path)}) == tmp_path / "data"
    assert cache_folder({}).parts[-2:] == ("kerastune", "data")


def test_looking_opens_nothing(grey: Made, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for role in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / f"{role}-ubyte").write_bytes(b"")
    assert not isinstance(look(folder, grey.card), str)
