"""Who calls whom in the demonstration, and what must come of each call: everything `judge` compares with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ivr.reasons import Reason
from ledger.money import ZERO, Money
from prompts.catalog import ClipId

FUNDS: Final = Money(75_000)
"""What Casey's account has, and the talk is cut at: seven and a half cents."""

TALK: Final = timedelta(seconds=18)
"""What `FUNDS` pays: 75,000 micros / 25,000 micros per increment of 6 s."""

WARNINGS: Final = (timedelta(seconds=10), timedelta(seconds=5))
"""As `profile.toml` has them: so much is left when they are said."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One call: its parties by their names in the configuration, and what must come of it."""

    key: str
    title: str
    station: str
    person: str
    number: str
    why: Reason
    ended_by: str
    billing: str
    rings: bool
    talk: timedelta = timedelta(0)
    charged: Money = ZERO
    heard_inside: tuple[ClipId, ...] = ()
    """Clips the caller's phone must have heard."""
    heard_outside: tuple[ClipId, ...] = ()
    """Clips the called phone must have heard."""


ACCEPTED: Final = Planned(
    key="accepted",
    title="accepted with 5, cut when the funds end",
    station="yard",
    person="jordan",
    number="+14155550123",
    why=Reason.FUNDS_EXHAUSTED,
    ended_by="switch",
    billing="advancepay",
    rings=True,
    talk=TALK,
    charged=FUNDS,
    heard_inside=(ClipId("inside/enter-pin"), ClipId("hold/music")),
    heard_outside=(ClipId("outside/call-through"), ClipId("name/jordan"), ClipId("outside/recorded"),
                   ClipId("outside/accept")),
)  # fmt: skip

REFUSED: Final = Planned(
    key="refused",
    title="price asked with 2, refused by hanging up",
    station="library",
    person="riley",
    number="+14155550134",
    why=Reason.REFUSED,
    ended_by="callee",
    billing="advancepay",
    rings=True,
    heard_inside=(ClipId("inside/enter-pin"), ClipId("reason/refused")),
    heard_outside=(ClipId("outside/call-through"), ClipId("name/riley"), ClipId("price/each-minute")),
)

BLOCKED: Final = Planned(
    key="blocked",
    title="blocked with 7",
    station="dayroom",
    person="sam",
    number="+14155550145",
    why=Reason.BLOCKED_BY_CALLEE,
    ended_by="callee",
    billing="advancepay",
    rings=True,
    heard_inside=(ClipId("inside/enter-pin"), ClipId("reason/blocked-by-callee")),
    heard_outside=(ClipId("outside/call-through"), ClipId("name/sam"), ClipId("outside/now-blocked")),
)

DENIED: Final = Planned(
    key="denied",
    title="the next call to that number: denied, never rings",
    station="dayroom",
    person="morgan",
    number="+14155550145",
    why=Reason.BLOCKED,
    ended_by="switch",
    billing="none",
    rings=False,
    heard_inside=(ClipId("inside/enter-pin"), ClipId("reason/blocked")),
)

UNBILLABLE: Final = Planned(
    key="unbillable",
    title="collect to a cell phone: cannot be billed, denied",
    station="laundry",
    person="alex",
    number="+14155550176",
    why=Reason.CELL_PHONE,
    ended_by="switch",
    billing="none",
    rings=False,
    heard_inside=(ClipId("inside/for-collect"), ClipId("inside/enter-number"), ClipId("reason/cell-phone")),
)

PLAN: Final = (ACCEPTED, REFUSED, BLOCKED, DENIED, UNBILLABLE)
"""In the order they are shown. `DENIED` follows `BLOCKED` at the same station; the rest start together."""
