"""Where calls are kept is tried before the first call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from switch.app.config import parse_config
from switch.app.places import UnwritableError, try_places
from switch.app.world import World, build_world

EVERYTHING = """\
[media]
recordings = "kept/wav"
names = "kept/names"
[book]
records = "calls.jsonl"
[payments]
processor = "simulated"
[[facilities]]
id = "prison"
profile = "own.toml"
"""
PROFILE = 'name = "own"\n[inside]\nname = "each-call"\n'


def world_of(folder: Path, text: str) -> World:
    (folder / "own.toml").write_text(PROFILE, encoding="utf-8")
    return build_world(parse_config(text, "test.toml"), "test.toml", folder)


def test_folders_are_made_and_nothing_that_is_there_changes(tmp_path: Path) -> None:
    (tmp_path / "calls.jsonl").write_text("before\n")
    try_places(world_of(tmp_path, EVERYTHING), tmp_path)
    assert list((tmp_path / "kept" / "wav").iterdir()) == list((tmp_path / "kept" / "names").iterdir()) == []
    assert (tmp_path / "calls.jsonl").read_text() == "before\n"


@pytest.mark.parametrize(
    ("key", "place", "obstruct"),
    [
        ("media.recordings", "kept/wav", Path.touch),
        ("media.names", "kept/names", Path.touch),
        ("book.records", "calls.jsonl", Path.mkdir),
        ("payments.journal", "processor.jsonl", Path.mkdir),
    ],
)
def test_a_place_that_takes_nothing_is_named_by_its_key(
    tmp_path: Path, key: str, place: str, obstruct: Callable[[Path], None]
) -> None:
    world = world_of(tmp_path, EVERYTHING)
    (tmp_path / place).parent.mkdir(exist_ok=True)
    obstruct(tmp_path / place)
    with pytest.raises(UnwritableError, match=rf"{key}: .*{place} cannot be written: .*; name another") as caught:
        try_places(world, tmp_path)
    assert caught.value.key == key


def test_what_is_not_kept_needs_no_place(tmp_path: Path) -> None:
    try_places(world_of(tmp_path, "[media]\nrecordings = false\n"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["own.toml"]
