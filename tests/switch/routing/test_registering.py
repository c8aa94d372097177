"""REGISTER: who may bind what, and what the answer says (RFC 3261 §10.3)."""

from __future__ import annotations

from random import Random

import pytest

from switch.leg.authorizer import Authorizer, Login
from switch.routing.accounts import Accounts
from switch.routing.registrar import BINDINGS_MAX, Registrar
from switch.routing.registration import register
from switch.sip.headers import NameAddr, Via
from switch.sip.message import Request, Response, make_request
from switch.sip.tokens import Tokens
from switch.sip.uri import parse_uri

SOURCE = ("192.0.2.7", 5062)
SECRET = b"0123456789abcdef"


class Office:
    """A registrar, its accounts, and a phone that knows how to answer a challenge."""

    def __init__(self, *, algorithms: tuple[str, ...] = ("MD5",)) -> None:
        self.registrar = Registrar()
        self.tokens = Tokens(Random(3))
        self.accounts = Accounts(
            {"family": "right", "yard": "other"},
            realm="payphone",
            secret=SECRET,
            algorithms=algorithms,
            tokens=self.tokens,
        )
        self.now = 1000.0
        self._cseq = 0

    def answer(self, request: Request) -> Response:
        return register(
            request,
            SOURCE,
            accounts=self.accounts,
            registrar=self.registrar,
            tokens=self.tokens,
            now=self.now,
        )

    def request(
        self,
        *contacts: str,
        headers: tuple[tuple[str, str], ...] = (),
        of: str = "sip:family@payphone.example",
        cseq: int | None = None,
    ) -> Request:
        self._cseq = self._cseq + 2 if cseq is None else cseq
        record = NameAddr("", parse_uri(of))
        fields = tuple(("Contact", contact) for contact in contacts)
        return make_request(
            "REGISTER",
            parse_uri("sip:payphone.example"),
            from_=record.with_tag("f"),
            to=record,
            call_id="registration",
            cseq=self._cseq,
            via=Via("UDP", SOURCE[0], SOURCE[1], (("branch", "z9hG4bKr"),)),
            headers=(*fields, *headers),
        )

    def prove(self, request: Request, *, user: str = "family", password: str = "right") -> Request:
        """The request with the answer to the challenge it meets."""
        challenge = self.answer(request)
        assert challenge.status == 401
        authorizer = Authorizer(Login.with_password(user, password), self.tokens)
        again = authorizer.again(request, challenge, number=request.cseq.number + 1)
        assert again is not None
        return again

    def register(self, *contacts: str, user: str = "family", password: str = "right", **parts: object) -> Response:
        return self.answer(self.prove(self.request(*contacts, **parts), user=user, password=password))  # type: ignore[arg-type]


@pytest.fixture
def office() -> Office:
    return Office()


def bound(office: Office) -> list[str]:
    return [str(live.contact) for live in office.registrar.bindings("family", office.now)]


def test_a_registration_is_challenged_first_and_binds_nothing_before(office: Office) -> None:
    answer = office.answer(office.request("<sip:family@192.0.2.7:5062>"))
    assert answer.status == 401
    assert "Digest" in (answer.headers.get("WWW-Authenticate") or "")
    assert answer.to.tag
    assert bound(office) == []


def test_a_right_answer_binds_and_says_until_when(office: Office) -> None:
    answer = office.register("<sip:family@192.0.2.7:5062>;expires=120")
    assert answer.status == 200
    (contact,) = answer.contacts
    assert (str(contact.uri), contact.param("expires")) == ("sip:family@192.0.2.7:5062", "120")
    (live,) = office.registrar.bindings("family", office.now)
    assert (live.source, live.expires_at) == (SOURCE, office.now + 120)


@pytest.mark.parametrize(
    ("contact", "headers", "granted"),
    [
        ("<sip:family@192.0.2.7>", (), 3600),
        ("<sip:family@192.0.2.7>", (("Expires", "60"),), 60),
        ("<sip:family@192.0.2.7>;expires=90", (("Expires", "60"),), 90),
        ("<sip:family@192.0.2.7>;expires=999999", (), 86400),
        ("<sip:family@192.0.2.7>;expires=10", (), 10),
    ],
)
def test_how_long_a_contact_is_granted(
    office: Office, contact: str, headers: tuple[tuple[str, str], ...], granted: int
) -> None:
    answer = office.register(contact, headers=headers)
    assert (answer.status, answer.contacts[0].param("expires")) == (200, str(granted))


