"""A statement as one HTML page that needs nothing from elsewhere, for the screen and for paper."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined

from ledger.papers.sheet import Sheet

TEMPLATE: Final = Path(__file__).with_name("sheet.html")


def sheet_html(sheet: Sheet) -> str:
    """The whole page."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(sheet=sheet)
