from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from scenarios.report.folder import file_name, write_folder
from scenarios.report.page import page
from scenarios.report.text import text
from tests.scenarios.report.made_calls import ACCEPTED, DENIED, failed, result


def test_a_folder_has_the_page_and_each_call_as_drawing_and_text(tmp_path: Path) -> None:
    results = [result(ACCEPTED, DENIED), failed()]
    written = write_folder(results, tmp_path / "new" / "report")
    assert written.read_text(encoding="utf-8") == page(results)
    assert sorted(path.name for path in written.parent.iterdir()) == [
        "01-cut-1.svg",
        "01-cut-1.txt",
        "01-cut-2.svg",
        "01-cut-2.txt",
        "02-cut-1.svg",
        "02-cut-1.txt",
        "index.html",
    ]
    drawing = fromstring((written.parent / "02-cut-1.svg").read_text(encoding="utf-8"))
    assert any(each.text and each.text.startswith("✗ family hears") for each in drawing.iter())
    assert (written.parent / "01-cut-1.txt").read_text(encoding="utf-8") == text(ACCEPTED) + "\n"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("library/money/Top up.yaml", "top-up"),
        ("../../etc/passwd\x00", "passwd"),
        ("..", "scenario"),
        ("", "scenario"),
        ("x" * 300 + ".yaml", "x" * 80),
    ],
)
def test_any_name_becomes_one_of_a_file_inside_the_folder(file: str, name: str) -> None:
    assert file_name(file) == name
