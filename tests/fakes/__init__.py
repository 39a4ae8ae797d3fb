"""Stand-ins for what is slow or not here."""

import sys
from pathlib import Path

FAKE_WORKER = (sys.executable, str(Path(__file__).parent / "worker.py"))
"""The command of a worker that trains nothing."""
