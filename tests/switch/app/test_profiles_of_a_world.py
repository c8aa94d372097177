"""What a configuration takes from the profiles of its facilities."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.money import Money
from switch.app.config import ConfigError, parse_config
from switch.app.world import World, build_world

CONFIG = """\
tariffs = ["california-2021"]
[billing]
deposit_cap = "80"
[[facilities]]
id = "prison"
profile = "own.toml"
"""


def world(folder: Path, profile: str) -> World:
    (folder / "own.toml").write_text(f'name = "own"\n{profile}', encoding="utf-8")
    return build_world(parse_config(CONFIG, "my.toml"), "my.toml", folder)


@pytest.mark.parametrize(("cap", "holds"), [("60", "60"), ("90", "80")])
def test_the_lowest_cap_on_deposits_holds(tmp_path: Path, cap: str, holds: str) -> None:
    assert world(tmp_path, f"[deposits]\ncap = {cap}\n").deposits.cap == Money.from_text(holds)


def test_a_clip_that_nobody_recorded_is_told_with_both_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        world(tmp_path, '[outside]\nwhen_silent = ["mine/bye"]\n')
    (mistake,) = caught.value.mistakes
    assert (mistake.file, mistake.line, mistake.key) == ("my.toml", 6, "facilities[0].profile")
    assert f"{tmp_path / 'own.toml'}:3: outside.when_silent[0]: nobody has recorded 'mine/bye'" in mistake.text


def test_a_mistake_of_a_profile_keeps_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"own\.toml:3: keys\.acept: is not a key here; did you mean accept\?"):
        world(tmp_path, '[keys]\nacept = "1"\n')
