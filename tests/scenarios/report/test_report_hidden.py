from __future__ import annotations

from dataclasses import replace

import pytest

from scenarios.play.result import KeyPressed, SipSeen
from scenarios.report.hidden import keys_shown, without_secrets
from scenarios.report.page import page
from scenarios.report.text import text
from switch.call.timeline import CALLEE, CALLER
from tests.scenarios.report.made_calls import ACCEPTED, DENIED, phone, result


@pytest.mark.parametrize(
    ("message", "secret"),
    [
        (
            'REGISTER sip:a SIP/2.0\r\nAuthorization: Digest username="a",\r\n response="c0ffee"\r\nTo: a\r\n\r\n',
            "c0ffee",
        ),
        ('INVITE sip:a SIP/2.0\nproxy-authorization : Digest response="c0ffee"\n\n', "c0ffee"),
        ("INVITE sip:a SIP/2.0\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c0ffee|2^20\r\n", "c0ffee"),
        ("INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=9\r\nDuration=160\r\n", "9"),
        ("INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf\r\n\r\n9\r\n", "9"),
    ],
)
def test_secrets_of_a_message_are_not_shown_and_the_rest_is(message: str, secret: str) -> None:
    shown = without_secrets(message)
    assert secret not in shown
    assert shown.split(" ")[0] == message.split(" ", maxsplit=1)[0]
    assert "To: a" in shown or "To: a" not in message
    assert "Duration=160" in shown or "Duration" not in message


def test_keys_before_the_last_judgement_of_a_pin_are_dots() -> None:
    caller = phone(CALLER, keys=(KeyPressed(3.0, "4"), KeyPressed(3.2, "7"), KeyPressed(9.0, "2")))
    callee = phone(CALLEE, keys=(KeyPressed(2.0, "5"),))
    shown = keys_shown(replace(ACCEPTED, phones=(caller, callee)))
    assert [each.key for each in shown[CALLER]] == ["•", "•", "2"]
    assert [each.key for each in shown[CALLEE]] == ["5"]


def test_keys_of_a_caller_whose_pin_nobody_judged_are_all_dots() -> None:
    shown = keys_shown(replace(DENIED, timeline=DENIED.timeline[:2]))
    assert [each.key for each in shown[CALLER]] == ["•"]


def test_neither_page_nor_text_tells_a_pin_or_a_digest() -> None:
    info = SipSeen(3.0, True, "INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=☎\r\n")
    caller = replace(
        ACCEPTED.phones[0], sip=(*ACCEPTED.phones[0].sip, info), keys=(KeyPressed(3.0, "☎"), KeyPressed(3.2, "☎"))
    )
    call = replace(ACCEPTED, phones=(caller, ACCEPTED.phones[1]))
    shown = page([result(call)]).split("</style>")[1].split("<script>")[0]
    assert "☎" not in shown and "c0ffee" not in shown
    assert "☎" not in text(call) and "••" in text(call)
