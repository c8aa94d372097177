"""What strangers send over real sockets: a right answer or silence, a count, a line in the log, and life goes on."""

from __future__ import annotations

import itertools
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Self

import pytest

from tests.live.ports import free_range
from tests.live.programs import program
from tests.live.serving import Address, Serving
from tests.live.sipp_phone import Keys, Sipp

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

CONFIG = """
tariffs = ["demo"]
[switch]
listen = "127.0.0.1:0"
[media]
ports = [{first}, {last}]
[[facilities]]
id = "prison"
[[stations]]
user = "yard"
password = "yard-secret"
facility = "prison"
[[people]]
id = "jordan"
pin = "4417"
facility = "prison"
[[phones]]
number = "+12125550123"
user = "family"
password = "family-secret"
advancepay = "1.00"
"""
MEMORY_KB_MAX = 30_000
"""What a flood may leave behind in the process: buffers of the interpreter, nothing for each datagram."""

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Besieged:
    """A switch that must go on, and what it must have counted at its end."""

    switch: Serving
    counts: Counter[str]

    @property
    def address(self) -> Address:
        return self.switch.address

    def still_answers(self) -> None:
        """It is asked after every insult."""
        assert self.switch.answers(within=20) == 200, self.switch.tail()


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    folder = tmp_path_factory.mktemp("switch")
    first = free_range()
    with Serving(folder, CONFIG.format(first=first, last=first + 49)) as switch:
        besieged = Besieged(switch, Counter())
        yield besieged
        assert switch.audit()["clean"]
        assert switch.end() == 0, switch.tail()
        told = switch.logged("metrics", within=5)
        assert "faults" not in told, switch.tail()
        assert {name: told.get(name, 0) for name in besieged.counts} == dict(besieged.counts)


class Stranger:
    """A socket that sends what it likes."""

    def __init__(self, switch: Address) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(5)
        self._switch = switch

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def request(self, method: str, **fields: str) -> bytes:
        """A request that is right, but for the fields given."""
        host, port = self._socket.getsockname()
        number = next(_numbers)
        usual = {
            "Via": f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK-stranger-{port}-{number}",
            "Max-Forwards": "70",
            "From": f"<sip:stranger@{host}>;tag={number}",
            "To": "<sip:anybody@127.0.0.1>",
            "Call-ID": f"stranger-{port}-{number}",
            "CSeq": f"{number} {method}",
            "Content-Length": "0",
        }
        given = {name.replace("_", "-"): value for name, value in fields.items()}
        lines = [f"{name}: {value}" for name, value in (usual | given).items()]
        return "\r\n".join([f"{method} sip:anybody@127.0.0.1 SIP/2.0", *lines, "", ""]).encode()

    def send(self, octets: bytes) -> None:
        self._socket.sendto(octets, self._switch)

    def ask(self, octets: bytes) -> str:
        """Send, and return the answer."""
        self.send(octets)
        return self._socket.recv(65_535).decode()

    def heard_nothing(self) -> bool:
        """Whether nothing has come so far; ask after something else was answered."""
        self._socket.setblocking(False)
        try:
            self._socket.recv(65_535)
        except BlockingIOError:
            return True
        finally:
            self._socket.settimeout(5)
        return False


def status(answer: str) -> int:
    return int(answer.split()[1])


def test_a_malformed_request_is_answered_400_counted_and_logged(besieged: Besieged) -> None:
    with Stranger(besieged.address) as stranger:
        assert status(stranger.ask(stranger.request("OPTIONS", CSeq="many OPTIONS"))) == 400
    besieged.counts["malformed"] += 1
    assert "CSeq" in besieged.switch.logged("sip_dropped", kind="malformed")["fault"]
    besieged.still_answers()


def test_what_is_no_sip_is_met_with_silence_counted_and_logged(besieged: Besieged) -> None:
    insults = (b"\xff" * 1400, b"GET / HTTP/1.1\r\n\r\n", b"INVITE\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n")
    with Stranger(besieged.address) as stranger:
        for octets in insults:
            stranger.send(octets)
        besieged.still_answers()
        assert stranger.heard_nothing()
    besieged.counts["malformed"] += len(insults)
    besieged.switch.logged("sip_dropped", kind="malformed")


def test_an_unknown_method_is_answered_501_with_allow(besieged: Besieged) -> None:
    """RFC 3261 §21.5.2: 501 for a method nobody knows, where 405 is for one that is known and not allowed."""
    with Stranger(besieged.address) as stranger:
        answer = stranger.ask(stranger.request("FROBNICATE"))
    assert status(answer) == 501
    assert "\r\nAllow: INVITE" in answer
    besieged.counts["refused_501"] += 1
    besieged.still_answers()


