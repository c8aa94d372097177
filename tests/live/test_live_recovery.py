"""A switch that dies in mid-call, and one that is stopped: what is charged, and who is released."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.live.ports import free_range
from tests.live.programs import program
from tests.live.serving import Address, Serving
from tests.live.sipp_phone import Keys, Sipp, register

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

NUMBER = "12125550123"
PAYER = f"advancepay:+{NUMBER}"
FUNDS_CENTS = 100
CENTS_A_SECOND = 1
HEARTBEAT_SECONDS = 1.0
LATE_SECONDS = 0.5
"""How late a heartbeat may be stored on a busy machine of two cores."""

TARIFF = """
name = "by-the-second"
valid_from = 2020-01-01
zone = "UTC"
first = 1
increment = 1
[[rows]]
place = "United States"
prefixes = ["+1"]
per_minute = "0.60"
"""
CONFIG = f"""
tariffs = ["by-the-second.toml"]
[switch]
listen = "127.0.0.1:{{port}}"
[media]
ports = [{{first}}, {{last}}]
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
number = "+{NUMBER}"
user = "family"
password = "family-secret"
advancepay = "1.00"
"""


def serving(folder: Path, port: int = 0) -> Serving:
    (folder / "by-the-second.toml").write_text(TARIFF)
    first = free_range()
    return Serving(folder, CONFIG.format(port=port, first=first, last=first + 49))


@contextmanager
def talking(switch: Address, folder: Path) -> Iterator[tuple[Sipp, Sipp]]:
    """Both ends of a call that has been accepted; each must then be released by the switch."""
    port = free_range()
    register(switch, folder, user="family", password="family-secret", port=port)
    with (
        Sipp(
            "callee_presses",
            switch,
            folder,
            user="family",
            password="family-secret",
            presses="5",
            keys=Keys.INFO,
            port=port,
        ) as outside,
        Sipp(
            "station",
            switch,
            folder,
            user="yard",
            password="yard-secret",
            dials=NUMBER,
            presses="4417",
            keys=Keys.INFO,
        ) as inside,
    ):
        # The answer to the INFO that carried the 5.
        outside.saw("CSeq: 10 INFO", times=2, within=20)
        yield inside, outside


def test_a_killed_switch_charges_once_to_its_last_heartbeat_and_releases_both(tmp_path: Path) -> None:
    program("sipp", "sip-tester")
    with serving(tmp_path) as first, talking(first.address, tmp_path) as (inside, outside):
        first.goes_on(3.5)
        first.kill()
        killed_at = datetime.now(UTC)
        with serving(tmp_path, port=first.address[1]) as second:
            recovered = second.logged("call_recovered", within=10)
            for phone in (inside, outside):
                assert "BYE sip:" in phone.done(within=10)
            record = second.record(recovered["call_id"])
            account = second.accounts()[PAYER]
            assert second.audit()["clean"]
            second.goes_on(2.5)
            assert second.count("call_recovered") == 1

    assert (record["why"], record["ended_by"]) == ("recovered", "switch"), record
    talked = float(record["talk_seconds"])
    lost = (killed_at - datetime.fromisoformat(record["accepted_at"])).total_seconds() - talked
    assert talked >= 2.0 and 0 <= lost <= HEARTBEAT_SECONDS + LATE_SECONDS, (talked, lost)
    assert_charged(record, account, talked)
    with serving(tmp_path) as third:
        assert third.accounts()[PAYER] == account
        assert third.record(record["call"]) == record
        assert third.count("call_recovered") == 0


def test_a_switch_that_is_stopped_books_the_talk_and_releases_both(tmp_path: Path) -> None:
    program("sipp", "sip-tester")
    with serving(tmp_path) as switch, talking(switch.address, tmp_path) as (inside, outside):
        switch.goes_on(2.5)
        assert switch.end() == 0
        for phone in (inside, outside):
            assert "BYE sip:" in phone.done(within=10)
        ended = switch.logged("call_ended", why="shut-down")
    with serving(tmp_path) as again:
        record = again.record(ended["call_id"])
        account = again.accounts()[PAYER]
        assert again.audit()["clean"]
        assert again.count("call_recovered") == 0
    assert_charged(record, account, float(record["talk_seconds"]))


def test_a_switch_killed_while_it_rings_charges_nothing_and_holds_nothing(tmp_path: Path) -> None:
    program("sipp", "sip-tester")
    port = free_range()
    with serving(tmp_path) as first:
        register(first.address, tmp_path, user="family", password="family-secret", port=port)
        with (
            Sipp("callee_rings_on", first.address, tmp_path, user="family", password="", port=port) as outside,
            Sipp(
                "station",
                first.address,
                tmp_path,
                user="yard",
                password="yard-secret",
                dials=NUMBER,
                presses="4417",
                keys=Keys.INFO,
            ),
        ):
            outside.saw("180 Ringing", within=20)
            held = first.accounts()[PAYER]["held"]
            first.kill()
    assert held != "0", "the first slice is held before it rings"
    with serving(tmp_path) as second:
        recovered = second.logged("call_recovered", within=10)
        record = second.record(recovered["call_id"])
        account = second.accounts()[PAYER]
        assert second.audit()["clean"]
    assert (record["why"], record["accepted_at"], record["charged"]) == ("recovered", None, "0"), record
    assert (account["balance"], account["held"], account["available"]) == ("1", "0", "1"), account


def assert_charged(record: dict[str, Any], account: dict[str, Any], talked: float) -> None:
    """Each begun second costs a cent, charged once; nothing is held."""
    charged = math.ceil(talked) * CENTS_A_SECOND
    assert Decimal(record["charged"]) * 100 == charged, record
    assert Decimal(account["balance"]) * 100 == FUNDS_CENTS - charged, account
    assert account["held"] == "0" and account["available"] == account["balance"], account
