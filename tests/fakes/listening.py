"""Who waits for connections from the network."""

from __future__ import annotations

import contextlib

import psutil


def family(pid: int) -> list[psutil.Process]:
    """The process and all that it and they started, as far as they live."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def listening(pid: int) -> set[str]:
    """Addresses and ports, as `127.0.0.1:8080`, that the process or one that it started waits at."""
    found: set[str] = set()
    for process in family(pid):
        with contextlib.suppress(psutil.Error):
            for each in process.net_connections(kind="inet"):
                if each.status == psutil.CONN_LISTEN or (each.type == 2 and not each.raddr):  # 2: SOCK_DGRAM
                    found.add(f"{each.laddr.ip}:{each.laddr.port}")
    return found
