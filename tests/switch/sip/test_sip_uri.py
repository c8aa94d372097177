from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.sip.errors import MalformedUriError
from switch.sip.uri import OtherUri, SipUri, parse_uri, same_uri
from tests.support.examples import examples

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
NAME = st.text("abcxyz-.!%*_+~", min_size=1, max_size=6)
HOST = st.sampled_from(["example.com", "192.0.2.1", "2001:db8::1", "a-b.example"])


@given(
    st.builds(
        SipUri,
        st.sampled_from(["sip", "sips"]),
        st.none() | TEXT,
        st.none(),
        HOST,
        st.none() | st.integers(1, 65535),
        st.lists(st.tuples(NAME, st.none() | TEXT), max_size=3).map(tuple),
        st.lists(st.tuples(NAME, st.text(max_size=5)), max_size=2).map(tuple),
    )
)
@examples(200)
def test_a_uri_is_the_same_after_it_was_written(uri: SipUri) -> None:
    assert parse_uri(str(uri)) == uri


def test_a_password_is_kept_apart_from_the_user() -> None:
    assert parse_uri("sip:alice:a%3Ab@example.com") == SipUri("sip", "alice", "a:b", "example.com")


def test_semicolons_and_question_marks_before_the_at_sign_belong_to_the_user() -> None:
    uri = parse_uri("sip:user;par=u%40example.net?x@example.com")
    assert uri == SipUri("sip", "user;par=u@example.net?x", None, "example.com")


def test_a_uri_that_was_read_is_written_as_it_stood() -> None:
    text = "SIP:%61lice@EXAMPLE.com:5060;LR;x=%41"
    uri = parse_uri(text)
    assert str(uri) == text
    assert uri == SipUri("sip", "alice", None, "EXAMPLE.com", 5060, (("lr", None), ("x", "A")))


def test_a_changed_copy_of_a_uri_that_was_read_is_written_anew() -> None:
    uri = parse_uri("sip:%61lice@example.com:5060")
    assert isinstance(uri, SipUri)
    assert str(replace(uri, port=None)) == "sip:alice@example.com"


def test_a_bare_parameter_is_there_with_no_value() -> None:
    uri = parse_uri("sip:example.com;lr")
    assert isinstance(uri, SipUri)
    assert (uri.param("lr"), uri.param("ob")) == ("", None)


@pytest.mark.parametrize(("text", "rest"), [("tel:+12125550123;phone-context=x", "+12125550123;phone-context=x")])
def test_another_scheme_is_kept_whole(text: str, rest: str) -> None:
    assert parse_uri(text) == OtherUri("tel", rest)
    assert str(parse_uri(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "sip:",
        "sip:@example.com",
        "sip:a@b@c",
        "sip:2001:db8::1",
        "sip:a@example.com:0",
        "sip:a@example.com:65536",
        "sip:a@example.com:",
        "sip:a@example.com;",
        "sip:a@example.com;=x",
        "sip:a@example.com?",
        "sip:a@example.com?x",
        "sip:a%4@example.com",
        "sip:a b@example.com",
        "<sip:a@example.com>",
        "sip:a@example.com\r\nX: y",
        "tel:",
        "tel:1 2",
        "sip:" + "a" * 3000 + "@example.com",
    ],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(MalformedUriError):
        parse_uri(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
    ],
)
def test_uris_that_the_rfc_calls_equivalent_are(one: str, other: str) -> None:
    assert same_uri(parse_uri(one), parse_uri(other))
    assert same_uri(parse_uri(other), parse_uri(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
        ("tel:911", "sip:911@example.com"),
    ],
)
def test_uris_that_the_rfc_calls_different_are(one: str, other: str) -> None:
    assert not same_uri(parse_uri(one), parse_uri(other))
