from __future__ import annotations

from dataclasses import replace

import pytest

from switch.sip import nonces
from switch.sip.digest import Algorithm, Challenge, Credentials, PlainPassword, authorize, hash_password
from switch.sip.headers import address
from switch.sip.message import Request, make_request
from switch.sip.nonces import DigestGuard, Verdict
from switch.sip.uri import SipUri

BOB = SipUri("sip", "bob", None, "example.org")
PASSWORD = PlainPassword("hush")
REALM = "calls"


def guard(**options: object) -> DigestGuard:
    given = {"realm": REALM, "secret": b"0123456789abcdef", "nonce_seconds": 60.0, **options}
    return DigestGuard(**given)  # type: ignore[arg-type]


def request(method: str = "INVITE") -> Request:
    alice = address(SipUri("sip", "alice", None, "example.com"), tag="1")
    return make_request(method, BOB, from_=alice, to=address(BOB), call_id="c", cseq=1)


def meet(challenge: Challenge, count: int = 1, *, uri: str = str(BOB), password: str = "hush") -> Credentials:
    return authorize(
        challenge,
        username="alice",
        secret=PlainPassword(password),
        method="INVITE",
        uri=uri,
        cnonce="c",
        nonce_count=count,
    )


def test_who_knows_the_secret_is_right_until_the_nonce_is_old() -> None:
    ours = guard()
    challenge = ours.challenges(100.0, "salt")[0]
    verdicts = [
        ours.judge(meet(challenge, count), request(), secret=PASSWORD, now=now)
        for count, now in ((1, 100.0), (2, 159.999), (3, 160.0))
    ]
    assert verdicts == [Verdict.RIGHT, Verdict.RIGHT, Verdict.STALE]


def test_a_stored_hash_serves_as_well_as_the_password() -> None:
    ours = guard()
    stored = hash_password(Algorithm.MD5, "alice", REALM, "hush")
    assert ours.judge(meet(ours.challenges(0.0, "s")[0]), request(), secret=stored, now=1.0) is Verdict.RIGHT


def test_a_count_that_was_reached_is_stale_and_stays_so() -> None:
    ours = guard()
    challenge = ours.challenges(0.0, "s")[0]
    counts = (1, 1, 3, 2, 3, 4)
    verdicts = [ours.judge(meet(challenge, count), request(), secret=PASSWORD, now=1.0) for count in counts]
    assert [verdict is Verdict.RIGHT for verdict in verdicts] == [True, False, True, False, False, True]


def test_a_wrong_password_is_wrong_and_spoils_no_count() -> None:
    ours = guard()
    challenge = ours.challenges(0.0, "s")[0]
    wrong = meet(challenge, 9, password="loud")
    assert ours.judge(wrong, request(), secret=PASSWORD, now=1.0) is Verdict.WRONG
    assert ours.judge(meet(challenge, 1), request(), secret=PASSWORD, now=1.0) is Verdict.RIGHT


@pytest.mark.parametrize(
    "change",
    [
        {"realm": "other"},
        {"algorithm": Algorithm.SHA_256},
        {"uri": "sip:else@example.org"},
        {"cnonce": "d"},
        {"nonce_count": 2},
        {"username": "bob"},
    ],
)
def test_credentials_changed_on_the_way_are_wrong(change: dict[str, object]) -> None:
    ours = guard()
    changed = replace(meet(ours.challenges(0.0, "s")[0]), **change)  # type: ignore[arg-type]
    assert ours.judge(changed, request(), secret=PASSWORD, now=1.0) is Verdict.WRONG


@pytest.mark.parametrize("nonce", ["", "x", "0.s.", "0.s.00000000000000000000000000000000", "..", "\udcff.s.x"])
def test_a_nonce_that_is_not_ours_is_stale_for_who_knows_the_secret(nonce: str) -> None:
    forged = meet(Challenge(REALM, nonce))
    assert guard().judge(forged, request(), secret=PASSWORD, now=1.0) is Verdict.STALE


