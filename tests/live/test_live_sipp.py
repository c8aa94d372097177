"""SIPp at both ends of every way a call can go, with keys as telephone events and by INFO."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.live.ports import free_range
from tests.live.programs import program
from tests.live.serving import Serving
from tests.live.sipp_phone import Keys, Sipp, register

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

WAYS = ("accept", "refuse", "block", "busy", "no-answer", "give-up", "ask-everything")
CALLERS = {"give-up": "station_gives_up"}
CALLEES = {
    "accept": "callee_presses",
    "refuse": "callee_hangs_up",
    "block": "callee_presses",
    "busy": "callee_is_busy",
    "no-answer": "callee_rings_on",
    "give-up": "callee_rings_on",
    "ask-everything": "callee_is_busy",
}
MEDIA_PORTS = 200
"""Two legs for each of the calls, a pair of ports each, and as many again."""

PRESSES = {"accept": "5", "block": "7"}
FUNDS = "0.025"
"""Six seconds of talk at the demonstration's tariff."""

CONFIG = """
tariffs = ["demo"]
[switch]
listen = "127.0.0.1:0"
[media]
ports = [{first}, {last}]
[[facilities]]
id = "prison"
profile = "patient.toml"
[[facilities]]
id = "jail"
profile = "impatient.toml"
"""
SEAT = """
[[stations]]
user = "{station}"
password = "inside-secret"
facility = "{facility}"
[[people]]
id = "{station}-person"
pin = "{pin}"
facility = "{facility}"
[[phones]]
number = "+{number}"
user = "{callee}"
password = "outside-secret"
advancepay = "{funds}"
"""
PATIENT = 'name = "patient"\n[outside]\nringing = 30\n[talking]\nwarnings = [5]\nslice = 6\n'
IMPATIENT = 'name = "impatient"\n[outside]\nringing = 2\n'


@dataclass(frozen=True, slots=True)
class Seat:
    """A station, the person at it, and the number they call: for one test alone."""

    way: str
    keys: Keys
    index: int

    @property
    def station(self) -> str:
        return f"{self.way}-{self.keys.value}"

    @property
    def callee(self) -> str:
        return f"{self.station}-called"

    @property
    def number(self) -> str:
        return f"1212555{100 + self.index:04}"

    @property
    def pin(self) -> str:
        return str(4000 + self.index)

    @property
    def facility(self) -> str:
        return "jail" if self.way == "no-answer" else "prison"

    @property
    def dialled(self) -> str:
        """`0` asks for everything."""
        return "0" if self.way == "ask-everything" else self.number

    @property
    def presses(self) -> str:
        """The PIN; where everything is asked for, collect (0) and the number behind it."""
        return self.pin + (f"0{self.number}" if self.way == "ask-everything" else "")

    def tables(self) -> str:
        return SEAT.format(
            station=self.station,
            facility=self.facility,
            pin=self.pin,
            number=self.number,
            callee=self.callee,
            funds=FUNDS,
        )


