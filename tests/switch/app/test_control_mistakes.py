"""Wrong controls are refused with file, line, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from switch.app.config import ConfigError, parse_config
from switch.app.world import World, build_world

TEXT = """\
[[facilities]]
id = "prison"
FACILITY
[[stations]]
user = "yard"
password = "hush-yard"
facility = "prison"
STATION
[[people]]
id = "jordan"
pin = "4417"
facility = "prison"
PERSON
"""

PRIVILEGED = '[[phones]]\nnumber = "+12125550150"\nprivileged = true\n'


def text(*, facility: str = "", station: str = "", person: str = "", more: str = "") -> str:
    return TEXT.replace("FACILITY", facility).replace("STATION", station).replace("PERSON", person) + more


def world_of(text_: str, folder: Path) -> World:
    return build_world(parse_config(text_, "payphone.toml"), "payphone.toml", folder)


@pytest.mark.parametrize(
    ("wrong", "place", "told"),
    [
        (text(facility='hours = ["Mon 8-21"]'), "payphone.toml:3: facilities[0].hours", "write hours like"),
        (text(facility="hours = []"), "payphone.toml:3: facilities[0].hours", "is too short; at least 1"),
        (text(facility="limit = 0"), "payphone.toml:3: facilities[0].limit", "must be more than 0"),
        (text(facility="contacts_max = 0"), "payphone.toml:3: facilities[0].contacts_max", "must be 1 or more"),
        (text(station="limit = 86401"), "payphone.toml:8: stations[0].limit", "must be 86400 or less"),
        (text(station='recorded = "perhaps"'), "payphone.toml:8: stations[0].recorded", "write true or false"),
        (
            text(facility="contacts_max = 1", person='allowed = ["+12125550123", "+12125550124"]'),
            "payphone.toml:13: people[0].allowed",
            "has 2 numbers; contacts_max of its facility is 1",
        ),
        (
            text(more='[[velocity]]\nname = "v"\nof = "number"\n'),
            "payphone.toml:14: velocity[0]",
            "give either calls or minutes",
        ),
        (
            text(more='[[velocity]]\nname = "v"\nof = "person"\ncalls = 2\nblocks = true\n'),
            "payphone.toml:14: velocity[0]",
            "numbers are blocked, not people",
        ),
        (
            text(more='[[velocity]]\nname = "v"\nof = "station"\ncalls = 2\n'),
            "payphone.toml:16: velocity[0].of",
            "known are number, person",
        ),
        (
            text(more='[[velocity]]\nname = "v"\nof = "number"\ncalls = 2\n' * 2),
            "payphone.toml:19: velocity[1].name",
            "is given twice",
        ),
        (text(more='[[watches]]\nname = "w"\n'), "payphone.toml:14: watches[0]", "give a number, a person, or both"),
        (
            text(more='[[watches]]\nname = "w"\nperson = "sam"\n'),
            "payphone.toml:16: watches[0].person",
            "there is no person 'sam'; known: jordan",
        ),
        (
            text(more=f'{PRIVILEGED}[[watches]]\nname = "w"\nnumber = "+12125550150"\n'),
            "payphone.toml:19: watches[0].number",
            "is privileged",
        ),
        (
            text(more='[[watches]]\nname = "w"\nperson = "jordan"\nurl = "ftp://x"\n'),
            "payphone.toml:17: watches[0].url",
            "write it like https://",
        ),
        (
            text(more='[[watches]]\nname = "w"\nperson = "jordan"\nurl = "https://me:pass@x"\n'),
            "payphone.toml:17: watches[0].url",
            "has a password in it",
        ),
        (
            text(more='[[watches]]\nname = "w"\nperson = "jordan"\nsecret = "hush-hush"\n'),
            "payphone.toml:14: watches[0]",
            "nothing is sent",
        ),
        (text(more="[controls]\none_call = true\n"), "payphone.toml:15: controls.one_call", "not a key"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_a_remedy(wrong: str, place: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        world_of(wrong, tmp_path)
    (mistake,) = caught.value.mistakes
    assert str(mistake).startswith(place)
    assert told in str(mistake)


def test_hours_are_those_of_the_facilitys_zone(tmp_path: Path) -> None:
    facility = 'hours = ["Mon 08:00-21:00"]\nzone = "America/New_York"'
    (found,) = world_of(text(facility=facility), tmp_path).directory.facilities()
    assert found.hours is not None and found.hours.zone == "America/New_York"


def test_whoever_has_no_list_has_an_empty_one_where_everybody_is_listed(tmp_path: Path) -> None:
    for key, start in (("true", frozenset()), ("false", None)):
        directory = world_of(text(facility=f"everybody_listed = {key}"), tmp_path).directory
        person = directory.named("jordan")
        assert person is not None and directory.list_of(person) == start