def test_the_nonce_of_another_process_or_realm_is_stale() -> None:
    theirs = guard(secret=b"another secret of theirs").challenges(0.0, "s")[0]
    assert guard().judge(meet(theirs), request(), secret=PASSWORD, now=1.0) is Verdict.STALE
    other_realm = replace(guard(realm="other").challenges(0.0, "s")[0], realm=REALM)
    assert guard().judge(meet(other_realm), request(), secret=PASSWORD, now=1.0) is Verdict.STALE


def test_a_nonce_from_the_future_is_stale() -> None:
    ours = guard()
    assert ours.judge(meet(ours.challenges(9.0, "s")[0]), request(), secret=PASSWORD, now=1.0) is Verdict.STALE


def test_with_a_count_the_digest_may_name_the_server_instead_of_the_target() -> None:
    ours = guard()
    hashed = meet(ours.challenges(0.0, "s")[0], uri="sip:192.0.2.1:5060")
    assert ours.judge(hashed, request(), secret=PASSWORD, now=1.0) is Verdict.RIGHT


@pytest.mark.parametrize("uri", ["sip:bob@EXAMPLE.org", "sip:bob@example.org;transport=UDP"])
def test_without_a_count_a_digest_that_names_its_target_is_good_for_that_target_alone(uri: str) -> None:
    ours = guard()
    hashed = meet(replace(ours.challenges(0.0, "s")[0], has_qop=False), uri=uri)
    other = replace(request(), uri=SipUri("sip", "carol", None, "example.org", None))
    judged = [ours.judge(hashed, each, secret=PASSWORD, now=1.0) for each in (request(), request(), other, request())]
    assert judged == [Verdict.RIGHT, Verdict.RIGHT, Verdict.STALE, Verdict.RIGHT]


@pytest.mark.parametrize("uri", ["sip:192.0.2.1;transport=UDP", "sip:carol@example.org", "nonsense"])
def test_without_a_count_a_digest_that_names_something_else_is_good_once(uri: str) -> None:
    ours = guard()
    first, second = (replace(ours.challenges(0.0, salt)[0], has_qop=False) for salt in "st")
    judged = [
        ours.judge(meet(challenge, uri=uri), request(), secret=PASSWORD, now=1.0)
        for challenge in (first, first, second, second)
    ]
    assert judged == [Verdict.RIGHT, Verdict.STALE, Verdict.RIGHT, Verdict.STALE]
    wrong = meet(replace(ours.challenges(0.0, "u")[0], has_qop=False), uri=uri, password="guessed")
    assert ours.judge(wrong, request(), secret=PASSWORD, now=1.0) is Verdict.WRONG


def test_each_algorithm_of_the_realm_gets_its_challenge_in_order() -> None:
    ours = guard(algorithms=(Algorithm.SHA_256, Algorithm.MD5))
    challenges = ours.challenges(0.0, "s", is_stale=True)
    assert [(found.algorithm, found.is_stale) for found in challenges] == [
        (Algorithm.SHA_256, True),
        (Algorithm.MD5, True),
    ]
    assert ours.judge(meet(challenges[0]), request(), secret=PASSWORD, now=1.0) is Verdict.RIGHT


def test_forgotten_counts_never_let_a_replay_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nonces, "NONCES_KEPT_MAX", 2)
    ours = guard()
    used = [meet(ours.challenges(float(second), "s")[0]) for second in range(4)]
    first = [ours.judge(given, request(), secret=PASSWORD, now=10.0) for given in used]
    again = [ours.judge(given, request(), secret=PASSWORD, now=10.0) for given in used]
    assert first == [Verdict.RIGHT] * 4
    assert again == [Verdict.STALE] * 4


def test_two_challenges_of_one_millisecond_differ_by_their_salt() -> None:
    ours = guard()
    assert ours.challenges(0.0, "a")[0].nonce != ours.challenges(0.0, "b")[0].nonce


def test_a_short_secret_is_our_own_fault() -> None:
    with pytest.raises(AssertionError):
        guard(secret=b"short")
