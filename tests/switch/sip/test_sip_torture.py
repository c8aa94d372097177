"""The torture messages of RFC 4475 and RFC 5118, judged by their manifests.

A message goes through what a user agent server does before it acts: parse, then refuse what is not
supported. Whatever a registrar, a dialog or a call would say later counts as acting.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from switch.sip.message import Request, Response, respond
from switch.sip.parse import RejectedError, parse_datagram
from switch.sip.refusal import refuse_unsupported
from switch.sip.uri import SipUri
from switch.sip.write import write

DATA = Path(__file__).parents[3].parent / "shared" / "data"
METHODS = ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "INFO")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the RFC's messages are not beside this checkout")


@dataclass(frozen=True)
class Case:
    name: str
    verdict: str
    statuses: tuple[int, ...]
    data: bytes


def cases(suite: str) -> list[Case]:
    manifest = DATA / suite / "manifest.json"
    if not manifest.is_file():
        return []
    listed = json.loads(manifest.read_text())["messages"]
    return [
        Case(
            item["name"],
            item["verdict"],
            tuple(item["expect_status"]),
            (DATA / suite / "wire" / item["file"]).read_bytes(),
        )
        for item in listed
    ]


ALL = cases("rfc4475") + cases("rfc5118")
BROKEN = ("scalarlg", "bigcode")
BY_NAME = {case.name: case for case in ALL}


def of_verdict(*verdicts: str) -> list[Any]:
    return [pytest.param(case, id=case.name) for case in ALL if case.verdict in verdicts]


def read(data: bytes) -> Request | Response | RejectedError:
    try:
        return parse_datagram(data)
    except RejectedError as fault:
        return fault


def judge(data: bytes) -> int | None:
    """The status of a refusal, 0 where we would act, None where we stay silent."""
    message = read(data)
    if isinstance(message, RejectedError):
        if message.request is None:
            return None
        # What is copied may be broken still, so only the first line of the answer can be read back.
        return int(write(respond(message.request, message.status, to_tag="mine")).split()[1])
    if not isinstance(message, Request):
        return None
    refusal = refuse_unsupported(
        message,
        methods=METHODS,
        extensions=("timer", "100rel"),
        schemes=("sip", "sips", "tel"),
        body_types=("application/sdp",),
    )
    return 0 if refusal is None else int(refusal.status)


def request(name: str) -> Request:
    message = parse_datagram(BY_NAME[name].data)
    assert isinstance(message, Request)
    return message


def test_all_messages_are_there() -> None:
    assert [len(cases("rfc4475")), len(cases("rfc5118"))] == [49, 12]


@pytest.mark.parametrize("case", of_verdict("accept"))
def test_a_well_formed_message_is_acted_upon_or_refused_as_unsupported(case: Case) -> None:
    assert judge(case.data) in {0, 405, 501} & ({0, *case.statuses} | ({405} if not case.statuses else set()))


@pytest.mark.parametrize("case", of_verdict("reject"))
def test_a_message_to_be_rejected_gets_an_expected_status_or_is_left_to_who_acts(case: Case) -> None:
    left_to_who_acts = {"regaut01": 0, "zeromf": 0}
    assert judge(case.data) in {*case.statuses, left_to_who_acts.get(case.name, 400)}


@pytest.mark.parametrize("case", of_verdict("reject_or_liberal"))
def test_we_are_strict_where_a_choice_is_left_but_for_a_date_nobody_reads(case: Case) -> None:
    assert judge(case.data) == {"baddate": 0}.get(case.name, 400)


@pytest.mark.parametrize("case", of_verdict("discard"))
def test_a_stray_or_broken_response_is_never_answered(case: Case) -> None:
    assert judge(case.data) is None


@pytest.mark.parametrize("case", [case for case in of_verdict("accept", "discard") if case.id not in BROKEN])
def test_what_was_read_is_the_same_after_it_was_written(case: Case) -> None:
    message = parse_datagram(case.data)
    assert parse_datagram(write(message)) == message


def test_one_unescape_gives_the_user_of_esc01_and_no_second() -> None:
    message = request("esc01")
    assert isinstance(message.uri, SipUri)
    assert message.uri.user == "sips:user@example.com"
    contact = message.contacts[0].uri
    assert isinstance(contact, SipUri)
    assert contact.params == (("lr", None), ("name", "value%41"))
    assert str(contact) == "sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31"


def test_nul_octets_keep_two_contacts_apart() -> None:
    users = [contact.uri.user for contact in request("escnull").contacts if isinstance(contact.uri, SipUri)]
    assert users == ["\x00", "\x00\x00"]


def test_an_escaped_method_or_field_name_is_not_unescaped() -> None:
    message = request("esc02")
    assert message.method == "RE%47IST%45R"
    assert [str(contact.uri) for contact in message.contacts] == [
        "sip:alias1@host1.example.com",
        "sip:alias3@host3.example.com",
    ]


def test_octets_behind_the_body_are_noise() -> None:
    message = request("dblreq")
    assert (message.method, message.body) == ("REGISTER", b"")


def test_folded_fields_read_like_straight_ones() -> None:
    message = request("wsinv")
    assert message.from_.display_name == 'J Rosenberg \\"'
    assert (message.from_.tag, message.to.tag) == ("98asjd8", "1918181833n")
    assert [(via.transport, via.host, via.branch) for via in message.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    assert (message.max_forwards, message.cseq.number) == (68, 9)
    assert message.contacts[0].param("q") == "0.33"


def test_a_parameter_belongs_to_the_field_without_brackets_and_to_the_uri_within() -> None:
    bare, bracketed = request("cparam01").contacts[0], request("cparam02").contacts[0]
    assert (bare.params, bracketed.params) == ((("unknownparam", None),), ())
    assert str(bracketed.uri) == "sip:+19725552222@gw1.example.net;unknownparam"


def test_a_header_inside_a_bracketed_contact_survives() -> None:
    assert str(request("regescrt").contacts[0]) == "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"


def test_thirty_four_hops_are_read_in_order() -> None:
    hosts = [via.host for via in request("longreq").vias]
    assert (len(hosts), hosts[0], hosts[-1]) == (34, "sip33.example.com", "host.example.com")


def test_ports_and_addresses_of_version_six_are_told_apart() -> None:
    ambiguous, clear = request("port-ambiguous").uri, request("port-unambiguous").uri
    assert isinstance(ambiguous, SipUri)
    assert isinstance(clear, SipUri)
    assert (ambiguous.host, ambiguous.port) == ("2001:db8::10:5070", None)
    assert (clear.host, clear.port) == ("2001:db8::10", 5070)


@pytest.mark.parametrize("name", ["via-received-param-with-delim", "via-received-param-no-delim"])
def test_received_is_read_with_brackets_and_without(name: str) -> None:
    assert request(name).via.received == "2001:db8::9:255"
