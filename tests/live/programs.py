"""Programs we did not write, or why they cannot be used here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Never

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared"
"""What the makers of this project share beside a checkout: foreign test messages and their runner."""


def lacking(what: str) -> Never:
    """Skip; where everything must be there (CI=true), fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def program(name: str, package: str) -> str:
    """The path of a program of a Debian package."""
    found = shutil.which(name)
    return found or lacking(f"{name} is not installed: apt-get install {package}")


def shared(*parts: str) -> Path:
    """A file or folder that only some checkouts have beside them; without it a test is skipped, always."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"there is no {'/'.join(('shared', *parts))} beside this checkout")
    return path
