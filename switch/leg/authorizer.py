"""Answers to challenges: one try for each nonce (RFC 3261 §22.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from switch.leg.commands import Fields
from switch.sip.digest import Challenge, HashedPassword, PlainPassword, Secret, authorize, find_challenge
from switch.sip.errors import MalformedHeaderError
from switch.sip.message import Request, Response
from switch.sip.tokens import Tokens


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

    def answer(self, request: Request, response: Response) -> Fields:
        """The field to add to the request before it is sent again; empty if that would not help.

        Every nonce is answered once. A second challenge that is not for a stale nonce means a wrong
        password: no second try.
        """
        is_proxy = response.status == 407
        challenge = _read(response, "Proxy-Authenticate" if is_proxy else "WWW-Authenticate")
        name = "Proxy-Authorization" if is_proxy else "Authorization"
        if challenge is None:
            return ()
        secret = self._login.secret
        if isinstance(secret, HashedPassword) and secret.algorithm is not challenge.algorithm:
            return ()
        if challenge.nonce == self._nonce or (name in request.headers and not challenge.is_stale):
            return ()
        self._nonce = challenge.nonce
        credentials = authorize(
            challenge,
            username=self._login.username,
            secret=secret,
            method=request.method,
            uri=str(request.uri),
            cnonce=self._tokens.cnonce(),
        )
        return ((name, str(credentials)),)


def _read(response: Response, name: str) -> Challenge | None:
    try:
        return find_challenge(response.headers, name)
    except MalformedHeaderError:
        return None
