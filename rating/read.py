"""Text files of users: read whole, or what keeps them from being read."""

from __future__ import annotations

from pathlib import Path

from rating.mistake import Mistake


def read_text(path: Path, bytes_max: int, remedy: str) -> str | Mistake:
    """The text of a UTF-8 file of at most `bytes_max`; `remedy` says what to do about a larger one."""
    try:
        if path.stat().st_size > bytes_max:
            return Mistake(path, None, "", f"the file is larger than {bytes_max} bytes", remedy)
        return path.read_text(encoding="utf-8")
    except OSError as error:
        return Mistake(path, None, "", f"cannot be read: {error.strerror}", "name a readable file")
    except UnicodeDecodeError:
        return Mistake(path, None, "", "is not UTF-8 text", "save it as UTF-8")
