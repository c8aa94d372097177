from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.sip.errors import MalformedHeaderError
from switch.sip.grammar import quote, split_list, unquote
from switch.sip.headers import (
    STAR,
    CSeq,
    NameAddr,
    Via,
    parse_cseq,
    parse_name_addr,
    parse_via,
    salvage_via,
)
from switch.sip.uri import OtherUri, SipUri
from tests.support.examples import examples

ALICE = SipUri("sip", "alice", None, "example.com")
TOKEN = st.text("abcXYZ019-.!%*_+`'~", min_size=1, max_size=8)
PRINTABLE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12)
PARAMS = st.lists(st.tuples(TOKEN.map(str.lower), st.none() | TOKEN | PRINTABLE.map(quote)), max_size=4).map(tuple)
QUICK = examples(150)


@given(PRINTABLE)
@QUICK
def test_a_quoted_string_gives_back_what_was_quoted(text: str) -> None:
    assert unquote(quote(text)) == text


@given(st.builds(Via, TOKEN, st.sampled_from(["h.example", "::1"]), st.none() | st.integers(1, 65535), PARAMS))
@QUICK
def test_a_via_is_the_same_after_it_was_written(via: Via) -> None:
    assert parse_via(str(via)) == via


@given(st.builds(NameAddr, PRINTABLE, st.sampled_from([ALICE, OtherUri("tel", "+1")]), PARAMS))
@QUICK
def test_an_address_is_the_same_after_it_was_written(address: NameAddr) -> None:
    assert parse_name_addr("From", str(address)) == address


@given(st.lists(st.builds(NameAddr, PRINTABLE, st.just(ALICE), PARAMS), min_size=1, max_size=4))
@QUICK
def test_a_list_is_cut_only_at_its_own_commas(addresses: list[NameAddr]) -> None:
    parts = split_list("Contact", ", ".join(map(str, addresses)))
    assert [parse_name_addr("Contact", part) for part in parts] == addresses


@pytest.mark.parametrize("text", ["a,", ",a", "a, ,b", 'a,"b', "a,<b"])
def test_a_list_with_a_hole_or_an_open_end_is_refused(text: str) -> None:
    with pytest.raises(MalformedHeaderError):
        split_list("Contact", text)


def test_a_via_says_where_answers_go() -> None:
    via = parse_via("SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bKx;received=[::1];rport=4711")
    assert (via.host, via.port, via.branch, via.received, via.rport) == (
        "2001:db8::9",
        5070,
        "z9hG4bKx",
        "::1",
        4711,
    )


def test_an_empty_rport_asks_to_be_filled_in() -> None:
    via = parse_via("SIP/2.0/UDP h;branch=z9hG4bKx;rport")
    assert (via.wants_rport, via.rport) == (True, None)
    assert str(via.with_param("rport", 5062).with_param("received", "192.0.2.9")) == (
        "SIP/2.0/UDP h;branch=z9hG4bKx;rport=5062;received=192.0.2.9"
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0 h",
        "SIP/3.0/UDP h",
        "HTTP/2.0/UDP h",
        "SIP/2.0/UDP h:0",
        "SIP/2.0/UDP h:65536",
        "SIP/2.0/UDP h;",
        "SIP/2.0/UDP h;;branch=1",
        "SIP/2.0/UDP h;branch=",
        "SIP/2.0/UDP h;branch=z9hG4bK",
        "SIP/2.0/UDP h x",
        'SIP/2.0/UDP h;branch="x',
    ],
)
def test_what_is_no_via_is_refused(value: str) -> None:
    with pytest.raises(MalformedHeaderError):
        parse_via(value)


def test_the_hop_of_a_broken_via_can_still_be_told() -> None:
    assert salvage_via("SIP/2.0/UDP 192.0.2.15:5070;;,;,,") == Via("UDP", "192.0.2.15", 5070)
    assert salvage_via("SIP/7.0/TCP [::1]") == Via("TCP", "::1")
    assert salvage_via("nothing") is None


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("sip:alice@example.com", NameAddr("", ALICE)),
        ("sip:alice@example.com;tag=1", NameAddr("", ALICE, (("tag", "1"),))),
        ("<sip:alice@example.com>;TAG=1", NameAddr("", ALICE, (("tag", "1"),))),
        ("Alice<sip:alice@example.com>", NameAddr("Alice", ALICE)),
        ("Alice  B. <sip:alice@example.com>", NameAddr("Alice  B.", ALICE)),
        ('"Bell, \\"A\\"" <sip:alice@example.com>', NameAddr('Bell, "A"', ALICE)),
        ("J\u00f6rg <sip:alice@example.com>", NameAddr("J\u00f6rg", ALICE)),
        ("<tel:+1;ext=2>;x", NameAddr("", OtherUri("tel", "+1;ext=2"), (("x", None),))),
    ],
)
def test_the_forms_of_an_address_are_read(value: str, address: NameAddr) -> None:
    assert parse_name_addr("To", value) == address


@pytest.mark.parametrize(
    "value",
    [
        "",
        "alice",
        "<sip:alice@example.com",
        "< sip:alice@example.com>",
        '"Alice <sip:alice@example.com>',
        "Bell, A <sip:alice@example.com>",
        "<sip:alice@example.com> tag=1",
        "<sip:alice@example.com>;tag==1x y",
        "sip:alice@example.com?x=y",
        "<sip:alice@example.com>;;",
    ],
)
def test_what_is_no_address_is_refused(value: str) -> None:
    with pytest.raises(MalformedHeaderError):
        parse_name_addr("To", value)


def test_the_star_is_written_as_one_character() -> None:
    assert (str(STAR), STAR.is_star, NameAddr("", ALICE).is_star) == ("*", True, False)


@pytest.mark.parametrize(
    ("value", "cseq"),
    [("0 INVITE", CSeq(0, "INVITE")), ("0009   BYE", CSeq(9, "BYE")), ("2147483647 ACK", CSeq(2**31 - 1, "ACK"))],
)
def test_a_cseq_is_a_number_and_a_method(value: str, cseq: CSeq) -> None:
    assert parse_cseq(value) == cseq


@pytest.mark.parametrize("value", ["", "1", "INVITE 1", "-1 INVITE", "2147483648 INVITE", "1 IN VITE", "١ INVITE"])
def test_what_is_no_cseq_is_refused(value: str) -> None:
    with pytest.raises(MalformedHeaderError):
        parse_cseq(value)
