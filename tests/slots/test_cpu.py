"""Slots on the CPU: cores divided, and a container's share of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tuner.errors import UsageError
from tuner.slots import Network, batch_parts, containers, crowding, slots, threads, usable_cores

Cores = Callable[[int], None]


def n_threads(workers: int | None) -> list[str]:
    return [str(threads(slot.environment)) for slot in slots("none", workers=workers)]


@pytest.mark.parametrize(("has", "parts", "spread"), [(1, 1, "1"), (2, 2, "1"), (4, 1, "4")])
def test_two_threads_take_a_half_of_each_batch_and_others_share_each_operation(
    has: int, parts: int, spread: str, cores: Cores
) -> None:
    cores(has)
    (slot,) = slots("none", workers=1)
    assert batch_parts(slot.environment) == parts
    assert slot.environment["TF_NUM_INTRAOP_THREADS"] == spread


def test_batches_stay_whole_where_the_user_said_how_far_operations_are_spread(
    monkeypatch: pytest.MonkeyPatch, cores: Cores
) -> None:
    cores(2)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "2")
    (slot,) = slots("none", workers=1)
    assert batch_parts(slot.environment) == 1


@pytest.mark.parametrize(
    ("has", "workers", "each"),
    [
        (2, 1, ["2"]),
        (2, 2, ["1", "1"]),
        (8, 2, ["4", "4"]),
        (8, 3, ["3", "3", "2"]),
        (2, 4, ["1", "1", "1", "1"]),
    ],
)
def test_cores_are_divided_among_the_workers(has: int, workers: int, each: list[str], cores: Cores) -> None:
    cores(has)
    assert n_threads(workers) == each


def test_a_worker_is_told_its_threads_in_every_library_s_words(cores: Cores) -> None:
    cores(8)
    environment = slots("none", workers=2)[1].environment
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    assert [environment[name] for name in names] == ["4", "4", "4"]


def test_what_the_user_has_set_stays(cores: Cores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    assert n_threads(2) == ["3", "3"]


def test_slots_are_named_and_have_a_share_of_the_memory(cores: Cores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuner.slots.cpu.total_memory", lambda: 8 << 30)
    found = slots("none", workers=2)
    assert [slot.name for slot in found] == ["CPU, share 1 of 2", "CPU, share 2 of 2"]
    assert [slot.memory for slot in found] == [4 << 30, 4 << 30]
    assert [slot.name for slot in slots("none", workers=1)] == ["CPU"]


def test_more_workers_than_memory_holds_are_refused(cores: Cores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuner.slots.cpu.total_memory", lambda: 4 << 30)
    assert len(slots("none", workers=5)) == 5
    with pytest.raises(UsageError, match=r"--workers 6: TensorFlow alone takes 0\.7 GiB in each.* 4\.0 GiB: at most 5"):
        slots("none", workers=6)


def test_more_workers_than_cores_are_allowed_and_told(cores: Cores) -> None:
    cores(2)
    assert crowding(slots("none", workers=2)) == ""
    assert crowding(slots("none", workers=8)) == "8 workers share 2 cores: the search is no faster than with 2"


def test_without_a_measurement_the_rule_decides(cores: Cores) -> None:
    cores(2)
    assert len(slots("none", network=Network.PERCEPTRON)) == 2
    assert len(slots("none", network=Network.CONVOLUTIONS)) == len(slots("none")) == 1


def test_a_training_uses_the_threads_of_its_slot_else_all_cores(cores: Cores) -> None:
    cores(6)
    assert threads({"TF_NUM_INTRAOP_THREADS": "3"}) == 3
    assert threads({}) == 6
    assert threads({"TF_NUM_INTRAOP_THREADS": "0"}) == 6  # TensorFlow's own word for all
    assert threads({"TF_NUM_INTRAOP_THREADS": "many"}) == 6


# --- containers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "usable"),
    [(None, 64), (2.0, 2), (1.5, 2), (0.5, 1), (100.0, 64)],
)
def test_a_container_s_share_of_time_counts_as_cores(
    share: float | None, usable: int, cores: Cores, monkeypatch: pytest.MonkeyPatch
) -> None:
    cores(64)
    monkeypatch.setattr(containers, "processors", lambda: share)
    assert usable_cores() == usable


def machine(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MIB = 2**20

DOCKER = {
    "proc/self/cgroup": "0::/\n",
    "sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
    "sys/fs/cgroup/cpu.max": "200000 100000\n",
    "sys/fs/cgroup/memory.max": f"{512 * MIB}\n",
    "sys/fs/cgroup/memory.current": f"{300 * MIB}\n",
    "sys/fs/cgroup/memory.stat": f"anon 5\ninactive_file {100 * MIB}\nactive_file 7\n",
}
SYSTEMD = {
    "proc/self/cgroup": "0::/user.slice/job.scope\n",
    "sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
    "sys/fs/cgroup/user.slice/cpu.max": "150000 100000\n",
    "sys/fs/cgroup/user.slice/memory.max": f"{900 * MIB}\n",
    "sys/fs/cgroup/user.slice/memory.current": f"{900 * MIB}\n",
    "sys/fs/cgroup/user.slice/job.scope/cpu.max": "max 100000\n",
    "sys/fs/cgroup/user.slice/job.scope/memory.max": "max\n",
}
VERSION_1 = {
    "proc/self/cgroup": "9:name=systemd:/\n4:memory:/docker/f00\n1:cpu,cpuacct:/docker/f00\n0::/\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{512 * MIB}\n",  # the container's own, at the top of its mount
    "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{100 * MIB}\n",
    "sys/fs/cgroup/memory/memory.stat": f"inactive_file 1\ntotal_inactive_file {50 * MIB}\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
}
OTHER_ORDER = {
    "proc/self/cgroup": "1:cpuacct,cpu:/\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",  # a link to the folder `cpu,cpuacct`
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
}
UNLIMITED = {
    "proc/self/cgroup": "4:memory:/\n1:cpu:/\n0::/\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "7\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
}


@pytest.mark.parametrize(
    ("files", "processors", "limit", "left"),
    [
        (DOCKER, 2.0, 512 * MIB, 312 * MIB),
        (SYSTEMD, 1.5, 900 * MIB, 0),
        (VERSION_1, 0.5, 512 * MIB, 462 * MIB),
        (OTHER_ORDER, 0.5, None, None),
        (UNLIMITED, None, None, None),
        ({}, None, None, None),
        ({"proc/self/cgroup": "nonsense\n0:\n::\n0::/../..\n"}, None, None, None),
    ],
    ids=["docker", "systemd", "version 1", "groups named in another order", "unlimited", "no Linux", "nonsense"],
)
def test_what_control_groups_leave_is_read_in_both_versions(
    files: dict[str, str], processors: float | None, limit: int | None, left: int | None, tmp_path: Path
) -> None:
    root = machine(tmp_path, files)
    assert containers.processors(root) == processors
    assert containers.memory_limit(root) == limit
    assert containers.memory_left(root) == left
