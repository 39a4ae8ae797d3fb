"""What a search found, drawn: HTML, Markdown, JSON, CSV and figures from plain values."""

from reports.report import Report
from reports.writing import figures, render_html, render_json, render_markdown, write

__all__ = ["Report", "figures", "render_html", "render_json", "render_markdown", "write"]
