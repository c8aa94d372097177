"""A switch for one station and one called number, as several live tests want it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.live.ports import free_range
from tests.live.serving import Serving

PORTS: Final = 50
CONFIG: Final = """
tariffs = ["demo"]
[switch]
listen = "127.0.0.1:0"
[media]
ports = [{first}, {last}]
[[facilities]]
id = "prison"
name = "facility/state-prison"
profile = "live.toml"
[[stations]]
user = "yard"
password = "yard-secret"
facility = "prison"
[[people]]
id = "jordan"
pin = "4417"
facility = "prison"
name = "name/jordan"
[[phones]]
number = "+12125550123"
user = "family"
password = "family-secret"
advancepay = "{funds}"
"""


def serving_pair(folder: Path, profile: str, *, funds: str) -> Serving:
    """A switch of these two; end it, as every `Serving`."""
    (folder / "live.toml").write_text(profile)
    first = free_range(PORTS)
    return Serving(folder, CONFIG.format(first=first, last=first + PORTS - 1, funds=funds))
