"""RFC 4475 and RFC 5118 through the front door, judged by the manifests beside the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from switch.sip.message import Request, Response
from switch.sip.write import write
from tests.support.sip_messages import a_request
from tests.support.sip_wire import CALLEE_AT, STRANGER_AT, Wire

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


def cases() -> list[Any]:
    found = []
    for suite in ("rfc4475", "rfc5118"):
        manifest = SHARED / suite / "manifest.json"
        if manifest.exists():
            messages = json.loads(manifest.read_text(encoding="utf-8"))["messages"]
            found += [pytest.param(suite, case, id=f"{suite}-{case['name']}") for case in messages]
    missing = pytest.mark.skip(reason=f"the RFC messages are not in {SHARED}")
    return found or [pytest.param("", {}, id="none", marks=missing)]


@pytest.mark.parametrize(("suite", "case"), cases())
async def test_the_agent_answers_as_the_rfc_says(suite: str, case: dict[str, Any]) -> None:
    wire = Wire()
    agent = wire.agent(CALLEE_AT, methods=("REGISTER",))
    agent.on_request = lambda request, _: agent.reply(request, 200) if request.method == "REGISTER" else None
    agent.on_invite = lambda leg: leg.refuse(404)
    agent.receive((SHARED / suite / "wire" / case["file"]).read_bytes(), STRANGER_AT)
    said = [message for _, message in wire.to_strangers]
    finals = [message.status for message in said if isinstance(message, Response) and message.status >= 200]
    expected = case["expect_status"]
    assert not any(isinstance(message, Request) for message in said)
    match case["verdict"]:
        case "discard":
            assert said == []
        case "reject":
            assert len(finals) == 1
            assert finals[0] in expected
        case "accept" if case["kind"] == "request" and case["method"] != "ACK":
            assert len(finals) == 1
            assert finals[0] not in (400, 505)
            assert not expected or finals[0] in expected
    assert agent.counters["faults"] == 0
    wire.to_strangers.clear()
    agent.receive(write(a_request("OPTIONS", branch="z9hG4bKprobe", call_id="probe")), STRANGER_AT)
    assert [message.status for _, message in wire.to_strangers if isinstance(message, Response)] == [200]
