"""The README of each folder has a word for every module in it, and names none that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("benchmarks", "ivr", "ledger", "prompts", "rating", "scenarios", "switch", "tests/live")
PAGES = sorted(page for folder in FOLDERS for page in (ROOT / folder).rglob("README.md"))
UNSAID = {"__init__", "__main__", "cli"}
"""What every folder has, and what the table of commands in the README of the whole tells."""


def modules_of(page: Path) -> set[str]:
    """The modules of a folder, and of those below it that have no page of their own; history has one line for all."""
    found = set()
    for module in page.parent.rglob("*.py"):
        nearest = next(folder for folder in module.parents if (folder / "README.md").exists())
        if nearest == page.parent and "migrations" not in module.parts:
            found.add(module.stem)
    return found - UNSAID


@pytest.mark.parametrize("page", PAGES, ids=[str(page.parent.relative_to(ROOT)) for page in PAGES])
def test_every_module_has_its_word(page: Path) -> None:
    told = {
        word for row in re.findall(r"^\|(.*)", page.read_text(encoding="utf-8"), re.MULTILINE) for word in words(row)
    }
    assert modules_of(page) - told == set()


@pytest.mark.parametrize("page", PAGES, ids=[str(page.parent.relative_to(ROOT)) for page in PAGES])
def test_every_module_that_is_named_is_there(page: Path) -> None:
    named = re.findall(r"`((?:[\w-]+/)*\w+\.py)`", page.read_text(encoding="utf-8"))
    folders = (page.parent, ROOT, ROOT / "tests" / page.parent.relative_to(ROOT))
    assert [name for name in named if not any((folder / name).exists() for folder in folders)] == []


def words(row: str) -> set[str]:
    """The modules that a row of a table names, as `a.py`, `a` or `folder/a.py`."""
    return {Path(name).stem for name in re.findall(r"`([\w./-]+)`", row)}
