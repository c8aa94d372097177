"""Whoever does not know the password is refused, counted, and named in the log, once a second at most."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from structlog.testing import capture_logs

from scenarios.phones.errors import RegistrationError
from scenarios.phones.phone import Line, Phone
from tests.support.switchboard import switchboard


async def test_a_wrong_password_is_counted_and_logged_for_registers_and_calls(tmp_path: Path) -> None:
    with capture_logs() as logged:
        async with switchboard(tmp_path) as board:
            server = board.switch.address
            async with (
                Phone(Line(user="family", password="guessed", server=server), Random(1)) as stranger,
                Phone(Line(user="yard", password="guessed", server=server), Random(2)) as caller,
            ):
                for _ in range(3):
                    with pytest.raises(RegistrationError):
                        await stranger.register()
                call = await caller.dial("12125550123")
                await call.wait_for_end()
            counters = board.switch.metrics()
            assert (counters["register_refused"], counters["call_refused"]) == (3, 1)
            assert board.records == []
    refusals = [(line["event"], line["kind"], line["fault"]) for line in logged if line["event"] == "sip_dropped"]
    assert refusals == [
        ("sip_dropped", "register_refused", "Forbidden for sip:family@127.0.0.1"),
        ("sip_dropped", "call_refused", "wrong password for sip:yard@127.0.0.1"),
    ]
