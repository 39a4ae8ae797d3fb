"""Image data sets: found or downloaded, checked, prepared, split. The only room that opens data files.

The table of names is at hand at once; what needs numpy is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tuner.data.card import Card
from tuner.data.catalog import describe, names

if TYPE_CHECKING:
    from tuner.data.downloads import Progress
    from tuner.data.finding import NotFoundError, fetch, find
    from tuner.data.folding import folds, save_folds, splitter
    from tuner.data.images import ImageData
    from tuner.data.places import cache_folder
    from tuner.data.splitting import Split, class_counts, load_split, save_split, split

__all__ = [
    "Card",
    "ImageData",
    "NotFoundError",
    "Progress",
    "Split",
    "cache_folder",
    "class_counts",
    "describe",
    "fetch",
    "find",
    "folds",
    "load_split",
    "names",
    "save_folds",
    "save_split",
    "split",
    "splitter",
]

_HOMES = {
    "ImageData": "images",
    "Progress": "downloads",
    "Split": "splitting",
    "cache_folder": "places",
    "class_counts": "splitting",
    "NotFoundError": "finding",
    "fetch": "finding",
    "find": "finding",
    "folds": "folding",
    "load_split": "splitting",
    "save_folds": "folding",
    "save_split": "splitting",
    "split": "splitting",
    "splitter": "folding",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
