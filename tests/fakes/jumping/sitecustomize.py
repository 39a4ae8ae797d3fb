"""A wall clock that somebody sets all the time. Put this folder on PYTHONPATH and every Python has it.

FAKE_CLOCK, JSON, has the time at which the clock begins, in seconds since 1970, the seconds between two settings, and
the seconds by which each is off: {"begin": 1792889998, "every": 0.2, "off": [0, 7200, -7200]}. Time passes as it does.
"""

import datetime  # noqa: ICN001, it is patched under this name
import json
import os
import time
from typing import Any

_real = time.time
_order = json.loads(os.environ.get("FAKE_CLOCK", "{}"))
_start = float(os.environ.setdefault("FAKE_CLOCK_START", repr(_real())))  # one clock for a process and its children


def _now() -> float:
    passed = _real() - _start
    off = _order["off"]
    return float(_order["begin"] + passed + off[int(passed / _order["every"]) % len(off)])


class _Kind(type(datetime.datetime)):  # type: ignore[misc]
    """What C code makes are genuine ones."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _genuine)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _genuine)


_genuine = datetime.datetime


class _Set(datetime.datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return _genuine.fromtimestamp(_now(), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return _genuine.fromtimestamp(_now(), datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return _genuine.fromtimestamp(_now())


def _set(name: str) -> None:
    real = getattr(time, name)
    setattr(time, name, lambda seconds=None: real(_now() if seconds is None else seconds))


if _order:
    time.time = _now
    time.time_ns = lambda: int(_now() * 1e9)
    for _name in ("localtime", "gmtime", "ctime"):
        _set(_name)
    datetime.datetime = _Set  # type: ignore[misc]
