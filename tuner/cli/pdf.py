"""A report's page as PDF, printed by a browser of this machine: nothing else lays it out as it is seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tuner.errors import SetupError
from tuner.files import new_file

if TYPE_CHECKING:
    from collections.abc import Sequence

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
    "brave-browser",
)
"""Commands of browsers that print without a window."""

PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
"""Where some stand that are no commands."""

LONGEST = 120.0
"""Seconds that printing may take."""


def print_to_pdf(page: Path, names: Sequence[str] = BROWSERS) -> Path:
    """Writes `page` beside itself as PDF and returns the path. Raises SetupError where no browser can."""
    target = page.with_suffix(".pdf")
    browser = _browser(names)
    with tempfile.TemporaryDirectory(prefix="tune-pdf-") as profile, new_file(target) as work:
        words = [browser, "--headless", "--disable-gpu", "--no-first-run", f"--user-data-dir={profile}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            words.append("--no-sandbox")  # Chromium has none to offer to root; the page is ours and has no script
        words += ["--no-pdf-header-footer", f"--print-to-pdf={work}", page.as_uri()]
        try:
            done = subprocess.run(words, capture_output=True, timeout=LONGEST, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SetupError(f"{browser} cannot print the page: {error}. {_by_hand(page)}") from None
        if done.returncode or not work.stat().st_size:
            raise SetupError(f"{browser} printed nothing (exit code {done.returncode}). {_by_hand(page)}")
    return target


def _browser(names: Sequence[str]) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    found = found or next((path for path in PLACES if Path(path).is_file()), None)
    if found is None:
        raise SetupError("no browser that can print was found (Chromium, Chrome or Edge). Open the page and print it.")
    return found


def _by_hand(page: Path) -> str:
    return f"Open {page} in a browser and print it."
