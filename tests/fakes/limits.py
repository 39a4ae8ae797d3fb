"""What a process may not do, on order, as a machine that is full or locked up would have it.

Orders in FAKE_LIMITS, JSON: {"file": bytes that a file may have at most, "files": files that may be open at once,
"ordinary": true for a root who may do no more than anybody, "fails": [function of os, errno, times that it works
before]}. Children inherit the first three.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
from itertools import count
from typing import Any

PR_CAPBSET_DROP = 24
DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER = 1, 2, 3
VERSION_3 = 0x20080522


def impose(orders: dict[str, Any] | None = None) -> None:
    orders = json.loads(os.environ.get("FAKE_LIMITS", "{}")) if orders is None else orders
    if "file" in orders:
        resource.setrlimit(resource.RLIMIT_FSIZE, (orders["file"], orders["file"]))
    if "files" in orders:
        resource.setrlimit(resource.RLIMIT_NOFILE, (orders["files"], orders["files"]))
    if orders.get("ordinary") and os.geteuid() == 0:
        _be_ordinary()
    if "fails" in orders:
        _fail(*orders["fails"])


def _be_ordinary() -> None:
    """Drops what lets root pass over the permissions of files, for good."""
    libc = ctypes.CDLL(None, use_errno=True)
    dropped = 0
    for capability in (DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER):
        assert libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0, os.strerror(ctypes.get_errno())
        dropped |= 1 << capability
    header = (ctypes.c_uint32 * 2)(VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0, os.strerror(ctypes.get_errno())
    for i in range(3):  # effective, permitted, inheritable, of capabilities 0 to 31
        sets[i] &= ~dropped & 0xFFFFFFFF
    assert libc.capset(header, sets) == 0, os.strerror(ctypes.get_errno())


def _fail(name: str, number: int, works: int = 0) -> None:
    """Every call of the function of os fails, but for the first ones."""
    genuine, n_calls = getattr(os, name), count()

    def failing(*arguments: object) -> object:
        if next(n_calls) < works:
            return genuine(*arguments)
        raise OSError(number, os.strerror(number))

    setattr(os, name, failing)
