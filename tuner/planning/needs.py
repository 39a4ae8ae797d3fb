"""What the trainings of a study are expected to take of a device's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces import summarize
from tuner.planning.memory import device_memory, training_memory
from tuner.planning.work import work_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from search_spaces import Configuration
    from tuner.planning.work import Images


def needs(images: Images) -> Callable[[Configuration, bool], int]:
    """Bytes by configuration: of a GPU's memory where the second argument says so, else of the machine's."""

    def need(configuration: Configuration, on_gpu: bool) -> int:
        summary = summarize(configuration, images.shape, images.n_classes)
        work = work_of(configuration, summary, images)
        return device_memory(work) if on_gpu else training_memory(work)

    return need
