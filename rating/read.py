"""Text files of users: read whole, or what keeps them from being read."""

from __future__ import annotations

from pathlib import Path

from rating.mistake import Mistake


def read_text(path: Path, *, bytes_max: int, too_large: str, kind: str) -> str | Mistake:
    """The text of a file.

    Args:
        path: Where it is.
        bytes_max: A larger file is a mistake.
        too_large: What to do about one.
        kind: What the file is, as in `tariff file`.
    """
    try:
        if path.stat().st_size > bytes_max:
            return Mistake(path, None, "", f"the file is larger than {bytes_max} bytes", too_large)
        return path.read_text(encoding="utf-8")
    except OSError as error:
        return Mistake(path, None, "", f"cannot be read: {error.strerror}", f"name a readable {kind}")
    except UnicodeDecodeError:
        return Mistake(path, None, "", "is not UTF-8 text", "save it as UTF-8")