SEATS = {
    (way, keys): Seat(way, keys, index)
    for index, (way, keys) in enumerate((way, keys) for way in WAYS for keys in Keys)
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What both ends of a call saw: every SIP message, as text."""

    caller: str
    callee: str


@dataclass(frozen=True, slots=True)
class Evening:
    """All calls of this file, made at once through one switch, and the book after them."""

    seen: dict[Seat, Future[Seen]]
    records: tuple[dict[str, Any], ...]
    accounts: dict[str, dict[str, Any]]

    def of(self, way: str, keys: Keys) -> Ended:
        """How a call ended; fails where a scenario did not go through."""
        seat = SEATS[way, keys]
        seen = self.seen[seat].result()
        records = [record for record in reversed(self.records) if record["station"] == seat.station]
        account = self.accounts[f"advancepay:+{seat.number}"]
        assert account["held"] == "0", account
        return Ended(records, account["balance"], seen)


@dataclass(frozen=True, slots=True)
class Ended:
    """How the calls of a seat ended, the first first."""

    records: list[dict[str, Any]]
    balance: str
    seen: Seen

    @property
    def record(self) -> dict[str, Any]:
        """The one record of the one call."""
        (record,) = self.records
        return record

    @property
    def why(self) -> tuple[str, str]:
        return self.record["why"], self.record["ended_by"]


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    program("sipp", "sip-tester")
    folder = tmp_path_factory.mktemp("switch")
    (folder / "patient.toml").write_text(PATIENT)
    (folder / "impatient.toml").write_text(IMPATIENT)
    first = free_range(MEDIA_PORTS)
    config = CONFIG.format(first=first, last=first + MEDIA_PORTS - 1) + "".join(
        seat.tables() for seat in SEATS.values()
    )
    with Serving(folder, config) as serving:
        with ThreadPoolExecutor(len(SEATS)) as pool:
            seen = {seat: pool.submit(_sit, serving, tmp_path_factory.mktemp("seat"), seat) for seat in SEATS.values()}
            wait(seen.values())
        yield Evening(seen, tuple(serving.command("calls", "--last", "100")), serving.accounts())
        report = serving.audit()
        assert serving.count("media_ports_exhausted") == 0
        assert serving.count("call_ended") == len(SEATS) + len(Keys), (
            "each call is told once, a second one of each block"
        )
    assert report["clean"] and report["open_calls"] == 0, report


def _sit(serving: Serving, folder: Path, seat: Seat) -> Seen:
    """Make the call of a seat; both scenarios must go through, and every message is a step of theirs."""
    port = free_range()
    register(serving.address, folder, user=seat.callee, password="outside-secret", port=port)
    outside = Sipp(
        CALLEES[seat.way],
        serving.address,
        folder,
        user=seat.callee,
        password="outside-secret",
        presses=PRESSES.get(seat.way, ""),
        keys=seat.keys,
        port=port,
    )
    with outside, _dialling(serving, folder, seat) as inside:
        seen = Seen(inside.done(within=45), outside.done(within=15))
    if seat.way == "block":
        _call_again(serving, folder, seat, port)
    return seen


def _dialling(serving: Serving, folder: Path, seat: Seat) -> Sipp:
    return Sipp(
        CALLERS.get(seat.way, "station"),
        serving.address,
        folder,
        user=seat.station,
        password="inside-secret",
        dials=seat.dialled,
        presses=seat.presses,
        keys=seat.keys,
    )


def _call_again(serving: Serving, folder: Path, seat: Seat, port: int) -> None:
    """Call the number that has blocked us, with the called phone only listening: nothing may arrive."""
    again = folder / "again"
    again.mkdir()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", port))
        phone.setblocking(False)
        with _dialling(serving, again, seat) as inside:
            inside.done(within=45)
        with pytest.raises(BlockingIOError):
            phone.recv(65_535)


@pytest.mark.parametrize("keys", Keys)
def test_an_accepted_call_is_charged_and_cut_when_the_funds_end(evening: Evening, keys: Keys) -> None:
    ended = evening.of("accept", keys)
    assert ended.why == ("funds-exhausted", "switch")
    assert (float(ended.record["talk_seconds"]), ended.record["charged"], ended.balance) == (6.0, FUNDS, "0")


@pytest.mark.parametrize("keys", Keys)
def test_hanging_up_in_the_greeting_refuses_and_costs_nothing(evening: Evening, keys: Keys) -> None:
    ended = evening.of("refuse", keys)
    assert ended.why == ("refused", "callee")
    assert ended.record["answered_at"] is not None and ended.record["accepted_at"] is None
    assert (ended.record["charged"], ended.balance) == ("0", FUNDS)


@pytest.mark.parametrize("keys", Keys)
def test_seven_blocks_the_facility_and_the_next_call_does_not_ring(evening: Evening, keys: Keys) -> None:
    ended = evening.of("block", keys)
    first, second = ended.records
    assert (first["why"], first["ended_by"]) == ("blocked-by-callee", "callee")
    assert (second["why"], second["ended_by"], second["rang_at"]) == ("blocked", "switch", None)
    assert (first["charged"], second["charged"], ended.balance) == ("0", "0", FUNDS)


@pytest.mark.parametrize("keys", Keys)
def test_a_busy_number_costs_nothing(evening: Evening, keys: Keys) -> None:
    ended = evening.of("busy", keys)
    assert ended.why == ("busy", "callee")
    assert (ended.record["answered_at"], ended.record["charged"], ended.balance) == (None, "0", FUNDS)


@pytest.mark.parametrize("keys", Keys)
def test_a_number_that_does_not_answer_is_cancelled_after_its_ringing(evening: Evening, keys: Keys) -> None:
    ended = evening.of("no-answer", keys)
    assert ended.why == ("no-answer", "switch")
    assert ended.record["rang_at"] is not None and ended.record["answered_at"] is None
    assert (ended.record["charged"], ended.balance) == ("0", FUNDS)


@pytest.mark.parametrize("keys", Keys)
def test_a_caller_who_gives_up_while_it_rings_cancels_the_called_leg(evening: Evening, keys: Keys) -> None:
    ended = evening.of("give-up", keys)
    assert ended.why == ("gave-up", "caller")
    assert ended.record["rang_at"] is not None and ended.record["answered_at"] is None
    assert (ended.record["charged"], ended.balance) == ("0", FUNDS)


@pytest.mark.parametrize("keys", Keys)
def test_who_dials_nought_is_asked_for_everything(evening: Evening, keys: Keys) -> None:
    ended = evening.of("ask-everything", keys)
    seat = SEATS["ask-everything", keys]
    assert (ended.record["number"], ended.record["billing"]) == (f"+{seat.number}", "advancepay")
    assert ended.why == ("busy", "callee")
