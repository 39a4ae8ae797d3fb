"""Stand-ins for what is slow or not here."""

import sys
from pathlib import Path

FAKE_WORKER = (sys.executable, str(Path(__file__).parent / "worker.py"))
"""The command of a worker that trains nothing."""

TELLING_WORKER = (sys.executable, str(Path(__file__).parent / "telling_worker.py"))
"""The command of one that also tells where it was put."""
