"""Defaults of the Optuna engine compared, by replay of learning curves: `make defaults`.

    python -m benchmarks.defaults --lcbench FOLDER
    python -m benchmarks.defaults --tables           the recorded trainings alone

Searches are kept in --work, and the same command goes on where it was cut off. Writes benchmarks/defaults.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.defaults.page import page
from benchmarks.defaults.runs import SEEDS, TABLE_SEEDS, jobs, read, run_missing, table_jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = Path(__file__).parent.parent / "defaults.md"


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lcbench", type=Path, help="folder with lcbench_loader.py and its data")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tune-defaults")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--table-seeds", type=int, default=TABLE_SEEDS)
    parser.add_argument("--tables", action="store_true", help="the recorded trainings too, or alone")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args(words)
    given.work.mkdir(parents=True, exist_ok=True)
    wanted = [*jobs(given.lcbench, given.seeds), *(table_jobs(given.table_seeds) if given.tables else ())]
    kept = given.work / "searches.jsonl"
    run_missing(kept, wanted, given.lcbench, given.processes)
    PAGE.write_text(page(read(kept), given.work), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
