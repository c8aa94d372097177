"""A folder for a whole switch of a test."""

from __future__ import annotations

from pathlib import Path

import pytest

SIX_SECONDS = """
name = "six-seconds"
valid_from = 2020-01-01
zone = "UTC"
first = 6
increment = 6
[[rows]]
place = "United States"
prefixes = ["+1"]
per_minute = "0.25"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a tariff that counts in six seconds."""
    (tmp_path / "six.toml").write_text(SIX_SECONDS)
    return tmp_path
