"""Answers to challenges: one try for each nonce (RFC 3261 §22.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from switch.sip.digest import Challenge, HashedPassword, PlainPassword, Secret, authorize, find_challenge
from switch.sip.errors import MalformedHeaderError
from switch.sip.message import Request, Response
from switch.sip.tokens import Tokens

_FIELDS: Final = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are at a realm; any realm that asks is told."""

    username: str
    secret: Secret = field(repr=False)

    @classmethod
    def with_password(cls, username: str, password: str) -> Login:
        """From what a person types."""
        return cls(username, PlainPassword(password))


class Authorizer:
    """Makes the Authorization of a request that was challenged."""

    __slots__ = ("_login", "_nonce", "_tokens")

    def __init__(self, login: Login, tokens: Tokens) -> None:
        self._login = login
        self._tokens = tokens
        self._nonce: str | None = None

    def again(self, request: Request, response: Response, *, number: int) -> Request | None:
        """The request to send after this response, None if it is no challenge or answering would not help.

        Every nonce is answered once. A second challenge that is not for a stale nonce means a wrong
        password: no second try.

        Args:
            request: As it was sent, without its Via.
            response: What came back.
            number: CSeq number of the new request (§8.1.3.5).
        """
        if response.status not in _FIELDS:
            return None
        asks, answers = _FIELDS[response.status]
        challenge = _read(response, asks)
        secret = self._login.secret
        if challenge is None or challenge.nonce == self._nonce:
            return None
        if isinstance(secret, HashedPassword) and secret.algorithm is not challenge.algorithm:
            return None
        if answers in request.headers and not challenge.is_stale:
            return None
        self._nonce = challenge.nonce
        credentials = authorize(
            challenge,
            username=self._login.username,
            secret=secret,
            method=request.method,
            uri=str(request.uri),
            cnonce=self._tokens.cnonce(),
        )
        headers = request.headers.replace("CSeq", f"{number} {request.method}")
        return request.with_headers(headers.replace(answers, str(credentials)))


def _read(response: Response, name: str) -> Challenge | None:
    try:
        return find_challenge(response.headers, name)
    except MalformedHeaderError:
        return None
