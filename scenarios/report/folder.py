"""A report as a folder: the page, and for each call its ladder as an SVG and as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scenarios.play.result import Result
from scenarios.report.page import checks_of, write_html
from scenarios.report.pen import printable
from scenarios.report.svg import svg
from scenarios.report.text import text

PAGE: Final = "index.html"
NAME_MAX: Final = 80
"""Letters of a scenario's name in that of a file: file systems take 255 bytes."""


def write_folder(results: Sequence[Result], folder: Path) -> Path:
    """Write a report into a folder, which is made if it is not there; returns the page.

    Files are named by number and scenario: `03-money-runs-out-1.svg` is the first call of the third.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / PAGE
    write_html(results, page)
    for number, result in enumerate(results, start=1):
        for place, call in enumerate(result.calls, start=1):
            name = f"{number:02d}-{file_name(result.file)}-{place}"
            drawing = svg(call, checks=checks_of(result, call))
            (folder / f"{name}.svg").write_text(drawing + "\n", encoding="utf-8")
            (folder / f"{name}.txt").write_text(printable(text(call)) + "\n", encoding="utf-8")
    return page


def file_name(file: str) -> str:
    """The name of a scenario's file as a name any file system takes."""
    return re.sub(r"[^a-z0-9]+", "-", Path(file).stem.lower()).strip("-")[:NAME_MAX] or "scenario"
