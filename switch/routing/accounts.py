"""SIP accounts: who says they are whom, and whether they know the password (RFC 3261 §22).

An account that does not exist is challenged and judged like one that does, so that nobody learns from
outside which exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from switch.sip.digest import Algorithm, PlainPassword, challenge_headers, find_credentials
from switch.sip.errors import MalformedHeaderError
from switch.sip.message import Request
from switch.sip.nonces import DigestGuard, Verdict
from switch.sip.tokens import Tokens

CREDENTIALS = "Authorization"
CHALLENGE = "WWW-Authenticate"


@dataclass(frozen=True, slots=True)
class Denied:
    """Not yet, or not at all: the status and header fields to answer with."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


class Accounts:
    """The accounts of one realm."""

    def __init__(
        self, passwords: Mapping[str, str], *, realm: str, secret: bytes, algorithms: tuple[str, ...], tokens: Tokens
    ) -> None:
        self._secrets = {user: PlainPassword(password) for user, password in passwords.items()}
        self._nobody = PlainPassword(secret.hex())
        self._tokens = tokens
        self._realm = realm
        self._guard = DigestGuard(realm=realm, secret=secret, algorithms=tuple(map(Algorithm, algorithms)))

    def authenticate(self, request: Request, now: float) -> str | Denied:
        """The user who sent a request, or the answer to it: a challenge (401) or a refusal (403, 400)."""
        try:
            credentials = find_credentials(request.headers, CREDENTIALS, self._realm)
        except MalformedHeaderError as error:
            return Denied(error.status)
        if credentials is None:
            return self._challenge(now, is_stale=False)
        secret = self._secrets.get(credentials.username, self._nobody)
        match self._guard.judge(credentials, request, secret=secret, now=now):
            case Verdict.RIGHT:
                return credentials.username
            case Verdict.STALE:
                return self._challenge(now, is_stale=True)
            case Verdict.WRONG:
                return Denied(403)

    def _challenge(self, now: float, *, is_stale: bool) -> Denied:
        challenges = self._guard.challenges(now, self._tokens.cnonce(), is_stale=is_stale)
        return Denied(401, tuple(challenge_headers(CHALLENGE, challenges)))
