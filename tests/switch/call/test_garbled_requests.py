"""Answers to requests that lack what names a call: seen by the reception like every other message."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support.switchboard import switchboard

GARBLED = (
    "OPTIONS sip:anybody@127.0.0.1 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK-garbled\r\n"
    "From: <sip:stranger@127.0.0.1>;tag=1\r\n"
    "To: <sip:anybody@127.0.0.1>\r\n"
)


@pytest.mark.parametrize("named", ["", "Call-ID: {call_id}\r\n", "Call-ID: {call_id}\r\nCSeq: many OPTIONS\r\n"])
async def test_an_answer_to_a_garbled_request_is_no_fault_of_ours(tmp_path: Path, named: str) -> None:
    with capture_logs() as logged:
        async with switchboard(tmp_path) as board:
            station = await board.phone("yard")
            call = await station.dial("12125550123")
            await call.answered()
            sip_call_id = next(iter(board.switch.services.timelines._shown))
            text = GARBLED + named.format(call_id=sip_call_id)
            board.switch.services.agent.receive(text.encode(), ("127.0.0.1", 5099))
            await call.hang_up()
            counters = board.switch.metrics()
            assert (counters["malformed"], counters.get("faults", 0)) == (1, 0)
    assert [line["kind"] for line in logged if line["event"] == "sip_dropped"] == ["malformed"]