def test_an_unknown_required_extension_is_answered_420_with_its_name(besieged: Besieged) -> None:
    with Stranger(besieged.address) as stranger:
        answer = stranger.ask(stranger.request("OPTIONS", Require="telepathy"))
    assert status(answer) == 420
    assert "\r\nUnsupported: telepathy" in answer
    besieged.counts["refused_420"] += 1
    besieged.still_answers()


def test_a_bye_for_no_call_is_answered_481_counted_and_logged(besieged: Besieged) -> None:
    with Stranger(besieged.address) as stranger:
        assert status(stranger.ask(stranger.request("BYE", To="<sip:anybody@127.0.0.1>;tag=none"))) == 481
    besieged.counts["unknown_dialog"] += 1
    besieged.switch.logged("sip_dropped", kind="unknown_dialog")
    besieged.still_answers()


@pytest.mark.parametrize(
    ("scenario", "kind"), [("register_refused", "register_refused"), ("station_refused", "call_refused")]
)
def test_a_wrong_password_is_refused_counted_and_logged(
    besieged: Besieged, tmp_path: Path, scenario: str, kind: str
) -> None:
    with sipp(besieged, tmp_path, scenario, password="guessed", dials="12125550123") as phone:
        phone.done(within=15)
    besieged.counts[kind] += 1
    assert "sip:yard@" in besieged.switch.logged("sip_dropped", kind=kind)["fault"]
    besieged.still_answers()


@pytest.mark.parametrize(
    ("dialled", "why"),
    [("12125559999", "number-not-approved"), ("12", "invalid-number"), ("911", "never-dialable")],
    ids=["unlisted", "too-short", "emergency"],
)
def test_a_number_that_cannot_be_called_is_told_and_never_rings(
    besieged: Besieged, tmp_path: Path, dialled: str, why: str
) -> None:
    with sipp(besieged, tmp_path, "station", dials=dialled) as station:
        station.done(within=20)
    record = besieged.switch.call_ended("yard", dialled=dialled)
    assert (record["why"], record["ended_by"], record["rang_at"]) == (why, "switch", None)
    besieged.still_answers()


def test_a_flood_of_garbage_fills_neither_memory_nor_log_nor_disturbs_a_call(tmp_path: Path) -> None:
    """Some thousand datagrams a second, while a station calls a number whose phone is not there."""
    first = free_range()
    is_over = threading.Event()
    with (
        Serving(tmp_path, CONFIG.format(first=first, last=first + 49)) as switch,
        Stranger(switch.address) as stranger,
    ):
        besieged = Besieged(switch, Counter())
        besieged.still_answers()
        before = memory_kb(switch)
        with ThreadPoolExecutor(1) as pool:
            flood = pool.submit(_flood, stranger, Random(4417), is_over)
            try:
                with sipp(besieged, tmp_path, "station", dials="12125550123") as station:
                    station.done(within=30)
            finally:
                is_over.set()
        assert switch.call_ended("yard", dialled="12125550123")["why"] == "unreachable"
        besieged.still_answers()
        assert memory_kb(switch) - before < MEMORY_KB_MAX
        assert switch.end() == 0, switch.tail()
        told = switch.logged("metrics", within=5)
        # A line a second of each of a handful of kinds.
        assert switch.count("sip_dropped") < 200
        assert "faults" not in told, switch.tail()
        assert flood.result() / 10 < told["malformed"] <= flood.result(), (told, flood.result())


def sipp(besieged: Besieged, folder: Path, scenario: str, *, dials: str, password: str = "yard-secret") -> Sipp:
    program("sipp", "sip-tester")
    return Sipp(
        scenario,
        besieged.address,
        folder,
        user="yard",
        password=password,
        dials=dials,
        presses="4417",
        keys=Keys.INFO,
    )


def _flood(stranger: Stranger, random: Random, is_over: threading.Event) -> int:
    """Twenty datagrams each hundredth of a second; returns how many went out."""
    valid = stranger.request("OPTIONS")
    count = 0
    while not is_over.wait(0.01):
        for _ in range(20):
            stranger.send(_garbled(valid, random))
            count += 1
    return count


def _garbled(valid: bytes, random: Random) -> bytes:
    """Noise, or a valid request with some octets replaced, cut off somewhere."""
    if random.random() < 0.3:
        return random.randbytes(random.randrange(1, 1400))
    octets = bytearray(valid)
    for _ in range(random.randrange(1, 12)):
        octets[random.randrange(len(octets))] = random.randrange(256)
    return bytes(octets[: random.randrange(20, len(octets) + 1)])


def memory_kb(switch: Serving) -> int:
    """Resident memory of the process."""
    for line in Path(f"/proc/{switch.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("the process is gone")
