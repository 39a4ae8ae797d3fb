"""Some images of a file, in memory where they fit and else read batch by batch as they are needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.slots import free_host_memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COPIES = 3
"""Of the images that a training holds: ours, TensorFlow's, and for a moment the one between them."""

SHARE = 0.5
"""Of the memory that is free which they may take: networks, and others, need some too."""


@dataclass(frozen=True, eq=False)
class FileRows:
    """As much of an array as a pipeline needs, without its contents. What is read stays with the system's cache."""

    file: NDArray[np.uint8]
    """(n_all, height, width, channels), mapped from a file."""
    rows: NDArray[np.int64]
    """(n,), which of them."""

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.file.shape[1:])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, places: NDArray[np.integer] | slice) -> NDArray[np.uint8]:
        """Those images, in memory."""
        return self.file[self.rows[places]]


def taken(file: NDArray[np.uint8], rows: NDArray[np.int64], *, free: int | None = None) -> NDArray[np.uint8] | FileRows:
    """(n, height, width, channels) those rows of the file; `free` bytes of memory instead of what is free now."""
    room = SHARE * (free_host_memory() if free is None else free)
    size = len(rows) * file[:1].nbytes
    return file[rows] if COPIES * size <= room else FileRows(file, rows)
