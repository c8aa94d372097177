"""Recording can be switched off."""

from __future__ import annotations

from switch.app.config import parse_config


def test_false_records_nothing_and_a_folder_is_a_folder() -> None:
    assert parse_config("[media]\nrecordings = false", "test.toml").media.recordings is False
    assert str(parse_config('[media]\nrecordings = "tapes"', "test.toml").media.recordings) == "tapes"