@pytest.mark.parametrize("seconds", [1, 9])
def test_too_brief_an_interval_is_told_the_least(office: Office, seconds: int) -> None:
    answer = office.register(f"<sip:family@192.0.2.7>;expires={seconds}")
    assert (answer.status, answer.min_expires) == (423, 10)
    assert bound(office) == []


def test_zero_removes_one_contact_and_star_removes_all(office: Office) -> None:
    office.register("<sip:family@192.0.2.7>", "<sip:family@192.0.2.8>", "<sip:family@192.0.2.9>")
    office.register("<sip:family@192.0.2.8>;expires=0")
    assert bound(office) == ["sip:family@192.0.2.9", "sip:family@192.0.2.7"]
    assert office.register("*", headers=(("Expires", "0"),)).status == 200
    assert bound(office) == []


@pytest.mark.parametrize(
    ("contacts", "headers"),
    [
        (("*",), ()),
        (("*",), (("Expires", "60"),)),
    ],
)
def test_a_star_that_means_nothing_is_a_bad_request(
    office: Office, contacts: tuple[str, ...], headers: tuple[tuple[str, str], ...]
) -> None:
    office.register("<sip:family@192.0.2.7>")
    assert office.register(*contacts, headers=headers).status == 400
    assert len(bound(office)) == 1


def test_no_contact_asks_what_is_bound(office: Office) -> None:
    office.register("<sip:family@192.0.2.7>;expires=100")
    office.now += 40
    (contact,) = office.register().contacts
    assert contact.param("expires") == "60"


def test_a_contact_that_is_no_sip_address_is_refused(office: Office) -> None:
    assert office.register("<tel:+12125550123>").status == 416


def test_somebody_elses_address_of_record_is_refused(office: Office) -> None:
    answer = office.register("<sip:family@192.0.2.7>", user="yard", password="other")
    assert answer.status == 403
    assert bound(office) == []


def test_an_out_of_order_request_fails_as_a_whole(office: Office) -> None:
    office.register("<sip:family@192.0.2.7>", cseq=50)
    answer = office.register("<sip:family@192.0.2.8>", "<sip:family@192.0.2.7>;expires=0", cseq=20)
    assert (answer.status, answer.reason) == (500, "Out Of Order")
    assert bound(office) == ["sip:family@192.0.2.7"]


def test_too_many_contacts_are_refused(office: Office) -> None:
    contacts = [f"<sip:family@192.0.2.{number}>" for number in range(BINDINGS_MAX + 1)]
    assert office.register(*contacts).status == 403
    assert bound(office) == []


def test_a_wrong_password_and_an_unknown_account_cannot_be_told_apart(office: Office) -> None:
    wrong = office.register("<sip:family@192.0.2.7>", password="wrong")
    unknown = office.register("<sip:family@192.0.2.7>", user="nobody", of="sip:nobody@payphone.example")
    assert (wrong.status, wrong.reason) == (unknown.status, unknown.reason) == (403, "Forbidden")
    assert {*wrong.headers.fields} == {*unknown.headers.fields}


def test_a_replayed_answer_is_challenged_again_as_stale(office: Office) -> None:
    proved = office.prove(office.request("<sip:family@192.0.2.7>"))
    assert office.answer(proved).status == 200
    replayed = office.answer(proved)
    assert replayed.status == 401
    assert "stale=true" in (replayed.headers.get("WWW-Authenticate") or "")


def test_an_answer_to_an_old_challenge_is_challenged_again_as_stale(office: Office) -> None:
    proved = office.prove(office.request("<sip:family@192.0.2.7>"))
    office.now += 301
    late = office.answer(proved)
    assert late.status == 401
    assert "stale=true" in (late.headers.get("WWW-Authenticate") or "")


def test_credentials_that_cannot_be_read_are_a_bad_request(office: Office) -> None:
    request = office.request("<sip:family@192.0.2.7>", headers=(("Authorization", 'Digest realm="payphone", nonce'),))
    assert office.answer(request).status == 400


def test_every_algorithm_that_is_offered_is_taken() -> None:
    office = Office(algorithms=("SHA-256", "MD5"))
    challenge = office.answer(office.request("<sip:family@192.0.2.7>"))
    assert len(challenge.headers.all("WWW-Authenticate")) == 2
    assert office.register("<sip:family@192.0.2.7>").status == 200
