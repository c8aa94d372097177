"""A world of stations, people and paid numbers behind one trunk, as configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.crowd import Crowd, Talker

TARIFF = """\
name = "bench"
valid_from = 2020-01-01
zone = "UTC"
first = {increment}
increment = {increment}
kinds = ["advancepay"]

[[rows]]
place = "United States"
prefixes = ["+1"]
per_minute = "0.60"
"""

PROFILE = """\
name = "bench"

[talking]
limit = 900
warnings = [2]
slice = {slice}
"""

WORLD = """\
tariffs = ["tariff.toml"]

[switch]
listen = "127.0.0.1:0"
trusted = ["127.0.0.0/8"]

[media]
ports = [24000, 25999]

[book]
records = "records.jsonl"

[[trunks]]
name = "crowd"
address = "{trunk}"

[[routes]]
bridge = "9"
trunk = "crowd"

[[facilities]]
id = "bench"
profile = "profile.toml"
"""


def number(index: int) -> str:
    """The number of the called party at this place."""
    return f"+1212{200 + index // 10_000:03d}{index % 10_000:04d}"


def station(index: int) -> str:
    """The user of this station."""
    return f"station{index}"


def pin(index: int) -> str:
    """What its person enters."""
    return f"{1000 + index}"


def write_world(
    folder: Path, *, trunk: tuple[str, int], people: int, numbers: int, funds: str, increment: int, slice_: int
) -> str:
    """Write tariff and profile into `folder`; the configuration, a cent a second, with so much on every number."""
    (folder / "tariff.toml").write_text(TARIFF.format(increment=increment), encoding="utf-8")
    (folder / "profile.toml").write_text(PROFILE.format(slice=slice_), encoding="utf-8")
    head = WORLD.format(trunk=f"{trunk[0]}:{trunk[1]}")
    parts = [
        f'[[stations]]\nuser = "{station(i)}"\npassword = "secret"\nfacility = "bench"\n'
        f'[[people]]\nid = "person{i}"\npin = "{pin(i)}"\nfacility = "bench"\n'
        for i in range(people)
    ]
    parts += [f'[[phones]]\nnumber = "{number(i)}"\nadvancepay = "{funds}"\n' for i in range(numbers)]
    return "".join((head, *parts))


@dataclass(frozen=True, slots=True)
class Accepted:
    """A call both parties are in."""

    number: str
    inside: Talker
    outside: Talker
    key_at: float
    """When the first packet of the accept key left, on the monotonic clock."""


async def accepted_call(crowd: Crowd, server: tuple[str, int], caller: int, called: int) -> Accepted:
    """Dial, enter the PIN, ring, answer, press 5."""
    dialled = number(called)
    inside = await crowd.dial(station(caller), dialled.removeprefix("+"), server)
    crowd.chatter.press(inside.sound, pin(caller))
    outside = await crowd.taken(dialled)
    crowd.join(inside, outside)
    (key,) = crowd.chatter.press(outside.sound, "5")
    return Accepted(dialled, inside, outside, await key)
