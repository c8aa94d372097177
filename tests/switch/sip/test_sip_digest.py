from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.sip.digest import (
    Algorithm,
    Challenge,
    Credentials,
    HashedPassword,
    PlainPassword,
    authorize,
    find_challenge,
    find_credentials,
    hash_password,
    is_right,
    parse_challenge,
    parse_credentials,
)
from switch.sip.errors import MalformedHeaderError
from switch.sip.fields import Headers
from tests.support.examples import examples

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=10)
QUICK = examples(150)

# RFC 7616 §3.9.1.
SHARED = Challenge("http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v")
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
# RFC 2617 §3.5.
OLDER = Challenge("testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093")


@pytest.mark.parametrize(
    ("challenge", "password", "cnonce", "response"),
    [
        (SHARED, "Circle of Life", CNONCE, "8ca523f5e9506fed4657c9700eebdbec"),
        (
            Challenge(SHARED.realm, SHARED.nonce, Algorithm.SHA_256),
            "Circle of Life",
            CNONCE,
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
        (OLDER, "Circle Of Life", "0a4f113b", "6629fae49393a05397450978507c4ef1"),
        (
            Challenge(OLDER.realm, OLDER.nonce, has_qop=False),
            "Circle Of Life",
            "0a4f113b",
            "670fd8c2df070c60b045671b8b24ff02",
        ),
    ],
)
def test_the_examples_of_the_rfcs_come_out(challenge: Challenge, password: str, cnonce: str, response: str) -> None:
    given_ = authorize(
        challenge,
        username="Mufasa",
        secret=PlainPassword(password),
        method="GET",
        uri="/dir/index.html",
        cnonce=cnonce,
    )
    assert given_.response == response
    assert is_right(given_, method="GET", secret=PlainPassword(password))
    assert is_right(
        given_, method="GET", secret=hash_password(challenge.algorithm, "Mufasa", challenge.realm, password)
    )


@pytest.mark.parametrize(
    ("method", "secret"),
    [
        ("POST", PlainPassword("Circle of Life")),
        ("GET", PlainPassword("circle of life")),
        ("GET", hash_password(Algorithm.MD5, "mufasa", SHARED.realm, "Circle of Life")),
        ("GET", hash_password(Algorithm.SHA_256, "Mufasa", SHARED.realm, "Circle of Life")),
    ],
)
def test_another_method_or_secret_is_wrong(method: str, secret: PlainPassword | HashedPassword) -> None:
    right = authorize(
        SHARED, username="Mufasa", secret=PlainPassword("Circle of Life"), method="GET", uri="/", cnonce="x"
    )
    assert is_right(right, method="GET", secret=PlainPassword("Circle of Life"))
    assert not is_right(right, method=method, secret=secret)


def test_credentials_are_judged_by_the_algorithm_they_name() -> None:
    stored = hash_password(Algorithm.SHA_256, "u", OLDER.realm, "p")
    challenge = replace(OLDER, algorithm=Algorithm.SHA_256)
    right = authorize(challenge, username="u", secret=stored, method="GET", uri="/", cnonce="x")
    assert is_right(right, method="GET", secret=stored)
    assert not is_right(replace(right, algorithm=Algorithm.MD5), method="GET", secret=stored)


@given(st.builds(Challenge, TEXT, TEXT, st.sampled_from(Algorithm), st.booleans(), st.none() | TEXT, st.booleans()))
@QUICK
def test_a_challenge_is_the_same_after_it_was_written(challenge: Challenge) -> None:
    assert parse_challenge(str(challenge)) == challenge


@given(
    st.builds(
        Credentials,
        TEXT,
        TEXT,
        TEXT,
        TEXT,
        st.just("0" * 32),
        st.sampled_from(Algorithm),
        TEXT,
        st.integers(0, 2**32 - 1),
        st.none() | TEXT,
    )
)
@QUICK
def test_credentials_are_the_same_after_they_were_written(credentials: Credentials) -> None:
    assert parse_credentials(str(credentials)) == credentials


def test_a_challenge_is_read_as_phones_and_servers_write_it() -> None:
    value = 'digest realm="a, b" ,nonce=abc,  QOP="auth-int, auth",opaque="",stale=TRUE,algorithm=md5,domain="sip:x"'
    assert parse_challenge(value) == Challenge("a, b", "abc", Algorithm.MD5, True, "", True)


@pytest.mark.parametrize(
    "value",
    [
        'Basic realm="x"',
        "NoOneKnowsThisScheme opaque-data=here",
        'Digest realm="x",nonce="y",algorithm=SHA-512-256',
        'Digest realm="x",nonce="y",qop="auth-int"',
    ],
)
def test_a_challenge_of_another_kind_is_passed_over(value: str) -> None:
    assert parse_challenge(value) is None


def test_the_first_challenge_we_can_meet_is_met() -> None:
    headers = Headers(
        [
            ("WWW-Authenticate", 'Digest realm="x",nonce="1",algorithm=SHA-512-256'),
            ("WWW-Authenticate", 'Digest realm="x",nonce="2",algorithm=SHA-256'),
            ("WWW-Authenticate", 'Digest realm="x",nonce="3"'),
        ]
    )
    found = find_challenge(headers, "WWW-Authenticate")
    assert found == Challenge("x", "2", Algorithm.SHA_256, has_qop=False)
    assert find_challenge(headers, "Proxy-Authenticate") is None


def test_credentials_for_our_realm_are_found_among_others() -> None:
    written = 'Digest username="u",realm="{}",nonce="n",uri="sip:x",response="' + "0" * 32 + '"'
    headers = Headers([("Authorization", "Bearer x"), *[("Authorization", written.format(r)) for r in ("far", "ours")]])
    found = find_credentials(headers, "Authorization", "ours")
    assert found is not None
    assert found.realm == "ours"
    assert find_credentials(headers, "Authorization", "other") is None


@pytest.mark.parametrize(
    "value",
    [
        'Digest username="u"',
        'Digest username="u",realm="r",nonce="n",uri="sip:x",response="zz"',
        'Digest username="u",realm="r",nonce="n",uri="sip:x",response="' + "0" * 32 + '",qop=auth',
        'Digest username="u",realm="r",nonce="n",uri="sip:x",response="' + "0" * 32 + '",qop=auth,cnonce="c",nc=1',
        'Digest username="u",realm="r",nonce="n",uri="sip:x",response="' + "0" * 32 + '",qop=auth-int,cnonce="c"',
        'Digest username="u",username="v",realm="r",nonce="n",uri="sip:x",response="' + "0" * 32 + '"',
        'Digest username="u,realm=r',
        "Digest nonsense",
    ],
)
def test_broken_credentials_are_refused_without_being_repeated(value: str) -> None:
    with pytest.raises(MalformedHeaderError) as caught:
        parse_credentials(value)
    assert value not in str(caught.value)


def test_nothing_secret_shows_in_a_repr() -> None:
    right = authorize(OLDER, username="u", secret=PlainPassword("hush"), method="GET", uri="/", cnonce="x")
    shown = repr((right, PlainPassword("hush"), hash_password(Algorithm.MD5, "u", OLDER.realm, "hush")))
    assert "hush" not in shown
    assert right.response not in shown
    assert hash_password(Algorithm.MD5, "u", OLDER.realm, "hush").ha1 not in shown


def test_a_hash_of_another_algorithm_cannot_meet_a_challenge() -> None:
    stored = hash_password(Algorithm.SHA_256, "u", OLDER.realm, "p")
    with pytest.raises(AssertionError):
        authorize(OLDER, username="u", secret=stored, method="GET", uri="/", cnonce="x")
