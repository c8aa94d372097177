"""The words: every clip the product can say, by id."""

from __future__ import annotations

from typing import NewType

ClipId = NewType("ClipId", str)
"""Name of one recorded clip, the path of its file below the language's folder without `.wav`."""
