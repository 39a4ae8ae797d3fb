"""What a search found, drawn: HTML, Markdown, JSON, CSV and figures from plain values."""

from reports.comparison import Comparison
from reports.report import Report
from reports.writing import figures, render_html, render_json, render_markdown, write, write_comparison

__all__ = [
    "Comparison",
    "Report",
    "figures",
    "render_html",
    "render_json",
    "render_markdown",
    "write",
    "write_comparison",
]
